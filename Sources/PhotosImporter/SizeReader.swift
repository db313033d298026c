import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// Asks for the sizes that nobody knows yet, as rclone's `read_size` does: one request for each, which counts as a
/// download.
actor SizeReader {
    private let client: PhotosClient
    private let index: Index
    private let parallel: Int
    private let reporter: any ConnectorReporter
    private let runtime: Runtime
    /// Sizes are a convenience: where no more can be asked for today, the import goes on without.
    private var isGivenUp = false

    init(
        client: PhotosClient, index: Index, parallel: Int, reporter: any ConnectorReporter, runtime: Runtime
    ) {
        self.client = client
        self.index = index
        self.parallel = parallel
        self.reporter = reporter
        self.runtime = runtime
    }

    /// The same items, with sizes.
    /// - Parameter others: numbers of items that the service does not list.
    func complete(_ page: [ShelvedItem], except others: Set<Int64> = []) async throws -> [ShelvedItem] {
        let unknown = page.filter {
            $0.size == nil && !$0.places.isEmpty && $0.item.notReadable == nil && !others.contains($0.number)
        }
        if isGivenUp || unknown.isEmpty { return page }
        var sizes: [Int64: Int64] = [:]
        do {
            let urls = try await urls(of: unknown)
            try await withThrowingTaskGroup(of: (Int64, Int64?).self) { [client, parallel] group in
                var waiting = urls.makeIterator()
                for position in 0..<urls.count {
                    if position >= parallel, let (number, size) = try await group.next() { sizes[number] = size }
                    guard let (number, url) = waiting.next() else { break }
                    group.addTask { (number, try await client.size(at: url)) }
                }
                while let (number, size) = try await group.next() { sizes[number] = size }
            }
        } catch let error as ConnectorError where ![.auth, .cancelled].contains(error.code) {
            isGivenUp = true
            reporter.log(.warning, "sizes are not asked for any more: \(error.message)", pathname: nil)
        }
        try await index.learn(sizes.mapValues { LearntContent(size: $0) })
        return page.map { item in
            var sized = item
            sized.size = item.size ?? sizes[item.number]
            return sized
        }
    }

    /// Download URLs that are good; those that grew old are renewed by fifties.
    private func urls(of items: [ShelvedItem]) async throws -> [Int64: String] {
        var urls: [Int64: String] = [:]
        var old: [ShelvedItem] = []
        for item in items {
            if !item.item.baseURL.isEmpty, runtime.now() < item.urlBirth.adding(seconds: 55 * 60) {
                urls[item.number] = MediaItem.downloadURL(baseURL: item.item.baseURL, kind: item.item.kind)
            } else {
                old.append(item)
            }
        }
        while !old.isEmpty {
            let batch = Array(old.prefix(PhotosClient.batchSize))
            old.removeFirst(batch.count)
            let results = try await client.mediaItems(batch.map(\.item.id))
            try await index.keepURLs(of: results.compactMap { try? $0.get() }, at: runtime.now())
            for (item, result) in zip(batch, results) {
                guard let fresh = try? result.get() else { continue }
                urls[item.number] = MediaItem.downloadURL(baseURL: fresh.baseURL, kind: fresh.kind)
            }
        }
        return urls
    }
}
