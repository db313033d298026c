import ConnectorKit
import PhotosAPI
import PhotosLibrary
import Takeout

/// Puts the items and albums of exports on the shelf, as ``LibraryLister`` does with those of the service: the same
/// layout and the same names, whichever way they came.
struct TakeoutLister: Sendable {
    let library: TakeoutLibrary
    let index: Index
    let scope: Scope
    let filter: LibraryFilter
    let includesArchived: Bool
    let reporter: any ConnectorReporter
    let runtime: Runtime

    /// What was counted on the way.
    struct Counts: Sendable {
        var items = 0
        var certainties: [MatchCertainty: Int] = [:]
        var trashed = 0
        var archivedAndHidden = 0
    }

    private static let batchSize = 2000

    func list() async throws -> (contents: LibraryContents, counts: Counts) {
        let listing = try await index.beginListing(scope.layout)
        let plan = plan
        let counts = try await listItems(plan, into: listing)
        let albums = plan.listsAlbums ? try await listAlbums(into: listing) : []
        let failures = try await failures()
        let changes = try await listing.finish(plan.question, isWhole: failures.isEmpty)
        let shelf = try await Shelf(
            index: index, listing: listing, scope: scope, filter: filter, plan: plan, albums: albums.map(\.listed),
            showsFavorites: scope.showsFavorites)
        var directories: [Pathname: Timestamp] = [:]
        for directory in shelf.directories.values where directory.isShown {
            directories[directory.path] = directory.newest
        }
        var attributes: [Pathname: [String: String]] = [:]
        for (listed, album, _) in albums {
            guard let path = listed.directory else { continue }
            attributes[path] = [
                Attribute.albumTitle: album.title, Attribute.description: album.description,
                Attribute.notes: album.notes,
            ].filter { !$0.value.isEmpty }
        }
        for path in failures.keys { directories[path] = directories[path] ?? .epoch }
        var contents = LibraryContents(
            shelf: shelf, directories: directories, failures: failures, albumAttributes: attributes, changes: changes)
        contents.note(albums.map { ($0.listed, CatalogAlbum($0.listed, $0.album, items: $0.items)) })
        return (contents, counts)
    }

    /// No service leaves anything out: the whole library is at hand, whatever the filter, and the shelf filters it.
    private var plan: ListingPlan {
        var plan = ListingPlan(scope: scope, filter: filter, includesArchived: includesArchived)
        plan.library = scope.datedViews.isEmpty ? nil : .all
        return plan
    }

    private func listItems(_ plan: ListingPlan, into listing: Listing) async throws -> Counts {
        var counts = Counts()
        var page = try await library.items(after: nil, limit: Self.batchSize)
        while let last = page.last {
            counts.items += page.count
            for item in page { counts.certainties[item.certainty, default: 0] += 1 }
            let kept = page.filter { !$0.isTrashed }
            counts.trashed += page.count - kept.count
            let shown = kept.filter { includesArchived || !$0.isArchived }
            let hidden = kept.filter { !includesArchived && $0.isArchived }
            counts.archivedAndHidden += hidden.count
            let now = runtime.now()
            try await listing.add(
                shown.map(MediaItem.init), from: plan.library == nil ? .album : .library, at: now)
            // An album shows what is archived, too.
            try await listing.add(hidden.map(MediaItem.init), from: .album, at: now)
            if plan.favorites != nil {
                let favorites = kept.filter { $0.metadata?.isFavorite == true }
                try await listing.add(favorites.map(MediaItem.init), from: .favorites, at: now)
            }
            reporter.progress(Progress(phase: "listing", items: counts.items))
            page = try await library.items(after: last, limit: Self.batchSize)
        }
        return counts
    }

    /// The albums whose members are needed. An export does not tell the order of these: it is that of their dates.
    private func listAlbums(into listing: Listing) async throws -> [(
        listed: ListedAlbum, album: TakeoutAlbum, items: Int
    )] {
        let albums = try await library.albums()
        let all = try await listing.add(albums.map { Album(id: "takeout:\($0.folder)", title: $0.title) })
        var known: [Int64: TakeoutAlbum] = [:]
        for (listed, album) in zip(all, albums) { known[listed.number] = album }
        // The dated views show the members of chosen albums, wherever these are.
        let areAllNeeded = filter.choosesAlbums && (!scope.datedViews.isEmpty || scope.showsFavorites)
        let needed = try filter.chosen(from: all).filter { listed in
            guard let directory = listed.directory, !areAllNeeded else { return true }
            return scope.shows(directory) && filter.mayShow(below: directory)
        }
        var counts: [Int64: Int] = [:]
        for listed in needed {
            guard let album = known[listed.number] else { continue }
            let numbers = try await listing.numbers(ofItems: try await library.members(of: album))
            try await listing.setMembers(numbers, ofAlbum: listed.number)
            counts[listed.number] = numbers.count
        }
        return try await listing.giveDirectories(to: needed).compactMap { listed in
            known[listed.number].map { (listed, $0, counts[listed.number] ?? 0) }
        }
    }

    /// What could not be read may have been anything: the whole listing is incomplete, and says so.
    private func failures() async throws -> [Pathname: ConnectorError] {
        let problems = try await library.problems()
        guard let first = problems.first else { return [:] }
        for problem in problems { reporter.log(.error, problem.description, pathname: nil) }
        let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
        return [
            .root: ConnectorError(
                .corrupt, "not all of the exports can be read: \(first.description)\(more)",
                hint: "gphotos takeout inspect DIRECTORY lists all of it; download damaged and missing parts again")
        ]
    }
}

extension TakeoutProblem {
    /// One line for a person.
    var description: String {
        path.isEmpty ? (message.contains(part) ? message : "\(part): \(message)") : "\(part): \(path) \(message)"
    }
}

extension MediaItem {
    /// An item of an export, as the index keeps those of every source.
    init(_ item: TakeoutItem) {
        self.init(
            id: item.id, filename: item.name, description: item.metadata?.description ?? "",
            mimeType: item.type?.mimeType ?? "", creationTime: item.time,
            kind: item.type?.isVideo == true ? .video : .photo, productURL: item.metadata?.url ?? "")
    }
}
