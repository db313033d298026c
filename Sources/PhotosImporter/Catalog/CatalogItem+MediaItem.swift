import ConnectorKit
import PhotosAPI
import PhotosLibrary

extension CatalogItem {
    /// What the Library API tells of an item.
    /// - Parameters:
    ///   - albums: the ids of albums by their numbers.
    ///   - isOriginal: whether its bytes are those that were uploaded.
    init(_ shelved: ShelvedItem, albums: [Int64: String], isOriginal: Bool) {
        let item = shelved.item
        self.init(id: item.id, filename: item.filename, source: "library")
        paths = shelved.places.map(\.path.string)
        mimeType = item.mimeType.isEmpty ? nil : item.mimeType
        size = shelved.size
        sha256 = shelved.sha256
        created = item.creationTime
        if item.width > 0, item.height > 0 { (width, height) = (item.width, item.height) }
        isVideo = item.kind == .video
        camera = item.camera
        description = item.description.isEmpty ? nil : item.description
        self.albums = shelved.albums.compactMap { member in
            albums[member.album].map { Membership(album: $0, position: member.position) }
        }
        isFavorite = shelved.isFavorite
        url = item.productURL.isEmpty ? nil : item.productURL
        caveats = item.caveats(isOriginal: isOriginal).map(\.rawValue)
    }
}

extension CatalogAlbum {
    /// What the Library API tells of an album.
    init(_ listed: ListedAlbum, error: ConnectorError? = nil) {
        let album = listed.album
        self.init(id: album.id, title: album.title, source: "library")
        paths = listed.directory.map { [$0.string] } ?? []
        items = album.mediaItemsCount
        cover = album.coverMediaItemID.isEmpty ? nil : album.coverMediaItemID
        url = album.productURL.isEmpty ? nil : album.productURL
        self.error = error?.message
    }
}
