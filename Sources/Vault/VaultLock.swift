import ConnectorKit
import Foundation
import StrictJSON

/// The right to write to a vault: flock(2) on the file `lock`. It ends with the process, however that ends.
final class VaultLock: Sendable {
    private let file: OpenFile

    /// - Parameter holder: who wants it, such as a command line: what the next one is told.
    /// - Throws: ``VaultError``: `inUse`, which names the holder; `cannotWrite`.
    init(_ layout: VaultLayout, holder: String, since: Timestamp) throws {
        let file = try OpenFile(layout.lock, O_RDWR | O_CREAT)
        while flock(file.descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            if errno == EWOULDBLOCK { throw Self.refusal(layout, try file.read(upTo: 4096)) }
            throw VaultError(errno: errno, trying: "lock \(layout.lock)")
        }
        let text: JSON = [
            "pid": .integer(Int64(getpid())), "command": .string(holder), "since": .string(since.description),
        ]
        ftruncate(file.descriptor, 0)
        let bytes = Array((text.text + "\n").utf8)
        try bytes.withUnsafeBytes { try file.write($0) }
        // Last: what was refused must not take the holder's name out of the file when it goes.
        self.file = file
    }

    /// Said aloud, since a child process that is just being started has the file open too, until its exec(3).
    deinit {
        ftruncate(file.descriptor, 0)
        flock(file.descriptor, LOCK_UN)
    }

    private static func refusal(_ layout: VaultLayout, _ text: [UInt8]) -> VaultError {
        var holder = "another process"
        if let json = try? JSON(parsing: text), let process = json["pid"]?.integerValue,
            let command = json["command"]?.stringValue, let since = json["since"]?.stringValue
        {
            holder = "process \(process) (\(command)) since \(since)"
        }
        return VaultError(
            .inUse, "the vault \(layout.directory) is in use by \(holder)", hint: "wait until it is done, and try again"
        )
    }
}
