import ConnectorKit
import Foundation

/// Where what was learnt is kept: `$XDG_STATE_HOME/gphotos`, for nobody else's eyes.
public struct StateDirectory: Sendable {
    public let path: String

    public init(environment: [String: String]) {
        let state =
            environment["XDG_STATE_HOME"].flatMap { $0.isEmpty ? nil : $0 }
            ?? (environment["HOME"] ?? "/") + "/.local/state"
        path = state + "/gphotos"
    }

    /// Makes a file before SQLite does, so that it is never readable by others, not even for a moment.
    /// - Throws: ``ConnectorError`` with code `config` where it cannot be written.
    static func prepare(file: String) throws {
        let directory = (file as NSString).deletingLastPathComponent
        let hint = "set XDG_STATE_HOME to a directory that can be written"
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw ConnectorError(.config, "the directory \(directory) cannot be made", hint: hint)
        }
        let descriptor = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ConnectorError(.config, "\(file) cannot be written: \(String(cString: strerror(errno)))", hint: hint)
        }
        close(descriptor)
    }
}
