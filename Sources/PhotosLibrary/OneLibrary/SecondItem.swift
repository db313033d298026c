import ConnectorKit

/// An item that came by a second way into the same library, and what tells which item of the service it is.
public struct SecondItem: Sendable, Hashable {
    /// What the ids of exports begin with, and those of what was chosen in the Picker, where Google's id follows.
    public static let takeout = "takeout:"
    public static let picker = "picker:"

    /// Its number where it comes from.
    public var number: Int64
    /// The same in every run, and unlike those of all other ways.
    public var id: String
    /// The file name that it has at the service, as far as that is known: one name, or several that it may be.
    public var names: Set<String>
    /// Whether names and time are surely its own.
    public var isSure: Bool
    /// The address of its page.
    public var url: String
    /// In hexadecimal, where the content was read before.
    public var sha256: String?
    /// Bytes, where they are known.
    public var size: Int64?
    public var created: Timestamp
    public var isVideo: Bool
    public var mimeType: String
    /// Pixels; 0 where they are not known.
    public var width: Int
    public var height: Int
    /// Whether its content can be read.
    public var isReadable: Bool

    public init(
        number: Int64, id: String, names: Set<String>, isSure: Bool, url: String, sha256: String?, size: Int64?,
        created: Timestamp, isVideo: Bool, mimeType: String, width: Int, height: Int, isReadable: Bool
    ) {
        self.number = number
        self.id = id
        self.names = names
        self.isSure = isSure
        self.url = url
        self.sha256 = sha256
        self.size = size
        self.created = created
        self.isVideo = isVideo
        self.mimeType = mimeType
        self.width = width
        self.height = height
        self.isReadable = isReadable
    }
}

/// Forms in which both ways say the same.
enum Alike {
    /// The last part of an address: the page of an item is named by an id.
    static func page(_ url: String) -> String {
        guard let slash = url.lastIndex(of: "/") else { return "" }
        return String(url[url.index(after: slash)...].prefix { $0 != "?" && $0 != "#" })
    }

    static func name(_ name: String) -> String {
        name.utf8.allSatisfy { $0 < 0x80 } ? name : name.precomposedStringWithCanonicalMapping
    }

    /// One word for each format that has two, and one for all videos: the service hands these out re-encoded.
    static func type(_ mimeType: String) -> String {
        if mimeType.hasPrefix("video/") { return "video" }
        return mimeType == "image/heic" ? "image/heif" : mimeType
    }
}
