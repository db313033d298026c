/// Where things are in a vault's directory. docs/vault.md describes it for people.
struct VaultLayout: Sendable, Hashable {
    /// Absolute, without a slash at its end.
    let directory: String

    var marker: String { directory + "/vault.json" }
    var catalog: String { directory + "/catalog.sqlite" }
    var objects: String { directory + "/objects" }
    var temporary: String { directory + "/tmp" }
    var lock: String { directory + "/lock" }

    /// The directory of an object: one of 256, so that no directory becomes huge.
    func fanOut(of object: ObjectID) -> String { objects + "/" + object.hex.prefix(2) }

    /// An object's file: the content itself, or its zstd frame where the name says so.
    func file(of object: ObjectID, compressed: Bool) -> String {
        objects + "/" + Self.name(of: object, compressed: compressed)
    }

    /// The same, as seen from ``objects``.
    static func name(of object: ObjectID, compressed: Bool) -> String {
        let name = object.hex
        return "\(name.prefix(2))/\(name)\(compressed ? compressedSuffix : "")"
    }

    static let compressedSuffix = ".zst"
}
