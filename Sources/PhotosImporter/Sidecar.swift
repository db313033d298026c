import ConnectorKit
import Crypto
import PhotosAPI
import PhotosLibrary
import StrictJSON
import Takeout

/// What is known of an item, as a file beside it: in the form and under the name that Takeout gives it, so that whatever
/// reads exports reads this.
struct Sidecar: Sendable {
    private let id: String
    private let metadata: AssetMetadata

    /// - Parameter id: tells items apart.
    init(id: String, _ metadata: AssetMetadata) {
        self.id = id
        self.metadata = metadata
    }

    /// What stands before `.json`, as exports have it since autumn 2024.
    private static let suffix = ".supplemental-metadata"

    /// The name beside a file: `NAME.supplemental-metadata.json`, with as much of the suffix as fits.
    /// - Parameter taken: pathnames of items that end in `.json`.
    /// - Returns: the pathname, and the title to write. Where not even the name fits, it is cut and marked: then the file
    ///   is found by the title alone, which is its name.
    func place(beside file: Pathname, taken: Set<Pathname>) throws -> (path: Pathname, title: String) {
        let directory = file.parent ?? .root
        let name = file.name
        let room = Pathname.longestPart - ".json".utf8.count
        if name.utf8.count <= room {
            let suffix = String(decoding: Self.suffix.utf8.prefix(room - name.utf8.count), as: UTF8.self)
            let path = try directory.appending(name + suffix + ".json")
            if !taken.contains(path) { return (path, metadata.title) }
        }
        let mark = " {\(SafeName.mark(of: id))}.json"
        var stem = name
        while stem.utf8.count > Pathname.longestPart - mark.utf8.count { stem.removeLast() }
        return (try directory.appending(stem + mark), name)
    }

    /// The same bytes as long as nothing changed.
    func bytes(title: String) -> [UInt8] {
        var metadata = metadata
        metadata.title = title
        return Array(metadata.exportJSON.prettyText.utf8) + [UInt8(ascii: "\n")]
    }

    func record(of file: Record, at path: Pathname, bytes: [UInt8]) -> Record {
        Record(
            pathname: path, kind: .file, size: Int64(bytes.count), permissions: 0o600,
            modificationTime: file.modificationTime, mimeType: "application/json",
            fingerprint: String(hexadecimal: Array(SHA256.hash(data: bytes).prefix(16))),
            attributes: [Attribute.sidecar: file.pathname.name], hasContent: true)
    }
}

extension AssetMetadata {
    /// What the Library API tells of an item. It tells neither place nor people, nor when the item was added.
    init(_ item: MediaItem, isFavorite: Bool) {
        self.init()
        title = item.filename
        description = item.description
        taken = item.creationTime
        url = item.productURL
        self.isFavorite = isFavorite
    }
}
