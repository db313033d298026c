import ConnectorKit
import PhotosLibrary
import StrictJSON
import Takeout

extension Record {
    /// The record of an item of an export in one of its places. An export does not tell the order of albums.
    init(_ item: TakeoutItem, at place: ShelvedItem.Place) {
        var attributes = [Attribute.filename: item.name]
        if let metadata = item.metadata {
            attributes[Attribute.description] = metadata.description
            attributes[Attribute.url] = metadata.url
            attributes[Attribute.origin] = metadata.origin
            attributes[Attribute.added] = metadata.created?.description
            attributes[Attribute.location] = metadata.place?.text
            if !metadata.people.isEmpty {
                attributes[Attribute.people] = JSON.array(metadata.people.map { .string($0) }).text
            }
            if metadata.isFavorite { attributes[Attribute.favorite] = "true" }
        }
        if item.isArchived { attributes[Attribute.archived] = "true" }
        self.init(
            pathname: place.path, kind: .file, size: item.size, permissions: 0o600, modificationTime: item.time,
            mimeType: item.type?.mimeType, fingerprint: item.id, attributes: attributes.filter { !$0.value.isEmpty },
            caveats: item.caveats, hasContent: item.fault == nil)
        if let fault = item.fault {
            error = ConnectorError(.rejected, "\(item.path) \(fault)", hint: "download the part again")
        }
    }
}

extension TakeoutItem {
    var caveats: [Caveat] { certainty == .unmatched ? [.metadataMissing] : [] }
}

extension AssetMetadata.Place {
    /// `LATITUDE,LONGITUDE`, with `,ALTITUDE` where it is known.
    var text: String {
        altitude == 0 ? "\(latitude),\(longitude)" : "\(latitude),\(longitude),\(altitude)"
    }
}
