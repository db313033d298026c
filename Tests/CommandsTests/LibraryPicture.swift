import FakePhotos

/// What a person sees of an account.
struct LibraryPicture: Equatable {
    /// The name and the description of each content, by its hash.
    var items: [String: [String]]
    /// The hashes of each album in its order, by title; albums of one title side by side.
    var albums: [String: [[String]]]

    /// Albums with nothing in them, and items in the trash, are left out.
    init(of account: String, in library: FakeLibrary) throws {
        let all = try library.items(of: account)
        items = Dictionary(
            all.filter { !$0.isTrashed }.map { ($0.sha256, [$0.filename, $0.description]) },
            uniquingKeysWith: { first, _ in first })
        let hashes = Dictionary(uniqueKeysWithValues: all.map { ($0.id, $0.sha256) })
        var found: [String: [[String]]] = [:]
        for album in try library.albums(of: account) where !album.items.isEmpty {
            found[album.title, default: []].append(album.items.map { hashes[$0] ?? "" })
        }
        albums = found.mapValues { $0.sorted { $0.joined() < $1.joined() } }
    }

    /// As it comes back from a restore: Google makes no album without a title, and gives no item an empty name. Such an
    /// album has the name of its folder then, and such an item that of its path.
    func restored(as other: LibraryPicture) -> LibraryPicture {
        var picture = self
        if let untitled = picture.albums.removeValue(forKey: ""),
            let name = other.albums.keys.first(where: { $0.hasPrefix("{") })
        {
            picture.albums[name] = untitled
        }
        for (hash, texts) in items where texts[0].isEmpty { picture.items[hash] = other.items[hash] }
        return picture
    }
}
