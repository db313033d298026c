import ConnectorKit
import FakePhotos
import StrictJSON
import Testing

@Suite struct SearchFilterTests {
    private func search(_ client: TestClient, _ filters: JSON, orderBy: String? = nil) async throws -> [String] {
        var query: JSONObject = ["filters": filters, "pageSize": 100]
        query["orderBy"] = orderBy.map { .string($0) }
        return try await client.pages(query).flatMap { $0 }
    }

    private func expected(_ library: FakeLibrary, _ isShown: (FakeItem) -> Bool) throws -> Set<String> {
        Set(try library.items(hashing: false).filter { !$0.isArchived && isShown($0) }.map(\.id))
    }

    @Test func datesSelectDaysMonthsAndYears() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let sample = try #require(try library.items(hashing: false).first { !$0.isArchived }).creationTime.date
        let year: JSON = .integer(Int64(sample.year))
        let month: JSON = .integer(Int64(sample.month))
        let day: JSON = .integer(Int64(sample.day))
        let inYear = try await search(client, ["dateFilter": ["dates": [["year": year]]]])
        #expect(try Set(inYear) == expected(library) { $0.creationTime.date.year == sample.year })
        let inMonth = try await search(client, ["dateFilter": ["dates": [["year": year, "month": month]]]])
        #expect(
            try Set(inMonth)
                == expected(library) {
                    $0.creationTime.date.year == sample.year && $0.creationTime.date.month == sample.month
                })
        let onDay = try await search(client, ["dateFilter": ["dates": [["year": year, "month": month, "day": day]]]])
        #expect(try !onDay.isEmpty && Set(onDay) == expected(library) { $0.creationTime.date == sample })
        let anyYear = try await search(client, ["dateFilter": ["dates": [["month": month]]]])
        #expect(try Set(anyYear) == expected(library) { $0.creationTime.date.month == sample.month })
    }

    @Test func rangesAreInclusiveAndOred() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let open: JSON = [
            "startDate": ["year": 1900, "month": 1, "day": 1], "endDate": ["year": 3000, "month": 1, "day": 1],
        ]
        #expect(
            try await Set(search(client, ["dateFilter": ["ranges": [open]]])) == expected(library) { _ in true })
        let two: JSON = [
            ["startDate": ["year": 2019], "endDate": ["year": 2020]],
            ["startDate": ["year": 2024, "month": 6], "endDate": ["year": 2024, "month": 7]],
        ]
        let found = try await search(client, ["dateFilter": ["ranges": two]])
        #expect(
            try Set(found)
                == expected(library) {
                    let date = $0.creationTime.date
                    return date.year <= 2020 || date.year == 2024 && (6...7).contains(date.month)
                })
    }

    @Test func kindsAreAnded() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let videos = try await search(client, ["mediaTypeFilter": ["mediaTypes": ["VIDEO"]]])
        #expect(try Set(videos) == expected(library) { $0.mimeType.hasPrefix("video/") })
        let favorites = try await search(client, ["featureFilter": ["includedFeatures": ["FAVORITES"]]])
        #expect(try Set(favorites) == expected(library) { $0.isFavorite })
        let both = try await search(
            client,
            [
                "featureFilter": ["includedFeatures": ["FAVORITES"]], "mediaTypeFilter": ["mediaTypes": ["PHOTO"]],
                "dateFilter": ["ranges": [["startDate": ["year": 2020], "endDate": ["year": 2023]]]],
            ])
        #expect(
            try Set(both)
                == expected(library) {
                    $0.isFavorite && $0.mimeType.hasPrefix("image/")
                        && (2020...2023).contains($0.creationTime.date.year)
                })
        let archived = try await search(client, ["includeArchivedMedia": true])
        #expect(try Set(archived) == Set(library.items(hashing: false).map(\.id)))
        let screenshots = try await search(client, ["contentFilter": ["includedContentCategories": ["SCREENSHOTS"]]])
        #expect(try Set(screenshots) == expected(library) { $0.mimeType == "image/png" })
    }

    @Test func orderBySortsUpwards() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        let dates: JSON = ["dateFilter": ["ranges": [["startDate": ["year": 2021], "endDate": ["year": 2022]]]]]
        let down = try await search(client, dates)
        let up = try await search(client, dates, orderBy: "MediaMetadata.creation_time")
        #expect(up.count > 25 && up == down.reversed())
    }

    @Test(arguments: [
        #"{"filters":{"mediaTypeFilter":{"mediaTypes":["PHOTO","VIDEO"]}}}"#,
        #"{"filters":{"dateFilter":{"dates":[{"year":1},{"year":2},{"year":3},{"year":4},{"year":5},{"year":6}]}}}"#,
        #"{"filters":{"dateFilter":{"ranges":[{"startDate":{"year":2020},"endDate":{"year":2020,"month":2}}]}}}"#,
        #"{"filters":{"dateFilter":{"ranges":[{"startDate":{"year":2021},"endDate":{"year":2020}}]}}}"#,
        #"{"filters":{"dateFilter":{"dates":[{"year":2020,"month":13}]}}}"#,
        #"{"filters":{"contentFilter":{"includedContentCategories":["PETS"],"excludedContentCategories":["PETS"]}}}"#,
        #"{"filters":{"featureFilter":{"includedFeatures":["LIKED"]}}}"#,
        #"{"orderBy":"MediaMetadata.creation_time"}"#,
        #"{"filters":{"dateFilter":{"dates":[{"year":2020}]},"mediaTypeFilter":{"mediaTypes":["PHOTO"]}},"orderBy":"MediaMetadata.creation_time"}"#,
        #"{"filters":"#,
    ])
    func refusesWhatGoogleRefuses(body: String) async throws {
        let client = try TestClient(try FakeLibrary())
        let answer = await client.send("POST", "/v1/mediaItems:search", bytes: Array(body.utf8))
        #expect(answer.status == 400)
        #expect(try answer.json().errorStatus == "INVALID_ARGUMENT")
    }
}
