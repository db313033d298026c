import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// Reads the lists of the service into the index: the library, the favorites, the albums and their members, each once.
struct LibraryLister: Sendable {
    let client: PhotosClient
    let index: Index
    let scope: Scope
    let filter: LibraryFilter
    let plan: ListingPlan
    /// Seconds for which an album is taken for the same that looks so in the list of albums.
    let albumRecheck: Int64
    let reporter: any ConnectorReporter
    let runtime: Runtime

    /// Albums that are listed at a time. Reading in parallel is allowed; a handful hides the round trips.
    private static let parallelAlbums = 4
    /// Items that go into the index at a time. Their ids are random, so each touches a page of its own in the order of
    /// ids: with more of them in one transaction, more share a page.
    private static let batchSize = 4000

    /// What the lists told, before it is known where each item is shown.
    struct Lists: Sendable {
        var listing: Listing
        /// Since the listing before that asked the same; nil where there was none.
        var changes: ListingChanges?
        /// Those that were listed whole, and those that were not.
        fileprivate(set) var albums: [ListedAlbum] = []
        fileprivate var failed: [ListedAlbum] = []
        /// Why a directory could not be listed.
        fileprivate(set) var failures: [Pathname: ConnectorError] = [:]
        fileprivate var showsFavorites: Bool
    }

    /// - Throws: where the library as a whole could not be listed, or nothing more can be asked: no sign-in, no quota.
    ///   A list of albums, an album or the favorites that failed is a failure of that directory.
    func list() async throws -> Lists {
        let listing = try await index.beginListing(scope.layout)
        var failures: [Pathname: ConnectorError] = [:]
        try await listLibrary(into: listing)
        var showsFavorites = scope.showsFavorites
        do {
            try await listFavorites(into: listing)
        } catch let error as ConnectorError where error.concernsOneDirectory && !filter.onlyFavorites {
            failures[Layout.favorites] = error
            showsFavorites = false
        }
        var albums: [ListedAlbum] = []
        var failed: [ListedAlbum] = []
        do {
            let needed = try await listAlbums(into: listing).needed
            (albums, failed) = try await listMembers(of: needed, into: listing, failures: &failures)
        } catch let error as ConnectorError where error.concernsOneDirectory && !filter.choosesAlbums {
            failures[scope.layout.albums] = error
        }
        let changes = try await listing.finish(plan.question, isWhole: failures.isEmpty)
        return Lists(
            listing: listing, changes: changes, albums: albums, failed: failed, failures: failures,
            showsFavorites: showsFavorites)
    }

    /// Gives everything that was listed its place.
    func contents(of lists: Lists) async throws -> LibraryContents {
        let (albums, failed, failures) = (lists.albums, lists.failed, lists.failures)
        let shelf = try await Shelf(
            index: index, listing: lists.listing, scope: scope, filter: filter, plan: plan, albums: albums,
            showsFavorites: lists.showsFavorites)
        var directories: [Pathname: Timestamp] = [:]
        for directory in shelf.directories.values where directory.isShown {
            directories[directory.path] = directory.newest
        }
        for path in failures.keys { directories[path] = .epoch }
        var attributes: [Pathname: [String: String]] = [:]
        for album in albums + failed {
            if let path = album.directory { attributes[path] = [Attribute.albumTitle: album.album.title] }
        }
        var contents = LibraryContents(
            shelf: shelf, directories: directories, failures: failures, albumAttributes: attributes,
            changes: lists.changes)
        contents.note(
            albums.map { ($0, CatalogAlbum($0)) }
                + failed.map { ($0, CatalogAlbum($0, error: $0.directory.flatMap { failures[$0] })) })
        return contents
    }

    func listFavorites(into listing: Listing) async throws {
        guard let favorites = plan.favorites else { return }
        for try await page in client.mediaItems(matching: favorites) {
            try await listing.add(page, from: .favorites, at: runtime.now())
        }
    }

    func listLibrary(into listing: Listing) async throws {
        let pages: PageSequence<MediaItem>
        switch plan.library {
        case nil: return
        // The plain list holds no archived items; only a search does.
        case .all: pages = client.mediaItems()
        case .matching(let filter): pages = client.mediaItems(matching: filter)
        }
        // Items go into the index while the next ones come: one batch at a time, so that they stay in their order.
        try await withThrowingTaskGroup(of: Void.self) { group in
            func write(_ batch: [MediaItem]) async throws {
                try await group.next()
                let now = runtime.now()
                group.addTask { try await listing.add(batch, from: .library, at: now) }
            }
            var count = 0
            var batch: [MediaItem] = []
            for try await page in pages {
                batch += page
                count += page.count
                if batch.count >= Self.batchSize {
                    try await write(batch)
                    batch = []
                }
                reporter.progress(Progress(phase: "listing", items: count))
            }
            try await write(batch)
            try await group.waitForAll()
        }
    }

    /// All albums, and of them those whose members are needed.
    /// - Parameter titles: of albums that come by another way.
    func listAlbums(
        into listing: Listing, beside titles: [String] = []
    ) async throws -> (all: [ListedAlbum], needed: [ListedAlbum]) {
        guard plan.listsAlbums else { return ([], []) }
        var albums: [Album] = []
        for try await page in client.albums() { albums += page }
        // All at once, so that who is first to have a title does not depend on the pages.
        let all = try await listing.add(albums)
        let listed = try filter.chosen(from: all, beside: titles)
        // The dated views show the members of chosen albums, wherever these are.
        if filter.choosesAlbums, !scope.datedViews.isEmpty || scope.showsFavorites { return (all, listed) }
        let needed = listed.filter { album in
            guard let directory = album.directory else { return true }
            return scope.shows(directory) && filter.mayShow(below: directory)
        }
        return (all, needed)
    }

    /// - Returns: the albums that were listed whole, and those that were not.
    func listMembers(
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
                    // What other views show of its members would look removed.
                    if filter.choosesAlbums, !scope.datedViews.isEmpty || scope.showsFavorites { throw failure }
                    failures[album.directory ?? scope.layout.albums] = failure
                    failed.append(album)
                } else {
                    complete.append(album)
                }
                startNext()
            }
        }
        return (try await listing.giveDirectories(to: complete), failed)
    }

    /// Whether an album need not be listed again. Who asks for some albums alone wants them as they are now.
    private func mayBeSame(_ album: ListedAlbum) -> Bool {
        guard scope.root.isRoot, !filter.choosesAlbums, let listed = album.membersListed else { return false }
        return listed <= runtime.now() && runtime.now() < listed.adding(seconds: albumRecheck)
    }

    private func listMembers(of album: ListedAlbum, into listing: Listing) async throws -> ConnectorError? {
        do {
            if mayBeSame(album),
                try await listing.keepMembers(ofAlbum: album.number, onlySeen: plan.listsEverything)
            {
                return nil
            }
            var members: [Int64] = []
            let now = runtime.now()
            for try await page in client.mediaItems(inAlbum: album.album.id) {
                members += try await listing.add(page, from: .album, at: runtime.now())
            }
            try await listing.setMembers(members, ofAlbum: album.number, at: now)
            return nil
        } catch let error as ConnectorError where error.concernsOneDirectory {
            return error
        }
    }
}

extension ConnectorError {
    /// Whether other directories may still be readable: not without a sign-in or quota, and not through a defect.
    var concernsOneDirectory: Bool {
        ![.auth, .quota, .cancelled, .internalDefect].contains(code)
    }
}
