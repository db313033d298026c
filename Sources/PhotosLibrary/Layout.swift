import ConnectorKit

/// The trees that an import can show, after rclone's Google Photos backend.
/// <https://rclone.org/googlephotos/#layout>
public enum View: String, Sendable, Hashable, CaseIterable {
    case all
    case byYear = "by-year"
    case byMonth = "by-month"
    case byDay = "by-day"
    case album
    case favorites

    /// The views that are made of the list of the whole library.
    public static let dated: [View] = [.all, .byYear, .byMonth, .byDay]
}

/// Where things are in the tree. Pathnames are those of the whole source, whatever part of it is asked for.
public enum Layout {
    public static let albums = trusted("/album")
    public static let favorites = trusted("/feature/favorites")
    public static let catalog = trusted("/.gphotos")

    /// The directory of an item in one of the dated views. Dates are in UTC.
    public static func directory(of date: CivilDate, in view: View) -> String {
        let year = padded(date.year, 4)
        let month = "\(year)-\(padded(date.month, 2))"
        return switch view {
        case .byYear: "/media/by-year/\(year)"
        case .byMonth: "/media/by-month/\(year)/\(month)"
        case .byDay: "/media/by-day/\(year)/\(month)-\(padded(date.day, 2))"
        default: "/media/all"
        }
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(max(0, number))
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Literals of this file are valid.
    private static func trusted(_ text: String) -> Pathname { (try? Pathname(text)) ?? .root }
}

/// What part of the source an import shows, worked out from its root and the views that are wanted.
public struct Scope: Sendable, Hashable {
    public var root: Pathname
    /// The dated views to show; empty where the library need not be listed.
    public var datedViews: [View]
    /// Narrows the list of the library; the date parts of 0 are wildcards.
    public var dates: ClosedRange<CivilDate>?
    public var showsAlbums: Bool
    public var showsFavorites: Bool

    /// - Throws: ``ConnectorError`` with code `not-found` where the root is nowhere in the layout.
    public init(root: Pathname, views: Set<View>) throws(ConnectorError) {
        self.root = root
        datedViews = []
        showsAlbums = false
        showsFavorites = false
        let parts = root.parts
        switch parts.first {
        case nil:
            datedViews = View.dated.filter(views.contains)
            showsAlbums = views.contains(.album)
            showsFavorites = views.contains(.favorites)
        case "media" where parts.count == 1:
            let wanted = View.dated.filter(views.contains)
            datedViews = wanted.isEmpty ? [.byMonth] : wanted
        case "media":
            guard let view = View.dated.first(where: { $0.rawValue == parts[1] }) else { throw Self.nowhere(root) }
            datedViews = [view]
            dates = try Self.dates(of: Array(parts.dropFirst(2)), in: view, root: root)
        case "album":
            showsAlbums = true
        case "feature" where parts.count == 1 || parts[1] == "favorites":
            showsFavorites = true
        case "shared-album":
            throw ConnectorError(
                .permission, "Google's API has shown no shared albums since 31 March 2025",
                hint: "a Takeout export holds them")
        default:
            throw Self.nowhere(root)
        }
    }

    private static func nowhere(_ root: Pathname) -> ConnectorError {
        ConnectorError(
            .notFound, "there is no \(root) in a Google Photos library",
            hint: "paths begin with /media/all, /media/by-year, /media/by-month, /media/by-day, /album or "
                + "/feature/favorites")
    }

    /// The dates that the parts of a path after the view stand for: `2024`, then `2024-05` or `2024-05-06`.
    private static func dates(
        of parts: [String], in view: View, root: Pathname
    ) throws(ConnectorError) -> ClosedRange<CivilDate>? {
        guard view != .all, let first = parts.first else { return nil }
        guard let year = number(first, digits: 4), (1000...3000).contains(year) else { throw nowhere(root) }
        var date = CivilDate(year: year, month: 0, day: 0)
        if view != .byYear, parts.count > 1 {
            let numbers = parts[1].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            guard numbers.count == (view == .byMonth ? 2 : 3), numbers[0] == first,
                let month = number(numbers[1], digits: 2), (1...12).contains(month)
            else { throw nowhere(root) }
            date.month = month
            if view == .byDay {
                guard let day = number(numbers[2], digits: 2),
                    (1...CivilDate.daysIn(month: month, year: year)).contains(day)
                else { throw nowhere(root) }
                date.day = day
            }
        }
        return date...date
    }

    private static func number(_ text: String, digits: Int) -> Int? {
        text.utf8.count == digits && text.utf8.allSatisfy { (48..<58).contains($0) } ? Int(text) : nil
    }

    /// Whether something is shown: it lies in the root, or the root in it.
    public func shows(_ pathname: Pathname) -> Bool { root.contains(pathname) || pathname.contains(root) }
}
