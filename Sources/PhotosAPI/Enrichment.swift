import ConnectorKit
import StrictJSON

/// Something between the items of an album: a text, a place, a way from one place to another.
/// <https://developers.google.com/photos/library/guides/add-enrichments>
public enum Enrichment: Sendable, Hashable {
    public struct Place: Sendable, Hashable {
        public var name: String
        /// In degrees.
        public var latitude: Double
        public var longitude: Double

        public init(name: String, latitude: Double, longitude: Double) {
            self.name = name
            self.latitude = latitude
            self.longitude = longitude
        }

        var json: JSON {
            [
                "locationName": .string(name),
                "latlng": ["latitude": .number(latitude), "longitude": .number(longitude)],
            ]
        }
    }

    /// At most 1,000 characters.
    case text(String)
    case location(Place)
    case map(origin: Place, destination: Place)

    var json: JSON {
        switch self {
        case .text(let text): ["textEnrichment": ["text": .string(text)]]
        case .location(let place): ["locationEnrichment": ["location": place.json]]
        case .map(let origin, let destination):
            ["mapEnrichment": ["origin": origin.json, "destination": destination.json]]
        }
    }
}

/// A place in the order of an album.
public enum AlbumPosition: Sendable, Hashable {
    case first
    case last
    case afterItem(String)
    case afterEnrichment(String)

    var json: JSON {
        switch self {
        case .first: ["position": "FIRST_IN_ALBUM"]
        case .last: ["position": "LAST_IN_ALBUM"]
        case .afterItem(let id): ["position": "AFTER_MEDIA_ITEM", "relativeMediaItemId": .string(id)]
        case .afterEnrichment(let id):
            ["position": "AFTER_ENRICHMENT_ITEM", "relativeEnrichmentItemId": .string(id)]
        }
    }
}

extension PhotosClient {
    /// `albums.addEnrichment`. Sent once: nothing that was added can be read or taken away again.
    /// - Returns: its id, good for ``AlbumPosition/afterEnrichment(_:)``.
    public func addEnrichment(
        _ enrichment: Enrichment, toAlbum albumID: String, at position: AlbumPosition = .last
    ) async throws -> String {
        let operation = "add an enrichment to an album"
        if case .text(let text) = enrichment, text.unicodeScalars.count > 1000 {
            throw ConnectorError(.rejected, "a text in an album has 1,000 characters at most")
        }
        let json = try await json(
            .post(
                "/v1/albums/\(PercentEncoding.query(albumID)):addEnrichment",
                ["newEnrichmentItem": enrichment.json, "albumPosition": position.json], operation: operation,
                kind: .write, isIdempotent: false))
        guard let id = json["enrichmentItem"]?["id"]?.stringValue else {
            throw GoogleError.nonsense(operation: operation, isHTML: false)
        }
        return id
    }
}
