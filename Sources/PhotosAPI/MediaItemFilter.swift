import ConnectorKit
import StrictJSON

/// What `mediaItems.search` narrows down to: kinds of filters are ANDed, the values of one are ORed.
/// <https://developers.google.com/photos/library/guides/apply-filters>
public struct MediaItemFilter: Sendable, Hashable {
    /// Which end of time comes first.
    public enum Order: Sendable, Hashable {
        case newestFirst, oldestFirst
    }

    /// At most 5. A part of 0 is a wildcard: any year, the whole year, the whole month.
    public var dates: [CivilDate]
    /// At most 5. Both ends are included. A month or day of 0 stands for the whole year or month; both ends have the
    /// same precision.
    public var ranges: [ClosedRange<CivilDate>]
    /// What is seen in a photo: any of these, at most 10.
    public var categories: Set<ContentCategory>
    /// None of these, at most 10.
    public var excludedCategories: Set<ContentCategory>
    /// Photos or videos alone.
    public var kind: MediaItem.Kind?
    public var onlyFavorites: Bool
    public var includesArchived: Bool
    /// Goes with dates alone, and with ``includesArchived``. Nil leaves it to Google: newest first.
    public var order: Order?

    public init(
        dates: [CivilDate] = [], ranges: [ClosedRange<CivilDate>] = [], categories: Set<ContentCategory> = [],
        excludedCategories: Set<ContentCategory> = [], kind: MediaItem.Kind? = nil, onlyFavorites: Bool = false,
        includesArchived: Bool = false, order: Order? = nil
    ) {
        self.dates = dates
        self.ranges = ranges
        self.categories = categories
        self.excludedCategories = excludedCategories
        self.kind = kind
        self.onlyFavorites = onlyFavorites
        self.includesArchived = includesArchived
        self.order = order
    }

    /// Refuses what Google would answer with 400, without a request.
    /// - Throws: ``ConnectorError`` with code `config`.
    func check() throws(ConnectorError) {
        func require(_ holds: Bool, _ what: String) throws(ConnectorError) {
            if !holds { throw ConnectorError(.config, "Google takes no such search: \(what)") }
        }
        try require(dates.count <= 5, "more than 5 dates")
        try require(ranges.count <= 5, "more than 5 ranges of dates")
        try require(dates.allSatisfy(Self.isDate), "a date that does not exist")
        for range in ranges {
            let (first, last) = (range.lowerBound, range.upperBound)
            try require(Self.isDate(first) && Self.isDate(last), "a range to or from a date that does not exist")
            try require(first.year > 0, "a range of dates without a year")
            try require(
                (first.month == 0) == (last.month == 0) && (first.day == 0) == (last.day == 0),
                "a range whose ends do not have the same precision")
        }
        try require(categories.count <= 10 && excludedCategories.count <= 10, "more than 10 categories")
        try require(categories.isDisjoint(with: excludedCategories), "a category both included and excluded")
        if order != nil {
            try require(!dates.isEmpty || !ranges.isEmpty, "an order without dates")
            let isAlone = categories.isEmpty && excludedCategories.isEmpty && kind == nil && !onlyFavorites
            try require(isAlone, "an order with another filter than dates and archived items")
        }
    }

    /// Whether a date, with its wildcards, is one. Of a 29 February without a year it is not known.
    private static func isDate(_ date: CivilDate) -> Bool {
        guard (0...9999).contains(date.year), (0...12).contains(date.month) else { return false }
        if date.day == 0 { return date.year > 0 || date.month > 0 }
        let year = date.year == 0 ? 2000 : date.year
        return date.month > 0 && (1...CivilDate.daysIn(month: date.month, year: year)).contains(date.day)
    }

    /// The body of the search.
    var query: JSONObject {
        var filters = JSONObject()
        if !dates.isEmpty || !ranges.isEmpty {
            var dateFilter = JSONObject()
            if !dates.isEmpty { dateFilter["dates"] = .array(dates.map(Self.json)) }
            if !ranges.isEmpty {
                dateFilter["ranges"] = .array(
                    ranges.map { ["startDate": Self.json($0.lowerBound), "endDate": Self.json($0.upperBound)] })
            }
            filters["dateFilter"] = .object(dateFilter)
        }
        if !categories.isEmpty || !excludedCategories.isEmpty {
            var contentFilter = JSONObject()
            if !categories.isEmpty { contentFilter["includedContentCategories"] = Self.json(categories) }
            if !excludedCategories.isEmpty {
                contentFilter["excludedContentCategories"] = Self.json(excludedCategories)
            }
            filters["contentFilter"] = .object(contentFilter)
        }
        if let kind { filters["mediaTypeFilter"] = ["mediaTypes": [kind == .video ? "VIDEO" : "PHOTO"]] }
        if onlyFavorites { filters["featureFilter"] = ["includedFeatures": ["FAVORITES"]] }
        if includesArchived { filters["includeArchivedMedia"] = true }
        var query: JSONObject = ["filters": .object(filters)]
        switch order {
        case .oldestFirst: query["orderBy"] = "MediaMetadata.creation_time"
        case .newestFirst: query["orderBy"] = "MediaMetadata.creation_time desc"
        case nil: break
        }
        return query
    }

    private static func json(_ date: CivilDate) -> JSON {
        ["year": .integer(Int64(date.year)), "month": .integer(Int64(date.month)), "day": .integer(Int64(date.day))]
    }

    /// In one order, since every page of a list must repeat the same query.
    private static func json(_ categories: Set<ContentCategory>) -> JSON {
        .array(categories.map(\.rawValue).sorted().map { .string($0) })
    }
}

/// What Google sees in a photo.
/// <https://developers.google.com/photos/library/reference/rest/v1/mediaItems/search#contentcategory>
public enum ContentCategory: String, Sendable, Hashable, CaseIterable {
    case landscapes = "LANDSCAPES"
    case receipts = "RECEIPTS"
    case cityscapes = "CITYSCAPES"
    case landmarks = "LANDMARKS"
    case selfies = "SELFIES"
    case people = "PEOPLE"
    case pets = "PETS"
    case weddings = "WEDDINGS"
    case birthdays = "BIRTHDAYS"
    case documents = "DOCUMENTS"
    case travel = "TRAVEL"
    case animals = "ANIMALS"
    case food = "FOOD"
    case sport = "SPORT"
    case night = "NIGHT"
    case performances = "PERFORMANCES"
    case whiteboards = "WHITEBOARDS"
    case screenshots = "SCREENSHOTS"
    case utility = "UTILITY"
    case arts = "ARTS"
    case crafts = "CRAFTS"
    case fashion = "FASHION"
    case houses = "HOUSES"
    case gardens = "GARDENS"
    case flowers = "FLOWERS"
    case holidays = "HOLIDAYS"
}
