import Foundation
import Testing

/// The installed rclone with a configuration file of its own, which goes with this value.
final class Rclone: Sendable {
    private static let executable: URL? = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
        .map { URL(filePath: String($0)).appending(path: "rclone") }
        .first { FileManager.default.isExecutableFile(atPath: $0.path()) }

    static var isInstalled: Bool { executable != nil }

    private let directory: URL
    private let password: String?

    private var config: URL { directory.appending(path: "rclone.conf") }

    init(config bytes: [UInt8], password: String? = nil) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "rclone-\(UUID().uuidString)")
        self.password = password
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        try Data(bytes).write(to: config)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func configBytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: config)) }

    /// What rclone prints to stdout.
    func run(_ arguments: String..., mayFail: Bool = false) throws -> String {
        let process = Process()
        process.executableURL = Self.executable
        process.arguments = ["--config", config.path(), "--ask-password=false"] + arguments
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("RCLONE_") }
        environment["RCLONE_CONFIG_PASS"] = password
        process.environment = environment
        let output = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let data = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        if !mayFail { #expect(process.terminationStatus == 0, "rclone \(arguments.joined(separator: " "))") }
        return String(decoding: data, as: UTF8.self)
    }
}
