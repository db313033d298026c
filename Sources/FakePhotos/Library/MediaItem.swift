/// A photo or video of an account. About 100 bytes: content, id and URLs are made when they are asked for.
struct MediaItem: Sendable {
    enum Source: Sendable {
        /// Made of a medium of the shelf.
        case generated(medium: UInt8, serial: UInt32)
        case stored(StoredContent)
    }

    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        static let archived = Flags(rawValue: 1)
        static let favorite = Flags(rawValue: 2)
        static let trashed = Flags(rawValue: 4)
        /// A video that the service could not make sense of.
        static let failed = Flags(rawValue: 8)
        /// A photo with a video in it.
        static let motion = Flags(rawValue: 16)
    }

    var source: Source
    var filename: String
    var description = ""
    /// When it was taken, in seconds since 1970.
    var creationTime: Int64
    /// From when on a video can be played, in seconds since 1970.
    var readyTime: Int64 = 0
    var width: Int32
    var height: Int32
    /// Contents that were recognised in it, one bit for each of ``ContentCategory``.
    var categories: UInt32 = 0
    var downloads: UInt32 = 0
    /// Position in the table of cameras; 0 for none.
    var camera: UInt16 = 0
    /// The project whose app made it.
    var project: UInt16 = 0
    var kind: MediaKind
    var flags: Flags = []

    /// The day it was taken, counted from 1970-01-01.
    var day: Int {
        let quotient = creationTime / 86400
        return Int(creationTime % 86400 < 0 ? quotient - 1 : quotient)
    }
}

/// The contents that a search can ask for.
enum ContentCategory: String, CaseIterable {
    case none = "NONE"
    case landscapes = "LANDSCAPES"
    case receipts = "RECEIPTS"
    case cityscapes = "CITYSCAPES"
    case landmarks = "LANDMARKS"
    case selfies = "SELFIES"
    case people = "PEOPLE"
    case pets = "PETS"
    case weddings = "WEDDINGS"
    case birthdays = "BIRTHDAYS"
    case documents = "DOCUMENTS"
    case travel = "TRAVEL"
    case animals = "ANIMALS"
    case food = "FOOD"
    case sport = "SPORT"
    case night = "NIGHT"
    case performances = "PERFORMANCES"
    case whiteboards = "WHITEBOARDS"
    case screenshots = "SCREENSHOTS"
    case utility = "UTILITY"
    case arts = "ARTS"
    case crafts = "CRAFTS"
    case fashion = "FASHION"
    case houses = "HOUSES"
    case gardens = "GARDENS"
    case flowers = "FLOWERS"
    case holidays = "HOLIDAYS"

    var bit: UInt32 { 1 << UInt32(Self.allCases.firstIndex(of: self) ?? 0) }
}
