import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// The base URLs of an import's items: renewed fifty at a time, by one request however many downloads wait for it.
actor BaseURLs {
    private let client: PhotosClient
    private let index: Index
    private let runtime: Runtime
    private var renewal: Task<Void, Never>?
    /// Ids of items whose downloads wait for the end of a renewal, by number: the next one renews them, too.
    private var waiting: [Int64: String] = [:]
    /// When URLs were renewed last: those of a listing before that may have newer ones in the index.
    private var lastRenewal: Timestamp?

    /// Base URLs live for 60 minutes; a download that begins before this age ends in time or is resumed.
    private static let longestAge: Int64 = 55 * 60

    init(client: PhotosClient, index: Index, runtime: Runtime) {
        self.client = client
        self.index = index
        self.runtime = runtime
    }

    /// The download URL of an item.
    /// - Parameter refused: one that the host did not take, and that is not given again.
    func url(of item: ShelvedItem, refused: String?) async throws -> String {
        func usable(_ url: String, _ birth: Timestamp) -> String? {
            guard !url.isEmpty, runtime.now() < birth.adding(seconds: Self.longestAge) else { return nil }
            let complete = MediaItem.downloadURL(baseURL: url, kind: item.item.kind)
            return complete == refused ? nil : complete
        }
        let isNewest = lastRenewal.map { $0 <= item.urlBirth } ?? true
        if isNewest, let url = usable(item.item.baseURL, item.urlBirth) { return url }
        while true {
            // Another item of the neighbourhood may have renewed it.
            if let known = try await index.url(ofItem: item.number), let url = usable(known.url, known.birth) {
                return url
            }
            guard let renewal else { break }
            waiting[item.number] = item.item.id
            await renewal.value
            try Task.checkCancellation()
        }
        return MediaItem.downloadURL(baseURL: try await renewed(item), kind: item.item.kind)
    }

    /// A fresh download URL of an item, without waiting for those of others.
    func url(ofItemAlone item: ShelvedItem) async throws -> String {
        let fresh = try await client.mediaItem(item.item.id)
        try await index.keepURLs(of: [fresh], at: runtime.now())
        return MediaItem.downloadURL(baseURL: fresh.baseURL, kind: fresh.kind)
    }

    /// A fresh base URL, and fresh ones for the items that wait for theirs or are to be read next.
    private func renewed(_ item: ShelvedItem) async throws -> String {
        let request = Task { try await renew(item) }
        renewal = Task { _ = try? await request.value }
        defer { renewal = nil }
        return try await request.value
    }

    private func renew(_ item: ShelvedItem) async throws -> String {
        var ids = [item.item.id] + waiting.values.filter { $0 != item.item.id }.prefix(PhotosClient.batchSize - 1)
        waiting = [:]
        let known = Set(ids)
        let next = try await index.items(from: item, limit: PhotosClient.batchSize)
        ids += next.filter { !known.contains($0) }.prefix(PhotosClient.batchSize - ids.count)
        let now = runtime.now()
        let results = try await client.mediaItems(ids)
        let items = results.compactMap { try? $0.get() }
        try await index.keepURLs(of: items, at: now)
        lastRenewal = now
        guard let own = results.first else {
            throw ConnectorError(.internalDefect, "the index has lost an item during an import")
        }
        return try own.get().baseURL
    }
}
