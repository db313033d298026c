import ConnectorKit
import FakePhotos
import PhotosAPI
import TestSupport
import Testing

@Suite struct SearchTests {
    private func ids(_ client: PhotosClient, _ filter: MediaItemFilter) async throws -> [String] {
        var ids: [String] = []
        for try await page in client.mediaItems(matching: filter) { ids += page.map(\.id) }
        return ids
    }

    private static func date(_ year: Int, _ month: Int = 0, _ day: Int = 0) -> CivilDate {
        CivilDate(year: year, month: month, day: day)
    }

    private func add(_ service: FakeService, _ time: String, _ kind: MediaKind = .jpeg, archived: Bool = false) throws
        -> String
    {
        var item = NewFakeItem("\(time).\(kind)")
        item.kind = kind
        item.creationTime = Timestamp(time)
        item.isArchived = archived
        return try service.library.addItem(item)
    }

    @Test func everyFilterSelects() async throws {
        try await FakeService.run { service in
            let client = try service.client()
            let spring = try add(service, "2024-05-06T10:00:00Z")
            let summer = try add(service, "2024-07-01T10:00:00Z", .mp4)
            let earlier = try add(service, "2023-07-01T10:00:00Z")
            let hidden = try add(service, "2022-07-01T10:00:00Z", archived: true)
            #expect(try await ids(client, MediaItemFilter()) == [summer, spring, earlier])
            #expect(try await ids(client, MediaItemFilter(dates: [Self.date(2024, 5)])) == [spring])
            #expect(try await ids(client, MediaItemFilter(dates: [Self.date(0, 7, 1)])) == [summer, earlier])
            let both = MediaItemFilter(dates: [Self.date(2023)], ranges: [Self.date(2024, 6)...Self.date(2024, 8)])
            #expect(try await ids(client, both) == [summer, earlier])
            #expect(try await ids(client, MediaItemFilter(kind: .video)) == [summer])
            #expect(try await ids(client, MediaItemFilter(kind: .photo)) == [spring, earlier])
            #expect(try await ids(client, MediaItemFilter(includesArchived: true)).last == hidden)
            let upwards = MediaItemFilter(
                ranges: [Self.date(1900)...Self.date(3000)], includesArchived: true, order: .oldestFirst)
            #expect(try await ids(client, upwards) == [hidden, earlier, spring, summer])
            var downwards = upwards
            downwards.order = .newestFirst
            #expect(try await ids(client, downwards) == [summer, spring, earlier, hidden])
        }
    }

    @Test func categoriesAreTakenAndLeftOut() async throws {
        try await FakeService.run(FakeOptions()) { service in
            let client = try service.client()
            let all = try await ids(client, MediaItemFilter())
            let some = try await ids(client, MediaItemFilter(categories: [.landscapes, .people, .food]))
            let others = try await ids(client, MediaItemFilter(excludedCategories: [.landscapes, .people, .food]))
            #expect(!some.isEmpty && !others.isEmpty)
            #expect(Set(some).isDisjoint(with: others))
            #expect(some.count + others.count == all.count)
        }
    }

    static let refused: [MediaItemFilter] = [
        MediaItemFilter(dates: (2001...2006).map { date($0) }),
        MediaItemFilter(ranges: (2001...2006).map { date($0)...date($0) }),
        MediaItemFilter(dates: [date(0)]), MediaItemFilter(dates: [date(2024, 0, 3)]),
        MediaItemFilter(dates: [date(2024, 2, 30)]), MediaItemFilter(dates: [date(2024, 13)]),
        MediaItemFilter(dates: [date(10_000)]), MediaItemFilter(ranges: [date(2023)...date(2024, 5)]),
        MediaItemFilter(ranges: [date(0, 5)...date(0, 6)]),
        MediaItemFilter(categories: Set(ContentCategory.allCases.prefix(11))),
        MediaItemFilter(categories: [.pets], excludedCategories: [.pets]), MediaItemFilter(order: .oldestFirst),
        MediaItemFilter(dates: [date(2024)], onlyFavorites: true, order: .oldestFirst),
        MediaItemFilter(dates: [date(2024)], kind: .video, order: .newestFirst),
        MediaItemFilter(dates: [date(2024)], categories: [.pets], order: .newestFirst),
    ]

    @Test(arguments: refused)
    func whatGoogleWouldRefuseIsNotSent(filter: MediaItemFilter) async throws {
        try await FakeService.run { service in
            let client = try service.client()
            let error = await #expect(throws: ConnectorError.self) { try await ids(client, filter) }
            #expect(error?.code == .config)
            #expect(error?.isRetryable == false)
            #expect(service.library.requestCount(.itemsSearch) == 0)
        }
    }
}
