import ConnectorKit
import Foundation

/// Everything that a command has from outside the process.
///
/// Tests put one in memory in its place.
struct CommandContext: Sendable {
    /// The result, and nothing else.
    var stdout: CommandOutput
    /// Everything else.
    var stderr: CommandOutput
    var stdin: CommandInput
    /// Absolute; what relative paths start from.
    var workingDirectory: String
    /// The clock, chance and the environment.
    var runtime: Runtime
    /// This very program, which is also the connector that it starts.
    var executable: String

    var environment: [String: String] { runtime.environment }

    /// The one of the command that runs.
    @TaskLocal static var current = CommandContext.live

    static let live = CommandContext(
        stdout: .descriptor(STDOUT_FILENO), stderr: .descriptor(STDERR_FILENO), stdin: .descriptor(STDIN_FILENO),
        workingDirectory: FileManager.default.currentDirectoryPath, runtime: .live,
        executable: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "gphotos")

    /// A path that a person gave, made absolute.
    func absolutePath(_ path: String) -> String {
        path.hasPrefix("/") ? path : workingDirectory + "/" + path
    }

    /// A folder that a person gave and that must be there, made absolute.
    /// - Throws: ``Failure`` with status `notFound`.
    func folder(_ path: String) throws(Failure) -> String {
        let absolute = absolutePath(path)
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: absolute, isDirectory: &isDirectory) else {
            throw Failure(.notFound, "there is no folder \(path.quoted)")
        }
        guard isDirectory.boolValue else { throw Failure(.notFound, "\(path.quoted) is a file, and no folder") }
        return absolute
    }
}
