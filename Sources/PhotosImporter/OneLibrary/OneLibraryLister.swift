import ConnectorKit
import PhotosAPI
import PhotosLibrary
import Takeout

/// Lists a library that is reached by several ways, the service, Takeout exports and the Picker: one item where an item
/// comes by more than one, one album where an album does.
struct OneLibraryLister: Sendable {
    let service: LibraryLister
    let exports: TakeoutLibrary?
    let visit: PickerReader.Visit?
    let includesArchived: Bool

    private var scope: Scope { service.scope }
    private var filter: LibraryFilter { service.filter }
    private var reporter: any ConnectorReporter { service.reporter }
    private static let page = 2000

    struct Listed: Sendable {
        var contents: LibraryContents
        /// What the exports have of it.
        var exported: Exported?
        var picks: OneLibraryPicks?
        var counts: OneLibraryCounts
    }

    struct Exported: Sendable {
        var library: TakeoutLibrary
        var pairing: Pairing
        /// Items of the exports that are in the listing.
        var placed: Int
    }

    func list() async throws -> Listed {
        var listing = try await service.index.beginListing(scope.layout)
        if exports != nil { listing = try await listing.mergingAlbums() }
        var failures: [Pathname: ConnectorError] = [:]
        try await service.listLibrary(into: listing)
        var showsFavorites = scope.showsFavorites
        do {
            try await service.listFavorites(into: listing)
        } catch let error as ConnectorError where error.concernsOneDirectory && !filter.onlyFavorites {
            failures[Layout.favorites] = error
            showsFavorites = false
        }
        let ours = try await exports?.albums() ?? []
        var albums = ServiceAlbums()
        var knowsAlbums = service.plan.listsAlbums
        do {
            let (all, needed) = try await service.listAlbums(into: listing, beside: ours.map(\.title))
            (albums.complete, albums.failed) = try await service.listMembers(
                of: needed, into: listing, failures: &failures)
            let known = Set(needed.map(\.number))
            albums.unneeded = all.filter { !known.contains($0.number) }
        } catch let error as ConnectorError where error.concernsOneDirectory && !filter.choosesAlbums {
            failures[scope.layout.albums] = error
            knowsAlbums = false
        }
        var picks: OneLibraryPicks?
        if let visit {
            picks = try await OneLibraryPicks(
                visit, into: listing, isInLibrary: service.plan.library != nil, at: service.runtime.now())
            if visit.isForgetful { failures[.root] = PickerReader.lost }
        }
        var exported: Exported?
        if let exports {
            let pairing = try await pair(exports, listing)
            exported = Exported(library: exports, pairing: pairing, placed: try await place(exports, pairing))
            for (path, error) in try await TakeoutFailures(library: exports, reporter: reporter).all() {
                failures[path] = error
            }
        }
        var merged: [AlbumMerging.Merged] = []
        if knowsAlbums, let exported {
            merged = try await AlbumMerging(
                exports: exported.library, listing: listing, pairing: exported.pairing, filter: filter, scope: scope
            ).merge(ours, with: albums)
        } else if knowsAlbums {
            merged = albums.complete.map { ($0, nil) }
        }
        let changes = try await listing.finish(question, isWhole: failures.isEmpty)
        let shelf = try await Shelf(
            index: service.index, listing: listing, scope: scope, filter: filter, plan: service.plan,
            albums: merged.map(\.listed), showsFavorites: showsFavorites)
        var directories: [Pathname: Timestamp] = [:]
        for directory in shelf.directories.values where directory.isShown {
            directories[directory.path] = directory.newest
        }
        for path in failures.keys { directories[path] = directories[path] ?? .epoch }
        var attributes: [Pathname: [String: String]] = [:]
        for album in albums.failed {
            if let path = album.directory { attributes[path] = [Attribute.albumTitle: album.album.title] }
        }
        for (listed, album) in merged {
            guard let path = listed.directory else { continue }
            attributes[path] = (album?.attributes ?? [:]).merging([Attribute.albumTitle: listed.album.title]) { $1 }
        }
        var contents = LibraryContents(
            shelf: shelf, directories: directories, failures: failures, albumAttributes: attributes, changes: changes)
        var known: [(ListedAlbum, CatalogAlbum)] = albums.failed.map {
            ($0, CatalogAlbum($0, error: $0.directory.flatMap { failures[$0] }))
        }
        for (listed, album) in merged { known.append((listed, try await line(listed, album, exported))) }
        contents.note(known)
        return Listed(
            contents: contents, exported: exported, picks: picks,
            counts: try await OneLibraryCounts(listing, exported?.pairing, picks))
    }

