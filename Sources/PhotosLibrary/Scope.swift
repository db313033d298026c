import ConnectorKit

/// What part of the source an import shows, worked out from its root and the views that are wanted.
public struct Scope: Sendable, Hashable {
    public let layout: LibraryLayout
    public var root: Pathname
    /// The dated views to show; empty where the library need not be listed.
    public var datedViews: [View] = []
    /// The days in UTC that the root narrows the dated views to.
    public var dates: ClosedRange<CivilDate>?
    /// Where views by date begin; nil where the root says itself which year it wants.
    public var startYear: Int?
    public var showsAlbums = false
    public var showsFavorites = false
    public var showsArchive = false
    /// The item that the root names by its id, as rclone's `NAME {ID}.EXT` does.
    public private(set) var itemID: String?

    /// - Throws: ``ConnectorError``: `not-found` where the root is nowhere in the layout, `permission` where Google lets
    ///   nobody in any more.
    public init(
        root: Pathname, views: Set<View>, layout: LibraryLayout = .rclone, startYear: Int? = nil
    ) throws(ConnectorError) {
        self.layout = layout
        self.root = root
        let parts = root.parts
        guard let first = parts.first else {
            self.startYear = startYear
            datedViews = View.dated.filter(views.contains)
            showsAlbums = views.contains(.album)
            showsFavorites = views.contains(.favorites)
            showsArchive = views.contains(.archive)
            return
        }
        switch layout.kind {
        case .rclone: try narrow(parts, first: first, views: views, startYear: startYear)
        case .gphotosSync: try narrow(toPart: first, of: parts)
        }
    }

    private mutating func narrow(
        _ parts: [String], first: String, views: Set<View>, startYear: Int?
    ) throws(ConnectorError) {
        switch first {
        case "media" where parts.count == 1:
            self.startYear = startYear
            let wanted = View.dated.filter(views.contains)
            datedViews = wanted.isEmpty ? [.byMonth] : wanted
        case "media":
            guard let view = View.dated.first(where: { $0.rawValue == parts[1] }) else { throw nowhere }
            datedViews = [view]
            let dates = Array(parts.dropFirst(2).prefix(view.dateParts))
            if dates.isEmpty { self.startYear = startYear }
            if let date = try Self.date(of: dates, in: view, else: nowhere) { self.dates = date.days }
            try takeFile(Array(parts.dropFirst(2 + view.dateParts)))
        case "album":
            showsAlbums = true
            itemID = parts.count > 2 ? Self.itemID(in: parts[parts.count - 1]) : nil
        case "feature" where parts.count == 1:
            showsFavorites = true
            showsArchive = views.contains(.archive)
        case "feature" where parts[1] == "archive":
            showsArchive = true
            try takeFile(Array(parts.dropFirst(2)))
        case "feature" where parts[1] == "favorites":
            showsFavorites = true
            try takeFile(Array(parts.dropFirst(2)))
        case "shared-album":
            throw ConnectorError(
                .permission, "Google's API has shown no shared albums since 31 March 2025",
                hint: "a Takeout export holds them")
        default:
            throw nowhere
        }
    }

    private mutating func narrow(toPart first: String, of parts: [String]) throws(ConnectorError) {
        switch first {
        case "photos":
            datedViews = [.byMonth]
            var dates = Array(parts.dropFirst().prefix(layout.isFlat ? 1 : 2))
            // YYYY-MM, or YYYY and MM: what rclone has as YYYY and YYYY-MM.
            if layout.isFlat, let month = dates.first {
                dates = [String(month.prefix(4)), month]
            } else if dates.count == 2 {
                dates[1] = dates[0] + "-" + dates[1]
            }
            if let date = try Self.date(of: dates, in: .byMonth, else: nowhere) { self.dates = date.days }
            try takeFile(Array(parts.dropFirst(layout.isFlat ? 2 : 3)))
        case "albums": showsAlbums = true
        default: throw nowhere
        }
    }

    /// What follows a directory of files can only be one of them.
    private mutating func takeFile(_ rest: [String]) throws(ConnectorError) {
        if rest.count > 1 { throw nowhere }
        if let name = rest.first { itemID = Self.itemID(in: name) }
    }

