import StrictJSON

/// What the metadata file of an album's folder says, whatever its name: `metadata.json`, `Metadaten.json`, …
public struct AlbumMetadata: Sendable, Hashable {
    /// Empty for an album without a title.
    public var title: String
    public var description: String
    /// Who may see it, such as `protected`.
    public var access: String
    /// Texts and places that the person put between the photos.
    public var notes: [String]
    /// What its people wrote in it, where it is shared.
    public var comments: [SharedComment]

    /// Takes the file in. Since February 2025 it may hold the title alone (immich-go, issue 677); until 2020 or so it had
    /// everything in `albumData`.
    /// - Returns: nil where it is none of an album.
    public init?(_ json: JSON) {
        guard json["photoTakenTime"] == nil else { return nil }
        let data = json["albumData"] ?? json
        guard let title = data["title"]?.stringValue else { return nil }
        self.title = title
        description = data["description"]?.stringValue ?? ""
        access = data["access"]?.stringValue ?? ""
        notes =
            data["enrichments"]?.arrayValue?.flatMap { enrichment -> [String] in
                let text = enrichment["narrativeEnrichment"]?["text"]?.stringValue.map { [$0] } ?? []
                let places = enrichment["locationEnrichment"]?["location"]?.arrayValue ?? []
                return text + places.compactMap { $0["name"]?.stringValue }
            }.filter { !$0.isEmpty } ?? []
        comments = SharedComment.all(in: data)
    }
}

/// What a JSON file of an export is.
public enum Sidecar: Sendable, Hashable {
    case asset(AssetMetadata)
    case album(AlbumMetadata)
    /// Something else, such as `print-subscriptions.json`.
    case other

    public init(_ json: JSON) {
        if let asset = AssetMetadata(json) {
            self = .asset(asset)
        } else if let album = AlbumMetadata(json) {
            self = .album(album)
        } else {
            self = .other
        }
    }
}
