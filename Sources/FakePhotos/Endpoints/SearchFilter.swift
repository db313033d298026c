import ConnectorKit
import StrictJSON

/// The filters of `mediaItems.search`: kinds of filters are ANDed, the values of one are ORed.
struct SearchFilter: Sendable {
    private struct Day {
        var year: Int
        var month: Int
        var day: Int
    }

    private var days: [ClosedRange<Int>] = []
    /// Dates of any year.
    private var anniversaries: [Day] = []
    private var included: UInt32 = 0
    private var excluded: UInt32 = 0
    private var isVideo: Bool?
    private var onlyFavorites = false
    private var includesArchived = false
    private(set) var hasDates = false
    /// Whether there is a filter that `orderBy` does not go with.
    private(set) var hasOthers = false

    /// What `mediaItems.list` shows, and a search without filters.
    init(includesArchived: Bool = false) { self.includesArchived = includesArchived }

    /// - Throws: `INVALID_ARGUMENT` for what the API refuses.
    init(_ json: JSON) throws(APIError) {
        guard let filters = json.objectValue else { throw .invalidArgument("filters must be an object.") }
        if let dates = filters["dateFilter"] { try readDates(dates) }
        if let content = filters["contentFilter"] {
            hasOthers = true
            included = try Self.categories(content["includedContentCategories"])
            excluded = try Self.categories(content["excludedContentCategories"])
            if included & excluded != 0 {
                throw .invalidArgument("A content category cannot be both included and excluded.")
            }
        }
        if let types = filters["mediaTypeFilter"]?["mediaTypes"]?.arrayValue {
            hasOthers = true
            if types.count > 1 { throw .invalidArgument("Only one media type can be specified.") }
            switch types.first?.stringValue {
            case nil, "ALL_MEDIA": break
            case "PHOTO": isVideo = false
            case "VIDEO": isVideo = true
            default: throw .invalidArgument("Invalid value for a media type.")
            }
        }
        if let features = filters["featureFilter"]?["includedFeatures"]?.arrayValue {
            hasOthers = true
            for feature in features {
                switch feature.stringValue {
                case "NONE": break
                case "FAVORITES": onlyFavorites = true
                default: throw .invalidArgument("Invalid value for a feature.")
                }
            }
        }
        includesArchived = filters["includeArchivedMedia"]?.boolValue ?? false
    }

    private static func categories(_ json: JSON?) throws(APIError) -> UInt32 {
        let names = json?.arrayValue ?? []
        if names.count > 10 { throw .invalidArgument("No more than 10 content categories can be specified.") }
        var mask: UInt32 = 0
        for name in names {
            guard let category = name.stringValue.flatMap({ ContentCategory(rawValue: $0) }) else {
                throw .invalidArgument("Invalid value for a content category.")
            }
            if category != .none { mask |= category.bit }
        }
        return mask
    }

    private mutating func readDates(_ json: JSON) throws(APIError) {
        hasDates = true
        let dates = json["dates"]?.arrayValue ?? []
        let ranges = json["ranges"]?.arrayValue ?? []
        if dates.count > 5 { throw .invalidArgument("No more than 5 dates can be specified.") }
        if ranges.count > 5 { throw .invalidArgument("No more than 5 date ranges can be specified.") }
        for date in dates {
            let day = try Self.day(date)
            if day.year == 0 { anniversaries.append(day) } else { days.append(Self.span(day)) }
        }
        for range in ranges {
            guard let startDate = range["startDate"], let endDate = range["endDate"] else {
                throw .invalidArgument("A date range needs a start date and an end date.")
            }
            let start = try Self.day(startDate)
            let end = try Self.day(endDate)
            let isSamePrecision = (start.month == 0) == (end.month == 0) && (start.day == 0) == (end.day == 0)
            guard start.year > 0, end.year > 0, isSamePrecision else {
                throw .invalidArgument("The start date and the end date must have a year and the same format.")
            }
            let first = Self.span(start).lowerBound
            let last = Self.span(end).upperBound
            guard first <= last else { throw .invalidArgument("The end date must not be before the start date.") }
            days.append(first...last)
        }
    }

    private static func day(_ json: JSON) throws(APIError) -> Day {
        func part(_ name: String) -> Int? {
            guard let value = json[name] else { return 0 }
            return value.integerValue.map { Int($0) }
        }
        guard let year = part("year"), let month = part("month"), let day = part("day"), (0...9999).contains(year),
            (0...12).contains(month), day >= 0, day == 0 || month > 0 && day <= CivilDate.daysIn(month: month, year: 4)
        else { throw .invalidArgument("Invalid date.") }
        return Day(year: year, month: month, day: day)
    }

    /// The days that a date with a year names: one, a month or a year.
    private static func span(_ date: Day) -> ClosedRange<Int> {
        let lastMonth = date.month == 0 ? 12 : date.month
        let lastDay = date.day == 0 ? CivilDate.daysIn(month: lastMonth, year: date.year) : date.day
        let first = CivilDate(year: date.year, month: max(1, date.month), day: max(1, date.day)).daysSinceEpoch
        return first...max(first, CivilDate(year: date.year, month: lastMonth, day: lastDay).daysSinceEpoch)
    }

    func admits(_ item: MediaItem) -> Bool {
        if item.flags.contains(.trashed) || item.flags.contains(.archived) && !includesArchived { return false }
        if onlyFavorites, !item.flags.contains(.favorite) { return false }
        if let isVideo, item.kind.isVideo != isVideo { return false }
        if included != 0, item.categories & included == 0 { return false }
        if item.categories & excluded != 0 { return false }
        return admits(day: item.day)
    }

    private func admits(day: Int) -> Bool {
        if days.isEmpty, anniversaries.isEmpty { return true }
        for span in days where span.contains(day) { return true }
        if anniversaries.isEmpty { return false }
        let date = CivilDate(daysSinceEpoch: day)
        return anniversaries.contains {
            ($0.month == 0 || $0.month == date.month) && ($0.day == 0 || $0.day == date.day)
        }
    }
}
