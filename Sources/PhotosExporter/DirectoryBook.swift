import ConnectorKit

/// The directories of an export that are albums, and whether anything is in them: an empty album is an album too.
actor DirectoryBook {
    private var albums: [Pathname: (isAlbum: Bool, record: Pathname)] = [:]
    private var parents: Set<Pathname> = []
    private var filled: Set<Pathname> = []

    /// - Parameter isAlbum: whether its record says so itself.
    func note(_ directory: Pathname, isAlbum: Bool, at record: Pathname) {
        albums[directory] = (isAlbum, record)
        if let parent = directory.parent { parents.insert(parent) }
    }

    /// A record came that is in the directory.
    func noteContent(of directory: Pathname) { filled.insert(directory) }

    /// Takes the directories that nothing came for. Where nobody says that one is an album, it is one by its place
    /// below `/album`, and only where it has no folders either.
    func takeEmptyAlbums(_ isInCatalog: @Sendable (Pathname) async throws -> Bool) async rethrows -> [Pathname] {
        let candidates = albums.filter { !filled.contains($0.key) }.sorted { $0.key < $1.key }
        albums = [:]
        var empty: [Pathname] = []
        for (directory, note) in candidates {
            let isLeaf = !parents.contains(directory) && ["album", "albums"].contains(directory.parts.first)
            if note.isAlbum || isLeaf {
                empty.append(directory)
            } else if try await isInCatalog(directory) {
                empty.append(directory)
            }
        }
        return empty
    }
}