    /// Tells listings apart that ask for other ways.
    private var question: String {
        var ways: [String] = []
        if exports != nil { ways.append("with exports") }
        // What a host is shown at first, it is shown no more where it does not have it: nothing was removed then.
        if let visit { ways.append("with picks of \(visit.host.isNew ? "anybody" : visit.host.name)") }
        return ([service.plan.question] + ways).joined(separator: "\n")
    }

    /// What the service says of an album, and what the exports add to it.
    private func line(_ listed: ListedAlbum, _ album: TakeoutAlbum?, _ exported: Exported?) async throws -> CatalogAlbum
    {
        guard let album, let exported else { return CatalogAlbum(listed) }
        let count = try await exported.pairing.members(ofAlbum: listed.number).count
        let told = CatalogAlbum(listed, album, items: count)
        if listed.album.id == album.id { return told }
        var line = CatalogAlbum(listed)
        line.items = count
        line.description = told.description
        line.notes = told.notes
        line.comments = told.comments
        return line
    }

    // MARK: Items

    private func pair(_ exports: TakeoutLibrary, _ listing: Listing) async throws -> Pairing {
        let pairing = try await Pairing(listing, way: SecondItem.takeout)
        var page = try await exports.items(after: nil, limit: Self.page)
        while let last = page.last {
            try await pairing.add(page.filter { !$0.isTrashed }.map(SecondItem.init))
            page = try await exports.items(after: last, limit: Self.page)
        }
        reporter.progress(Progress(phase: "matching"))
        let unmeasured = try await pairing.pairWhatIsSure()
        for start in stride(from: 0, to: unmeasured.count, by: 500) {
            let numbers = Array(unmeasured[start..<min(start + 500, unmeasured.count)])
            try await pairing.learn(pixels: try await exports.pixels(ofItems: numbers))
        }
        let unread = try await pairing.pairWhatIsAlike()
        if !unread.isEmpty { reporter.progress(Progress(phase: "comparing contents")) }
        try await pairing.learn(sha256: try await exports.hashes(ofItems: unread))
        try await pairing.finish()
        return pairing
    }

    private func place(_ exports: TakeoutLibrary, _ pairing: Pairing) async throws -> Int {
        var count = 0
        var page = try await exports.items(after: nil, limit: Self.page)
        while let last = page.last {
            let sightings = page.filter { !$0.isTrashed }.map { item in
                Pairing.Sighting(
                    number: item.number, id: item.id, item: MediaItem(item),
                    isInLibrary: service.plan.library != nil && (includesArchived || !item.isArchived),
                    isFavorite: service.plan.favorites != nil && item.metadata?.isFavorite == true,
                    isArchived: scope.showsArchive && item.isArchived)
            }
            try await pairing.place(sightings, at: service.runtime.now())
            count += sightings.count
            reporter.progress(Progress(phase: "listing", items: count))
            page = try await exports.items(after: last, limit: Self.page)
        }
        return count
    }
}

extension SecondItem {
    init(_ item: TakeoutItem) {
        var names: Set = [item.name]
        // A title without an extension: the file was given one. That of a copy is the title of its original.
        if let title = item.metadata?.title, item.name.hasPrefix(title + ".") { names.insert(title) }
        self.init(
            number: item.number, id: item.id, names: names,
            isSure: item.certainty == .matched && item.dating == .sidecar, url: item.metadata?.url ?? "",
            sha256: item.sha256, size: item.size, created: item.time, isVideo: item.type?.isVideo == true,
            mimeType: item.type?.mimeType ?? "", width: item.width, height: item.height,
            isReadable: item.fault == nil)
    }
}
