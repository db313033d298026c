import ConnectorKit
import PhotosLibrary
import Takeout

extension CatalogItem {
    /// What an export tells of an item.
    /// - Parameter albums: the ids of albums by their numbers.
    init(_ item: TakeoutItem, _ shelved: ShelvedItem, albums: [Int64: String]) {
        self.init(id: item.id, filename: item.name, source: "takeout")
        paths = shelved.places.map(\.path.string)
        mimeType = item.type?.mimeType
        size = item.size
        sha256 = item.sha256
        created = item.time
        isVideo = item.type?.isVideo == true
        // An export does not tell the order of albums.
        self.albums = shelved.albums.compactMap { member in
            albums[member.album].map { Membership(album: $0, position: nil) }
        }
        isArchived = item.isArchived
        caveats = item.caveats.map(\.rawValue)
        guard let metadata = item.metadata else { return }
        isFavorite = metadata.isFavorite
        description = metadata.description.isEmpty ? nil : metadata.description
        location = metadata.place?.text
        people = metadata.people
        added = metadata.created
        origin = metadata.origin.isEmpty ? nil : metadata.origin
        url = metadata.url.isEmpty ? nil : metadata.url
    }
}

extension CatalogAlbum {
    /// What an export tells of an album.
    /// - Parameter items: how many items of the exports are in it.
    init(_ listed: ListedAlbum, _ album: TakeoutAlbum, items: Int) {
        self.init(id: listed.album.id, title: album.title, source: "takeout")
        paths = listed.directory.map { [$0.string] } ?? []
        self.items = items
        description = album.description.isEmpty ? nil : album.description
        notes = album.notes.isEmpty ? nil : album.notes
        comments = album.comments.isEmpty ? nil : album.comments
    }
}