    /// The id in braces, as rclone marks files of one name: at least 55 characters of base64url. Our own marks are
    /// hexadecimal.
    private static func itemID(in name: String) -> String? {
        guard let open = name.lastIndex(of: "{"), let close = name[open...].firstIndex(of: "}") else { return nil }
        let id = name[name.index(after: open)..<close]
        let isID = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                true
            default: false
            }
        }
        let isMark = id.utf8.count == 64 && id.allSatisfy { $0.isHexDigit && !$0.isUppercase }
        return isID && !isMark && id.utf8.count >= 55 ? String(id) : nil
    }

    private var nowhere: ConnectorError {
        let places =
            layout.kind == .rclone
            ? "/media/all, /media/by-year, /media/by-month, /media/by-day, /album or /feature/favorites"
            : "/photos or /albums"
        return ConnectorError(
            .notFound, "there is no \(root) in a Google Photos library", hint: "paths begin with \(places)")
    }

    /// The date that the parts of a path after the view stand for: `2024`, then `2024-05` or `2024-05-06`. A month or
    /// day of 0 stands for all of them.
    private static func date(
        of parts: [String], in view: View, else nowhere: ConnectorError
    ) throws(ConnectorError) -> CivilDate? {
        guard let first = parts.first else { return nil }
        guard let year = number(first, digits: 4), (1000...3000).contains(year) else { throw nowhere }
        var date = CivilDate(year: year, month: 0, day: 0)
        if parts.count > 1 {
            let numbers = parts[1].split(separator: "-", omittingEmptySubsequences: false).map(String.init)
            guard numbers.count == (view == .byMonth ? 2 : 3), numbers[0] == first,
                let month = number(numbers[1], digits: 2), (1...12).contains(month)
            else { throw nowhere }
            date.month = month
            if view == .byDay {
                guard let day = number(numbers[2], digits: 2),
                    (1...CivilDate.daysIn(month: month, year: year)).contains(day)
                else { throw nowhere }
                date.day = day
            }
        }
        return date
    }

    private static func number(_ text: String, digits: Int) -> Int? {
        text.utf8.count == digits && text.utf8.allSatisfy { (48..<58).contains($0) } ? Int(text) : nil
    }

    /// Whether something is shown: it lies in the root, or the root in it.
    public func shows(_ pathname: Pathname) -> Bool { root.contains(pathname) || pathname.contains(root) }

    /// Without the views of which a filter leaves nothing: what they are made of need not be listed.
    public func narrowed(by filter: LibraryFilter) -> Scope {
        var narrowed = self
        narrowed.datedViews = datedViews.filter { filter.mayShow(below: layout.directory(of: $0)) }
        narrowed.showsAlbums = showsAlbums && filter.mayShow(below: layout.albums)
        narrowed.showsFavorites = showsFavorites && filter.mayShow(below: Layout.favorites)
        narrowed.showsArchive = showsArchive && filter.mayShow(below: Layout.archive)
        return narrowed
    }

    /// The dated views that show an item of that day.
    func views(showing date: CivilDate) -> [View] {
        if let dates, !dates.contains(date) { return [] }
        guard let startYear, date.year < startYear else { return datedViews }
        return datedViews.filter { $0 == .all }
    }

    /// Directories that a library has even when nothing is in them.
    public var isFixedDirectory: Bool {
        let fixed =
            layout.kind == .rclone
            ? ["/", "/media", "/album", "/feature", "/feature/favorites", "/feature/archive"]
                + View.dated.map { "/media/\($0.rawValue)" }
            : ["/", "/photos", "/albums"]
        return fixed.contains(root.string)
    }
}

extension View {
    /// How many parts of a path tell the date.
    fileprivate var dateParts: Int {
        switch self {
        case .byYear: 1
        case .byMonth, .byDay: 2
        default: 0
        }
    }
}

extension CivilDate {
    /// All the days that a date with a month or day of 0 stands for.
    fileprivate var days: ClosedRange<CivilDate> {
        let first = CivilDate(year: year, month: max(1, month), day: max(1, day))
        let lastMonth = month == 0 ? 12 : month
        let lastDay = day == 0 ? CivilDate.daysIn(month: lastMonth, year: year) : day
        return first...CivilDate(year: year, month: lastMonth, day: lastDay)
    }

    /// `YYYY-MM-DD`; nil for anything else.
    init?(_ text: String) {
        guard text.utf8.count == 10, let moment = Timestamp(text + "T00:00:00Z") else { return nil }
        self = moment.date
    }

    /// `YYYY-MM-DD`.
    var text: String { "\(Layout.padded(year, 4))-\(Layout.padded(month, 2))-\(Layout.padded(day, 2))" }

    func adding(days: Int) -> CivilDate { CivilDate(daysSinceEpoch: daysSinceEpoch + days) }
}
