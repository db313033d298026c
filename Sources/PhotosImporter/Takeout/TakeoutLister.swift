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
        let listing = try await index.beginListing()
        let counts = try await listItems(into: listing)
        let albums = scope.showsAlbums ? try await listAlbums(into: listing) : [:]
        let shelf = try await Shelf(
            index: index, listing: listing, scope: scope, albums: Array(albums.keys),
            showsFavorites: scope.showsFavorites)
        var directories: [Pathname: Timestamp] = [:]
        for directory in shelf.directories.values { directories[directory.path] = directory.newest }
        var attributes: [Pathname: [String: String]] = [:]
        for (listed, album) in albums {
            attributes[listed.directory] = [
                Attribute.albumTitle: album.title, Attribute.description: album.description,
                Attribute.notes: album.notes,
            ].filter { !$0.value.isEmpty }
        }
        let failures = try await failures()
        for path in failures.keys { directories[path] = directories[path] ?? .epoch }
        return (
            LibraryContents(
                shelf: shelf, directories: directories, failures: failures, albumAttributes: attributes), counts
        )
    }

    private func listItems(into listing: Listing) async throws -> Counts {
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
                shown.map(MediaItem.init), from: scope.datedViews.isEmpty ? .album : .library, at: now)
            // An album shows what is archived, too.
            try await listing.add(hidden.map(MediaItem.init), from: .album, at: now)
            if scope.showsFavorites {
                let favorites = kept.filter { $0.metadata?.isFavorite == true }
                try await listing.add(favorites.map(MediaItem.init), from: .favorites, at: now)
            }
            reporter.progress(Progress(phase: "listing", items: counts.items))
            page = try await library.items(after: last, limit: Self.batchSize)
        }
        return counts
    }

    private func listAlbums(into listing: Listing) async throws -> [ListedAlbum: TakeoutAlbum] {
        let albums = try await library.albums()
        let listed = try await listing.add(albums.map { Album(id: "takeout:\($0.folder)", title: $0.title) })
        var found: [ListedAlbum: TakeoutAlbum] = [:]
        for (listed, album) in zip(listed, albums) where scope.shows(listed.directory) {
            let numbers = try await index.numbers(ofItems: try await library.members(of: album))
            try await listing.setMembers(numbers, ofAlbum: listed.number)
            found[listed] = album
        }
        return found
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
