import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// Reads the lists of the service into the index: the library, the favorites, the albums and their members, each once.
struct LibraryLister: Sendable {
    let client: PhotosClient
    let index: Index
    let scope: Scope
    let includesArchived: Bool
    let reporter: any ConnectorReporter
    let runtime: Runtime

    /// Albums that are listed at a time. Reading in parallel is allowed; a handful hides the round trips.
    private static let parallelAlbums = 4
    /// Items that go into the index at a time. Their ids are random, so each touches a page of its own in the order of
    /// ids: with more of them in one transaction, more share a page.
    private static let batchSize = 4000

    /// - Throws: where the library as a whole could not be listed, or nothing more can be asked: no sign-in, no quota.
    ///   A list of albums, an album or the favorites that failed is a failure of that directory.
    func list() async throws -> LibraryContents {
        let listing = try await index.beginListing()
        var failures: [Pathname: ConnectorError] = [:]
        try await listLibrary(into: listing)
        var showsFavorites = false
        if scope.showsFavorites {
            do {
                for try await page in client.mediaItems(matching: MediaItemFilter(onlyFavorites: true)) {
                    try await listing.add(page, from: .favorites, at: runtime.now())
                }
                showsFavorites = true
            } catch let error as ConnectorError where error.concernsOneDirectory {
                failures[Layout.favorites] = error
            }
        }
        var albums: [ListedAlbum] = []
        var failed: [ListedAlbum] = []
        if scope.showsAlbums {
            do {
                let all = try await listAlbums(into: listing)
                (albums, failed) = try await listMembers(of: all, into: listing, failures: &failures)
            } catch let error as ConnectorError where error.concernsOneDirectory {
                failures[Layout.albums] = error
            }
        }
        let shelf = try await Shelf(
            index: index, listing: listing, scope: scope, albums: albums, showsFavorites: showsFavorites)
        var directories: [Pathname: Timestamp] = [:]
        for directory in shelf.directories.values { directories[directory.path] = directory.newest }
        for path in failures.keys { directories[path] = .epoch }
        var attributes: [Pathname: [String: String]] = [:]
        for album in albums + failed { attributes[album.directory] = [Attribute.albumTitle: album.album.title] }
        return LibraryContents(
            shelf: shelf, directories: directories, failures: failures, albumAttributes: attributes)
    }

    private func listLibrary(into listing: Listing) async throws {
        if scope.datedViews.isEmpty { return }
        // The plain list holds no archived items; only a search does.
        let pages =
            includesArchived || scope.dates != nil
            ? client.mediaItems(matching: MediaItemFilter(dates: scope.dates, includesArchived: includesArchived))
            : client.mediaItems()
        var count = 0
        var batch: [MediaItem] = []
        for try await page in pages {
            batch += page
            count += page.count
            if batch.count >= Self.batchSize {
                try await listing.add(batch, from: .library, at: runtime.now())
                batch = []
            }
            reporter.progress(Progress(phase: "listing", items: count))
        }
        try await listing.add(batch, from: .library, at: runtime.now())
    }

    private func listAlbums(into listing: Listing) async throws -> [ListedAlbum] {
        var albums: [Album] = []
        for try await page in client.albums() { albums += page }
        // All at once, so that who is first to have a title does not depend on the pages.
        return try await listing.add(albums).filter { scope.shows($0.directory) }
    }

    /// - Returns: the albums that were listed whole, and those that were not.
    private func listMembers(
        of albums: [ListedAlbum], into listing: Listing, failures: inout [Pathname: ConnectorError]
    ) async throws -> ([ListedAlbum], [ListedAlbum]) {
        var complete: [ListedAlbum] = []
        var failed: [ListedAlbum] = []
        try await withThrowingTaskGroup(of: (ListedAlbum, ConnectorError?).self) { group in
            var waiting = albums.makeIterator()
            func startNext() {
                guard let album = waiting.next() else { return }
                group.addTask { (album, try await listMembers(of: album, into: listing)) }
            }
            for _ in 0..<Self.parallelAlbums { startNext() }
            while let (album, failure) = try await group.next() {
                if let failure {
                    failures[album.directory] = failure
                    failed.append(album)
                } else {
                    complete.append(album)
                }
                startNext()
            }
        }
        return (complete, failed)
    }

    private func listMembers(of album: ListedAlbum, into listing: Listing) async throws -> ConnectorError? {
        do {
            var members: [Int64] = []
            for try await page in client.mediaItems(inAlbum: album.album.id) {
                members += try await listing.add(page, from: .album, at: runtime.now())
            }
            try await listing.setMembers(members, ofAlbum: album.number)
            return nil
        } catch let error as ConnectorError where error.concernsOneDirectory {
            return error
        }
    }
}

extension ConnectorError {
    /// Whether other directories may still be readable: not without a sign-in or quota, and not through a defect.
    fileprivate var concernsOneDirectory: Bool {
        ![.auth, .quota, .cancelled, .internalDefect].contains(code)
    }
}
