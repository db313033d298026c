import ConnectorKit
import PhotosAPI

/// The albums at the destination that this app may write to: looked up once, made where there is none.
actor AlbumBook {
    private let client: PhotosClient
    private var writable: [String: String]?
    private var members: [String: Set<String>] = [:]
    private var lookups: [String: Task<String, any Error>] = [:]

    /// In characters.
    private static let longestTitle = 500

    init(client: PhotosClient) { self.client = client }

    /// The id of the album of a title; a new album where this app has none of that title.
    func id(ofAlbum title: String) async throws -> String {
        // Google refuses longer titles; cut before it is looked up, or every run would make a new album.
        let title = String(title.prefix(Self.longestTitle))
        if let known = lookups[title] { return try await known.value }
        let lookup = Task { try await find(title) }
        lookups[title] = lookup
        do {
            return try await lookup.value
        } catch {
            // The next one tries again, where that can help.
            lookups[title] = nil
            throw error
        }
    }

    /// Items that are in the album, as the service says.
    func members(ofAlbum id: String) -> Set<String> { members[id] ?? [] }

    func note(_ items: [String], inAlbum id: String) { members[id, default: []].formUnion(items) }

    private func find(_ title: String) async throws -> String {
        if let id = try await list()[title] {
            var items: Set<String> = []
            for try await page in client.mediaItems(inAlbum: id) { items.formUnion(page.map(\.id)) }
            members[id] = items
            return id
        }
        return try await create(title)
    }

    private func create(_ title: String) async throws -> String {
        do {
            let album = try await client.createAlbum(title: title)
            writable?[title] = album.id
            return album.id
        } catch let error as ConnectorError where error.isRetryable {
            // The answer was lost, and the album may be there: albums cannot be deleted, so look before a second try.
            writable = nil
            if let id = try await list()[title] { return id }
            let album = try await client.createAlbum(title: title)
            writable?[title] = album.id
            return album.id
        }
    }

    private func list() async throws -> [String: String] {
        if let writable { return writable }
        var found: [String: String] = [:]
        for try await page in client.albums() {
            // Of several with one title, the one that Google lists first.
            for album in page where album.isWriteable && found[album.title] == nil { found[album.title] = album.id }
        }
        writable = found
        return found
    }
}
