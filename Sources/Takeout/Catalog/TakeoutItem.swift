import ConnectorKit
import GRDB

/// One photo or video of the exports, however many copies of it there are.
public struct TakeoutItem: Sendable, Hashable {
    public let number: Int64
    /// The same in every run; made of the content.
    public let id: String
    /// Its name as Google Photos shows it, as far as that can be told.
    public let name: String
    /// Bytes.
    public let size: Int64
    /// The SHA-256 in hexadecimal, where the content was read before.
    public let sha256: String?
    public let metadata: AssetMetadata?
    public let certainty: MatchCertainty
    /// When it was taken; ``dating`` tells how that is known.
    public let time: Timestamp
    /// What says when it was taken.
    public let dating: Dating
    /// Pixels, before any rotation; 0 where nobody has looked, or the bytes do not say.
    public let width: Int
    public let height: Int
    public let type: MediaType?
    public let isArchived: Bool
    /// Nothing but the trash holds it.
    public let isTrashed: Bool
    /// Why its content cannot be read.
    public let fault: String?
    /// The entry that it is read from, for messages.
    public let path: String
    let position: Int64
    let source: Int64

    /// What tells when an item was taken, from the best to the last resort.
    public enum Dating: String, Sendable, Hashable, CaseIterable {
        case sidecar
        /// The Exif block of a picture.
        case exif
        /// The header of a video.
        case video
        /// The start of the year that its folder names.
        case folder
        /// The time of the file.
        case file
    }

    /// What ``init(_:)`` reads. The folders are those of all its entries, one on each line, and behind a tab whether a
    /// file says that it is an album.
    static let query = """
        SELECT i.number, i.id, i.size, i.sha256, i.metadata, i.certainty, i.position, i.source, e.name, e.rule,
            e.modified, e.fault, f.root || '/' || f.name,
            (SELECT group_concat(DISTINCT of.name || char(9) || EXISTS (
                    SELECT 1 FROM folders af JOIN entries ae ON ae.folder = af.number
                    WHERE af.name = of.name AND ae.kind = 2) || char(10))
                FROM entries o JOIN folders of ON of.number = o.folder WHERE o.item = i.number),
            i.taken, i.taken_by, i.width, i.height
        FROM items i JOIN entries e ON e.number = i.source JOIN folders f ON f.number = e.folder
        """

    init(_ row: Row) {
        number = row[0]
        id = row[1]
        size = row[2]
        sha256 = row[3]
        certainty = MatchCertainty(rawValue: row[5]) ?? .unmatched
        metadata = certainty == .unmatched ? nil : (row[4] as String?).flatMap(ItemMetadata.metadata)
        position = row[6]
        source = row[7]
        let file: String = row[8]
        let rule = MatchRule(rawValue: row[9]) ?? .none
        name = Self.name(file: file, title: metadata?.title ?? "", rule: rule)
        fault = row[11]
        path = "\(row[12] as String)/\(file)"
        type = MediaType(extension: String(MediaName.split(file).suffix.dropFirst()))
        // A folder's name holds neither tab nor line break: it was refused otherwise. SQLite puts commas between.
        let kinds = (row[13] as String? ?? "").split(separator: "\n").enumerated().map { index, line in
            let parts = (index > 0 ? line.dropFirst() : line).split(separator: "\t", omittingEmptySubsequences: false)
            return FolderKind(String(parts[0]), hasAlbumMetadata: parts.last == "1")
        }
        isTrashed = metadata?.isTrashed == true || (!kinds.isEmpty && kinds.allSatisfy { $0 == .trash })
        isArchived = metadata?.isArchived == true || kinds.contains(.archive)
        let year = kinds.lazy.compactMap { if case .year(let year) = $0 { year } else { nil } }.first
        let start = year.map { CivilDate(year: $0, month: 1, day: 1).daysSinceEpoch }
        (width, height) = (row[16], row[17])
        if let taken = metadata?.taken {
            (time, dating) = (taken, .sidecar)
        } else if let taken = row[14] as Int64? {
            (time, dating) = (Timestamp(seconds: taken), Dating(rawValue: row[15] ?? "") ?? .exif)
        } else if let start {
            (time, dating) = (Timestamp(seconds: Int64(start) * 86400), .folder)
        } else {
            (time, dating) = (Timestamp(seconds: row[10]), .file)
        }
    }

    /// The title, where the file is what it names; a copy or the video half of a photo has a name of its own.
    private static func name(file: String, title: String, rule: MatchRule) -> String {
        let media = MediaName(file)
        let titled = MediaName.split(title)
        switch rule {
        case .none: return file
        case .name, .cutName, .title, .withoutExtension, .otherNumber:
            if title.isEmpty { return media.plain }
            return titled.suffix.lowercased() == media.suffix.lowercased() ? title : titled.stem + media.suffix
        case .livePhoto, .otherExtension:
            // `PXL_1.MP` of `PXL_1.MP.jpg`.
            if titled.stem == media.plain { return media.plain }
            return title.isEmpty ? media.plain : titled.stem + media.suffix
        case .edited, .longerName: return media.plain
        }
    }
}

/// An album of the exports.
public struct TakeoutAlbum: Sendable, Hashable {
    /// The folder; the same in every export.
    public var folder: String
    /// The title as its metadata has it; the folder's name where there is none.
    public var title: String
    /// Whether its metadata has no title: then ``title`` is the folder's name in the language of the export.
    public var isUntitled = false
    public var description: String
    /// Texts and places among the photos, a line each.
    public var notes: String
    /// What its people wrote in it, a line each.
    public var comments: String
}
