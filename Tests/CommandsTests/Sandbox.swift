import ConnectorKit
import Foundation
import StrictJSON
import Synchronization
import Testing

@testable import Commands

/// A home directory of its own, in which whole commands run; gone with the last reference.
final class Sandbox: Sendable {
    let home: String

    struct Outcome: Sendable {
        var status: Int32
        var out: String
        var err: String
    }

    init() throws {
        home = NSTemporaryDirectory() + "gphotos-commands-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: home) }

    var configDirectory: String { home + "/config/gphotos" }
    var configFile: String { configDirectory + "/config.json" }

    /// Runs a command as the executable would.
    /// - Parameter stdin: nil for a terminal at which nobody types.
    func run(
        _ arguments: [String], stdin: String? = nil, environment: [String: String] = [:],
        stdout: CommandOutput? = nil
    ) async -> Outcome {
        let out = Recorder()
        let err = Recorder()
        var context = context(stdin: stdin, environment: environment)
        context.stdout = stdout ?? out.output
        context.stderr = err.output
        let status = await GphotosCLI.run(arguments, in: context)
        return Outcome(status: status, out: out.text, err: err.text)
    }

    /// Runs a command without an argument that holds a blank.
    func run(
        _ line: String, stdin: String? = nil, environment: [String: String] = [:], stdout: CommandOutput? = nil
    ) async -> Outcome {
        await run(
            line.split(separator: " ").map(String.init), stdin: stdin, environment: environment, stdout: stdout)
    }

    func context(stdin: String?, environment: [String: String]) -> CommandContext {
        var runtime = Runtime.live
        runtime.environment = ["HOME": home, "XDG_CONFIG_HOME": home + "/config"]
            .merging(environment) { _, given in given }
        return CommandContext(
            stdout: Recorder().output, stderr: Recorder().output, stdin: Self.input(stdin), workingDirectory: home,
            runtime: runtime, executable: Self.program)
    }

    /// The program itself, which the package builds beside its tests.
    static var program: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (tests as NSString).deletingLastPathComponent + "/gphotos"
    }

    /// Seven bytes at a time, so that nothing relies on getting all at once.
    static func input(_ text: String?) -> CommandInput {
        let typed = TypedText(text ?? "")
        return CommandInput(isTerminal: text == nil) { typed.next(7) }
    }

    func write(_ text: String, to name: String) throws -> String {
        let path = home + "/" + name
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// Makes a shell script that can be run, by a child that is gone when this returns. A file that this process itself
    /// wrote is "busy" (ETXTBSY) for as long as a child, that another test is just starting, has its descriptor too.
    func writeProgram(_ text: String, to name: String) throws {
        let path = home + "/" + name
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = [
            "-c", #"mkdir -p "${2%/*}" && printf '%s' "$1" > "$2" && chmod 755 "$2""#, "sh", text, path,
        ]
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0)
    }

    func config() throws -> JSON {
        try JSON(parsing: [UInt8](Data(contentsOf: URL(fileURLWithPath: configFile))))
    }

    /// The settings of a source or destination, as they are kept.
    func settings(_ plural: String, _ name: String) throws -> [String: String] {
        let members = try config()[plural]?[name]?.objectValue?.members ?? []
        return Dictionary(uniqueKeysWithValues: members.map { ($0.key, $0.value.stringValue ?? "") })
    }

    func mode(_ path: String) throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: path)
        return try #require(attributes[.posixPermissions] as? Int)
    }
}

/// Keeps what is written.
final class Recorder: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }

    var output: CommandOutput {
        CommandOutput(isTerminal: false) { more in self.bytes.withLock { $0 += more } }
    }
}

private final class TypedText: Sendable {
    private let rest: Mutex<ArraySlice<UInt8>>

    init(_ text: String) { rest = Mutex(Array(text.utf8)[...]) }

    func next(_ count: Int) -> [UInt8] {
        rest.withLock { rest in
            defer { rest = rest.dropFirst(count) }
            return Array(rest.prefix(count))
        }
    }
}

/// What rclone prints, with secrets that are nowhere else in a test.
enum Rclone {
    static let accessToken = "ya29.accessSECRET"
    static let refreshToken = "1//refreshSECRET"
    static let clientSecret = "GOCSPX-clientSECRET"
    static let token =
        #"{"access_token":"\#(accessToken)","token_type":"Bearer","refresh_token":"\#(refreshToken)","#
        + #""expiry":"2026-01-02T03:04:05.123456789+01:00"}"#

    static func remote(_ name: String, type: String = "google photos", token: String? = token) -> String {
        """
        [\(name)]
        type = \(type)
        client_id = 1.apps.googleusercontent.com
        client_secret = \(clientSecret)
        \(token.map { "token = \($0)" } ?? "")
        start_year = 2001
        some_new_option = of = a ; later # rclone


        """
    }

    static func settings(token: String = token) -> JSON {
        [
            "client_id": "1.apps.googleusercontent.com", "client_secret": .string(clientSecret),
            "location": "googlephotos://", "some_new_option": "of = a ; later # rclone", "start_year": "2001",
            "token": .string(token), "type": "google photos",
        ]
    }
}
