import ConnectorKit
import Foundation

/// The base media, by what the generator wants of them.
struct MediaShelf: Sendable {
    let media: [BaseMedium]
    let seed: UInt64
    /// Positions in ``media``, by kind.
    private let positions: [MediaKind: [Int]]

    /// Reads the media that come with the library.
    /// - Parameter itemSize: bytes that generated items shall have.
    /// - Throws: ``ConnectorError`` with code `config` where no medium is small enough for that.
    init(itemSize: Int?, seed: UInt64) throws(ConnectorError) {
        let noise = Noise(seed: seed)
        let directory = Bundle.module.resourceURL?.appending(path: "Media") ?? URL(filePath: "Media")
        let files = (try? FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil)) ?? []
        var media: [BaseMedium] = []
        for file in files.sorted(by: { $0.lastPathComponent < $1.lastPathComponent }) {
            guard let data = try? Data(contentsOf: file) else { continue }
            // The small picture is there for small items only.
            if itemSize == nil, file.lastPathComponent == "small.jpg" { continue }
            let medium = BaseMedium(name: file.lastPathComponent, bytes: Array(data), size: itemSize, noise: noise)
            if let medium { media.append(medium) }
        }
        if media.isEmpty {
            throw ConnectorError(
                .config, "no item can be made of \(itemSize ?? 0) bytes",
                hint: "Choose 500 bytes or more, and less than 4 GiB.")
        }
        self.media = media
        self.seed = seed
        positions = Dictionary(grouping: media.indices) { media[$0].kind }
    }

    /// A medium of that kind, or of the next best where none is small enough.
    func position(of kind: MediaKind, choice: Int) -> Int {
        let fallbacks: [MediaKind] = kind.isVideo ? [kind, .mp4, .mov, .jpeg] : [kind, .jpeg, .png]
        for kind in fallbacks {
            if let found = positions[kind] { return found[choice % found.count] }
        }
        return choice % media.count
    }

    /// The positions of media whose name starts so; all JPEGs where none does.
    func positions(prefix: String) -> [Int] {
        let named = media.indices.filter { media[$0].name.hasPrefix(prefix) }
        return named.isEmpty ? [position(of: .jpeg, choice: 0)] : named
    }

    func content(medium: UInt8, serial: UInt32) -> Content {
        media[Int(medium)].content(serial: serial, seed: seed)
    }

    /// The bytes that are stored for an item.
    func content(of item: MediaItem) -> Content {
        switch item.source {
        case .generated(let medium, let serial): content(medium: medium, serial: serial)
        case .stored(let stored): Content(stored)
        }
    }

    /// The number of the generated item with exactly this content.
    func serial(of content: StoredContent) -> UInt32? {
        let uploaded = Content(content)
        for medium in media {
            if let serial = medium.serial(in: uploaded, seed: seed),
                medium.content(serial: serial, seed: seed).sha256 == content.sha256
            {
                return serial
            }
        }
        return nil
    }
}
