import ConnectorKit
import Foundation
import StrictJSON

/// `vault.json`: says that a directory is a vault, and of which version.
enum VaultMarker {
    static let format = "gphotos-vault"
    static let version: Int64 = 1

    /// What a directory may hold that is no vault yet and becomes one: nothing, the root of a new ext4 file system, or
    /// what is left where a vault was about to be made.
    private static let harmless: Set<String> = ["lost+found", "lock", "tmp"]

    /// - Returns: whether the directory is a vault; false where one can be made of it.
    /// - Throws: ``VaultError``: `notAVault`, `newerFormat`, `damaged`, `cannotRead`.
    static func isPresent(in layout: VaultLayout) throws(VaultError) -> Bool {
        var status = stat()
        if stat(layout.directory, &status) != 0 {
            if errno == ENOENT { return false }
            throw VaultError(errno: errno, trying: "read \(layout.directory)", reading: true)
        }
        if status.st_mode & S_IFMT != S_IFDIR { throw VaultError(.notAVault, "\(layout.directory) is not a directory") }
        if OpenFile.size(at: layout.marker) != nil {
            try read(layout)
            return true
        }
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: layout.directory) else {
            throw VaultError(errno: errno, trying: "read \(layout.directory)", reading: true)
        }
        if harmless.isSuperset(of: names) { return false }
        throw VaultError(
            .notAVault, "\(layout.directory) is not empty, and it is not a vault",
            hint: "name an empty or a new directory")
    }

    private static func read(_ layout: VaultLayout) throws(VaultError) {
        let text = try OpenFile(layout.marker, O_RDONLY).read(upTo: 64 << 10)
        guard let marker = try? JSON(parsing: text), marker["format"]?.stringValue == format else {
            throw VaultError(.notAVault, "\(layout.marker) is not that of a vault")
        }
        guard let version = marker["version"]?.integerValue, version > 0 else {
            throw VaultError(.damaged, "\(layout.marker) has no version")
        }
        if version > Self.version {
            throw VaultError(
                .newerFormat,
                "the vault \(layout.directory) has format \(version), and this program knows \(Self.version)",
                hint: "use a newer version of this program")
        }
    }

    /// Makes the directory a vault, whole or not at all.
    static func write(_ layout: VaultLayout, created: Timestamp) throws {
        let marker: JSON = [
            "format": .string(format), "version": .integer(version), "created": .string(created.description),
        ]
        let temporary = layout.temporary + "/vault.json"
        let file = try OpenFile(temporary, O_WRONLY | O_CREAT | O_TRUNC)
        let bytes = Array((marker.prettyText + "\n").utf8)
        try bytes.withUnsafeBytes { try file.write($0) }
        try file.sync()
        if rename(temporary, layout.marker) != 0 { throw VaultError(errno: errno, trying: "create \(layout.marker)") }
        try OpenFile(layout.directory, O_RDONLY | O_DIRECTORY).sync()
    }
}
