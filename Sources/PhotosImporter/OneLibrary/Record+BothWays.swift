import ConnectorKit
import PhotosLibrary
import Takeout

extension Record {
    /// The record of an item of an export in a library that the service lists, too.
    ///
    /// The bytes are the export's, which are the original's: no caveat of the API holds for them. What the service says is
    /// of now, and counts where it says something; what only the export knows is added.
    /// - Parameters:
    ///   - shelved: the item as the index has it: as the service told it, where that knows it.
    ///   - isPaired: whether the service lists it.
    init(_ item: TakeoutItem, shownAs shelved: ShelvedItem, at place: ShelvedItem.Place, isPaired: Bool) {
        self.init(item, at: place)
        let known = shelved.item
        modificationTime = known.creationTime
        attributes[Attribute.filename] = known.filename.isEmpty ? item.name : known.filename
        if let position = place.position, isPaired { attributes[Record.orderAttribute] = String(position) }
        guard isPaired else { return }
        attributes[Attribute.id] = known.id
        attributes.merge(known.attributes) { $1 }
        if mimeType == nil, !known.mimeType.isEmpty { mimeType = known.mimeType }
        // The service says when it was taken.
        attributes[Attribute.dating] = nil
        caveats.removeAll { $0 == .metadataMissing }
    }
}
