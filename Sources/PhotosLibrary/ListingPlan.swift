import ConnectorKit
import PhotosAPI

/// Which lists of the service show a part of a library: as few and as short as there can be.
public struct ListingPlan: Sendable, Hashable {
    /// How the list of the library is asked for; nil where it is not.
    public var library: LibraryList?
    /// How the favourites are asked for; nil where they are not.
    public var favorites: MediaItemFilter?
    public var listsAlbums: Bool
    /// Whether the dated views show members of the chosen albums only.
    public let onlyMembers: Bool
    /// Tells plans apart that ask for other parts of a library.
    public let question: String

    public enum LibraryList: Sendable, Hashable {
        /// Without archived items: the plain list, which takes no filter.
        case all
        case matching(MediaItemFilter)
    }

    public init(scope: Scope, filter: LibraryFilter, includesArchived: Bool) {
        let showsDates = !scope.datedViews.isEmpty
        onlyMembers = filter.choosesAlbums
        listsAlbums = scope.showsAlbums || filter.choosesAlbums
        let trees = [
            showsDates ? "dates" : "", scope.showsAlbums ? "albums" : "", scope.showsFavorites ? "favorites" : "",
        ]
        question =
            ([scope.root.string] + trees + [includesArchived ? "archived" : ""] + filter.arguments).joined(
                separator: "\n")
        let dates = Self.union(scope, filter)
        let narrowed = MediaItemFilter(
            ranges: dates.map { [$0] } ?? [], kind: filter.kind, includesArchived: includesArchived)
        // Members of albums come with all that is known of them, but for whether they are archived.
        let membersSayAll = filter.choosesAlbums && includesArchived
        if showsDates, !filter.onlyFavorites, !membersSayAll {
            library = narrowed == MediaItemFilter() ? .all : .matching(narrowed)
        }
        if scope.showsFavorites || filter.onlyFavorites {
            favorites = narrowed
            favorites?.onlyFavorites = true
        }
    }

    /// The days to ask for. Google compares the local date of an item, and we show dates in UTC, which differs by a day
    /// at most: one more is asked for at each end, and what is too much is left out here.
    private static func union(_ scope: Scope, _ filter: LibraryFilter) -> ClosedRange<CivilDate>? {
        // Albums show items of any date; what narrows them is not for this list.
        let isNarrowedByRoot = scope.dates != nil
        if !isNarrowedByRoot, filter.since == nil, filter.until == nil { return nil }
        let first = max(scope.dates?.lowerBound ?? earliest, filter.since ?? earliest)
        let last = min(scope.dates?.upperBound ?? latest, filter.until ?? latest)
        // Nothing can be both: the shortest list there is.
        let end = max(first, last)
        return first.adding(days: -1)...end.adding(days: 1)
    }

    /// The years that rclone takes; gphotos-sync asks up to the year 3000 as well.
    private static let earliest = CivilDate(year: 1000, month: 1, day: 2)
    private static let latest = CivilDate(year: 3000, month: 12, day: 30)
}
