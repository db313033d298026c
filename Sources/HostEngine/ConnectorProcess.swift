import CLinuxFile
import ConnectorKit
import Foundation

/// How a connector is started.
public struct ConnectorCommand: Sendable, Hashable {
    public var executable: String
    public var arguments: [String]
    public var environment: [String: String]

    public init(executable: String, arguments: [String], environment: [String: String]) {
        self.executable = executable
        self.arguments = arguments
        self.environment = environment
    }
}

/// A connector as a subprocess, with pipes on its standard input and output. Its standard error is ours.
final class ConnectorProcess: Sendable {
    /// We read what it writes here, and write what it reads there. The session owns both.
    let input: Int32
    let output: Int32
    let pid: pid_t
    private let exit: Task<Int32, Never>

    /// - Throws: ``ConnectorError`` where it cannot be started.
    init(_ command: ConnectorCommand) throws {
        let (childInput, output) = try Self.pipe()
        let (input, childOutput) = try Self.pipe()
        defer {
            close(childInput)
            close(childOutput)
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, childInput, 0)
        posix_spawn_file_actions_adddup2(&actions, childOutput, 1)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // A process group of its own: Ctrl-C reaches us alone, and we end the session in order.
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        var pid: pid_t = 0
        let arguments = ([command.executable] + command.arguments).map { strdup($0) } + [nil]
        let environment = command.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + environment { free(text) } }
        let failure = posix_spawn(&pid, command.executable, &actions, &attributes, arguments, environment)
        guard failure == 0 else {
            close(input)
            close(output)
            throw ConnectorError(
                .internalDefect, "cannot start \(command.executable): \(String(cString: strerror(failure)))")
        }
        self.pid = pid
        self.input = input
        self.output = output
        exit = Task.detached { [pid] in await Self.wait(for: pid) }
    }

    /// Both ends are closed in the child but for the copies that it is given.
    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        // At once: a child of another thread that had a copy of an end would keep this one's from coming to its end.
        guard pipe2(&ends, O_CLOEXEC) == 0 else {
            throw ConnectorError(.internalDefect, "cannot make a pipe: \(String(cString: strerror(errno)))")
        }
        return (ends[0], ends[1])
    }

    /// waitpid blocks, so it has a thread of its own.
    private static func wait(for pid: pid_t) async -> Int32 {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var status: Int32 = 0
                while waitpid(pid, &status, 0) < 0, errno == EINTR {}
                // WIFEXITED and its like are macros that Swift does not see.
                let signal = status & 0x7F
                continuation.resume(returning: signal == 0 ? (status >> 8) & 0xFF : 128 + signal)
            }
        }
    }

    /// Waits for its end; kills it where that does not come. The protocol gives it five seconds.
    func finish(runtime: Runtime) async -> Int32 {
        let pid = pid
        let deadline = Task {
            try await runtime.sleep(.seconds(6))
            kill(pid, SIGKILL)
        }
        defer { deadline.cancel() }
        return await exit.value
    }
}
