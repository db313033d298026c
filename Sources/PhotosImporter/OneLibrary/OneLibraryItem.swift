import ConnectorKit
import PhotosLibrary
import Takeout

/// An item of an export in a library that the service lists, too.
///
/// The bytes are the export's, which are the original's: no caveat of the API holds for them. What the service says is of
/// now, and counts where it says something; what only the export knows is added.
struct OneLibraryItem: Sendable {
    let item: TakeoutItem
    /// As the index has it: as the service told it, where that knows it.
    let shelved: ShelvedItem
    /// Whether the service lists it.
    let isPaired: Bool

    var filename: String { shelved.item.filename.isEmpty ? item.name : shelved.item.filename }

    var caveats: [Caveat] { isPaired ? item.caveats.filter { $0 != .metadataMissing } : item.caveats }

    /// What both know, in Takeout's form.
    var sidecar: Sidecar? {
        guard isPaired || item.metadata != nil else { return nil }
        var metadata = item.metadata ?? AssetMetadata()
        metadata.title = filename
        metadata.taken = shelved.item.creationTime
        if !shelved.item.description.isEmpty { metadata.description = shelved.item.description }
        if shelved.isFavorite { metadata.isFavorite = true }
        return Sidecar(id: shelved.item.id, metadata)
    }
}

extension Record {
    init(_ both: OneLibraryItem, at place: ShelvedItem.Place) {
        self.init(both.item, at: place)
        let known = both.shelved.item
        modificationTime = known.creationTime
        caveats = both.caveats
        attributes[Attribute.filename] = both.filename
        guard both.isPaired else { return }
        if let position = place.position { attributes[Record.orderAttribute] = String(position) }
        attributes[Attribute.id] = known.id
        attributes.merge(known.attributes) { $1 }
        if both.shelved.isFavorite { attributes[Attribute.favorite] = "true" }
        if mimeType == nil, !known.mimeType.isEmpty { mimeType = known.mimeType }
        // The service says when it was taken.
        attributes[Attribute.dating] = nil
    }
}

extension CatalogItem {
    /// - Parameter albums: the ids of albums by their numbers.
    init(_ both: OneLibraryItem, albums: [Int64: String]) {
        self.init(both.item, both.shelved, albums: albums)
        let known = both.shelved.item
        filename = both.filename
        created = known.creationTime
        caveats = both.caveats.map(\.rawValue)
        isFavorite = isFavorite || both.shelved.isFavorite
        guard both.isPaired else { return }
        id = known.id
        self.albums = both.shelved.albums.compactMap { member in
            albums[member.album].map { Membership(album: $0, position: member.position) }
        }
        if known.width > 0, known.height > 0 { (width, height) = (known.width, known.height) }
        camera = known.camera
        if !known.description.isEmpty { description = known.description }
        if mimeType == nil, !known.mimeType.isEmpty { mimeType = known.mimeType }
    }
}
