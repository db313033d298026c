import ConnectorKit
import StrictJSON

/// A line of `/.gphotos/items.jsonl`: what is known of a media item and its file cannot hold.
///
/// What is not known is absent, and unknown members are ignored, so that readers and writers can be of different ages.
public struct CatalogItem: Sendable, Hashable {
    /// Its id at its source; stable.
    public var id: String
    /// As the service gives it; the last parts of the paths are made from it.
    public var filename: String
    /// Every pathname that shows it, in their order.
    public var paths: [String] = []
    public var mimeType: String?
    /// Bytes, where the content was read before.
    public var size: Int64?
    /// In 64 hexadecimal digits, where the content was read before.
    public var sha256: String?
    public var created: Timestamp?
    /// Pixels.
    public var width: Int?
    public var height: Int?
    public var isVideo = false
    public var camera: String?
    public var description: String?
    /// The albums that hold it.
    public var albums: [Membership] = []
    public var isFavorite = false
    public var isArchived = false
    /// `LATITUDE,LONGITUDE` in degrees, with `,ALTITUDE` in metres where it is known.
    public var location: String?
    public var people: [String] = []
    /// When it came into the library.
    public var added: Timestamp?
    /// How it came into the library, in Google's word.
    public var origin: String?
    /// Its page at Google.
    public var url: String?
    /// The way that its bytes come by: `library`, `picker` or `takeout`.
    public var source: String
    /// How its content differs from the original.
    public var caveats: [String] = []

    public struct Membership: Sendable, Hashable {
        /// The id of the album.
        public var album: String
        /// Its place in the album, from 0; nil where the source does not tell the order.
        public var position: Int?

        public init(album: String, position: Int?) {
            self.album = album
            self.position = position
        }
    }

    public init(id: String, filename: String, source: String) {
        self.id = id
        self.filename = filename
        self.source = source
    }
}

extension CatalogItem {
    /// One line without its end. The members come in an order of their own: the same item is the same bytes.
    public var json: JSON {
        var object: JSONObject = ["id": .string(id), "filename": .string(filename)]
        object["paths"] = .array(paths.map { .string($0) })
        object["mime_type"] = mimeType.map { .string($0) }
        object["size"] = size.map { .integer($0) }
        object["sha256"] = sha256.map { .string($0) }
        object["created"] = created.map { .string($0.description) }
        object["width"] = width.map { .integer(Int64($0)) }
        object["height"] = height.map { .integer(Int64($0)) }
        object["kind"] = isVideo ? "video" : "photo"
        object["camera"] = camera.map { .string($0) }
        object["description"] = description.map { .string($0) }
        if !albums.isEmpty { object["albums"] = .array(albums.map(\.json)) }
        if isFavorite { object["favorite"] = true }
        if isArchived { object["archived"] = true }
        object["location"] = location.map { .string($0) }
        if !people.isEmpty { object["people"] = .array(people.map { .string($0) }) }
        object["added"] = added.map { .string($0.description) }
        object["origin"] = origin.map { .string($0) }
        object["url"] = url.map { .string($0) }
        object["source"] = .string(source)
        if !caveats.isEmpty { object["caveats"] = .array(caveats.map { .string($0) }) }
        return .object(object)
    }

    /// - Returns: nil where the line is none of a catalog.
    public init?(_ json: JSON) {
        guard let id = json["id"]?.stringValue, let filename = json["filename"]?.stringValue else { return nil }
        self.init(id: id, filename: filename, source: json["source"]?.stringValue ?? "")
        paths = json.strings("paths")
        mimeType = json["mime_type"]?.stringValue
        size = json["size"]?.integerValue
        sha256 = json["sha256"]?.stringValue
        created = json["created"]?.stringValue.flatMap { Timestamp($0) }
        width = json["width"]?.integerValue.flatMap(Int.init(exactly:))
        height = json["height"]?.integerValue.flatMap(Int.init(exactly:))
        isVideo = json["kind"]?.stringValue == "video"
        camera = json["camera"]?.stringValue
        description = json["description"]?.stringValue
        albums = (json["albums"]?.arrayValue ?? []).compactMap(Membership.init)
        isFavorite = json["favorite"]?.boolValue ?? false
        isArchived = json["archived"]?.boolValue ?? false
        location = json["location"]?.stringValue
        people = json.strings("people")
        added = json["added"]?.stringValue.flatMap { Timestamp($0) }
        origin = json["origin"]?.stringValue
        url = json["url"]?.stringValue
        caveats = json.strings("caveats")
    }
}

extension CatalogItem.Membership {
    fileprivate var json: JSON {
        var object: JSONObject = ["id": .string(album)]
        object["position"] = position.map { .integer(Int64($0)) }
        return .object(object)
    }

    fileprivate init?(_ json: JSON) {
        guard let album = json["id"]?.stringValue else { return nil }
        self.init(album: album, position: json["position"]?.integerValue.flatMap(Int.init(exactly:)))
    }
}

extension JSON {
    /// The texts of an array member; nothing where there is none.
    func strings(_ key: String) -> [String] { (self[key]?.arrayValue ?? []).compactMap(\.stringValue) }
}
