import Foundation
import Testing

@testable import Vault

/// A small file system of its own, where the test may mount one.
final class TemporaryFileSystem: Sendable {
    private let directory: String

    /// Tried once: root in a container is root without the right to mount.
    static let isPossible: Bool = {
        guard getuid() == 0, let scratch = try? Scratch() else { return false }
        return (try? TemporaryFileSystem(at: scratch.directory, megabytes: 1)) != nil
    }()

    init(at directory: String, megabytes: Int) throws {
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        let mount = try Command(
            "mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", directory], in: directory)
        if mount.status != 0 { throw VaultError(.cannotWrite, mount.output) }
        self.directory = directory
    }

    func makeReadOnly() throws {
        #expect(try Command("mount", ["-o", "remount,ro", directory], in: "/").status == 0)
    }

    deinit { _ = try? Command("umount", ["-l", directory], in: "/") }
}
