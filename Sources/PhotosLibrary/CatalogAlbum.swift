import StrictJSON

/// A line of `/.gphotos/albums.jsonl`: what is known of an album and its folder cannot hold. Its members and their order
/// are in the lines of the items.
public struct CatalogAlbum: Sendable, Hashable {
    /// Its id at its source; stable.
    public var id: String
    /// As the service gives it: folders are made from it.
    public var title: String
    /// Every pathname that shows it.
    public var paths: [String] = []
    /// How many items the source says that it has.
    public var items: Int?
    /// The id of the item on its cover.
    public var cover: String?
    public var description: String?
    /// Texts and places among its items, a line each.
    public var notes: String?
    /// What others wrote below it, a line each.
    public var comments: String?
    /// Its page at Google.
    public var url: String?
    /// The way that it came by: `library`, `picker` or `takeout`.
    public var source: String
    /// Why its members could not be listed: then the lines of the items do not tell them.
    public var error: String?

    public init(id: String, title: String, source: String) {
        self.id = id
        self.title = title
        self.source = source
    }
}

extension CatalogAlbum {
    /// One line without its end; the same album is the same bytes.
    public var json: JSON {
        var object: JSONObject = ["id": .string(id), "title": .string(title)]
        object["paths"] = .array(paths.map { .string($0) })
        object["items"] = items.map { .integer(Int64($0)) }
        object["cover"] = cover.map { .string($0) }
        object["description"] = description.map { .string($0) }
        object["notes"] = notes.map { .string($0) }
        object["comments"] = comments.map { .string($0) }
        object["url"] = url.map { .string($0) }
        object["source"] = .string(source)
        object["error"] = error.map { .string($0) }
        return .object(object)
    }

    /// - Returns: nil where the line is none of a catalog.
    public init?(_ json: JSON) {
        guard let id = json["id"]?.stringValue, let title = json["title"]?.stringValue else { return nil }
        self.init(id: id, title: title, source: json["source"]?.stringValue ?? "")
        paths = json.strings("paths")
        items = json["items"]?.integerValue.flatMap(Int.init(exactly:))
        cover = json["cover"]?.stringValue
        description = json["description"]?.stringValue
        notes = json["notes"]?.stringValue
        comments = json["comments"]?.stringValue
        url = json["url"]?.stringValue
        error = json["error"]?.stringValue
    }
}
