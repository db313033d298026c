import ConnectorKit
import PhotosLibrary
import Testing

@Suite struct LibrarySettingsTests {
    private static let good = [
        "type": "google photos", "client_id": "id", "client_secret": "very-secret",
        "token": #"{"access_token":"a-token","refresh_token":"r-token","expiry":"2026-01-01T00:00:00Z"}"#,
    ]

    @Test func settingsMayCarryPlakarsPrefix() throws {
        let raw = Dictionary(uniqueKeysWithValues: Self.good.map { ("rclone_" + $0.key, $0.value) })
        let settings = try LibrarySettings(Settings(raw))
        #expect(settings.api.clientID == "id")
        #expect(settings.api.token.refreshToken?.reveal() == "r-token")
        #expect(settings.includesArchived)
        #expect(settings.views == [.byMonth, .album, .favorites])
    }

    @Test(arguments: [
        ("type", "drive"), ("token", "no json"), ("token", ""), ("read_only", "perhaps"), ("transfers", "0"),
        ("transfers", "many"), ("api_url", "http://photos.example.com"), ("api_url", "ftp://127.0.0.1"),
        ("api_url", "http://127.example.com"),
        ("picker_url", "http://photos.example.com"), ("proxy", "http://nas.example.com:8282"),
        ("proxy", "localhost:8282"), ("shared", "perhaps"), ("token_url", "nonsense"), ("location", "dropbox://x"),
        ("location", "googlephotos:///a/../b"),
        ("views", "by-month,by-week"), ("batch_size", "51"), ("batch_timeout", "soon"), ("ca_file", "/no/such/file"),
        ("batch_mode", "later"), ("encoding", "Slash,Nonsense"), ("layout", "tree"), ("album_date", "middle"),
        ("album_order", "random"), ("month_format", "%H"), ("month_format", "%"), ("path_format", "{0}"),
        ("path_format", "{1"), ("path_format", "{2} {1}"), ("since", "yesterday"), ("since", "2024-13-01"),
        ("until", "2024-05"), ("media_type", "sound"), ("favorites", "some"), ("album_regex", "("), ("include", "[a"),
        ("exclude", "{a"), ("start_year", "MM"), ("read_size", "all"),
    ])
    func aWrongValueIsRefusedByName(key: String, value: String) {
        var raw = Self.good
        raw[key] = value
        let error = #expect(throws: ConnectorError.self) { try LibrarySettings(Settings(raw)) }
        #expect(error?.code == .config)
        #expect(error?.message.contains(key) == true)
        #expect(error?.message.contains("a-token") == false)
    }

    @Test func theOriginIsTheSameInEveryRunAndNotATokens() throws {
        var raw = Self.good
        let first = try LibrarySettings(Settings(raw)).origin
        raw["token"] = #"{"access_token":"other","refresh_token":"other"}"#
        #expect(try LibrarySettings(Settings(raw)).origin == first)
        raw["name"] = "myphotos"
        #expect(try LibrarySettings(Settings(raw)).origin == "myphotos")
    }

    @Test func batchesAreThoseOfRclonesModes() throws {
        func settings(_ more: [String: String]) throws -> LibrarySettings {
            try LibrarySettings(Settings(Self.good.merging(more) { $1 }))
        }
        #expect(try settings([:]).batchSize == 50)
        #expect(try settings([:]).batchTimeout == .seconds(1))
        #expect(try settings(["batch_mode": "async"]).batchTimeout == .seconds(10))
        #expect(try settings(["batch_mode": "async", "batch_timeout": "2s"]).batchTimeout == .seconds(2))
        #expect(try settings(["batch_mode": "off", "batch_size": "20"]).batchSize == 1)
        #expect(try settings(["batch_size": "20"]).batchSize == 20)
    }

    @Test func filtersAreTheSameTextInAnyOrder() throws {
        let filter = try LibraryFilter(
            Settings(["album": "Two Days\nOne", "since": "2024-05-06", "favorites": "true", "exclude": "*.mp4"]))
        #expect(
            filter.arguments == [
                "--album One", "--album 'Two Days'", "--since 2024-05-06", "--favorites", "--exclude '*.mp4'",
            ])
        #expect(try LibraryFilter(Settings([:])) == .none)
    }

    @Test func plainHTTPIsForThisMachineAlone() throws {
        var raw = Self.good
        raw["api_url"] = "http://127.0.0.1:8080/"
        raw["picker_url"] = "http://127.0.0.1:8080/picker"
        raw["proxy"] = "http://localhost:8282/"
        let settings = try LibrarySettings(Settings(raw))
        #expect(settings.api.apiURL == "http://127.0.0.1:8080")
        #expect(settings.api.pickerURL == "http://127.0.0.1:8080/picker")
        #expect(settings.proxyURL == "http://localhost:8282")
        raw["proxy"] = "https://nas.example.com:8282"
        #expect(try LibrarySettings(Settings(raw)).proxyURL == "https://nas.example.com:8282")
    }

    @Test func withoutThemTheServicesAreGooglesAndThereIsNoProxy() throws {
        let settings = try LibrarySettings(Settings(Self.good))
        #expect(settings.api.pickerURL == "https://photospicker.googleapis.com")
        #expect(settings.proxyURL == nil)
        #expect(!settings.api.triesSharing)
        #expect(try LibrarySettings(Settings(Self.good.merging(["shared": "true"]) { $1 })).api.triesSharing)
    }
}

@Suite struct ScopeTests {
    @Test(arguments: [
        ("/media/by-year/2024", "2024-01-01", "2024-12-31"),
        ("/media/by-month/2024", "2024-01-01", "2024-12-31"),
        ("/media/by-month/2024/2024-02", "2024-02-01", "2024-02-29"),
        ("/media/by-day/2024/2024-05-06/x.jpg", "2024-05-06", "2024-05-06"),
    ])
    func aDateInThePathNarrowsTheList(path: String, first: String, last: String) throws {
        let scope = try Scope(root: try Pathname(path), views: [.byMonth])
        let days = try [first, last].map { try #require(Timestamp($0 + "T00:00:00Z")).date }
        #expect(scope.dates == days[0]...days[1])
        #expect(scope.datedViews.count == 1)
        #expect(!scope.showsAlbums)
    }

    @Test(arguments: ["/x", "/media/by-week", "/media/by-year/24", "/media/by-month/2024/2023-05", "/feature/people"])
    func whatIsNowhereIsSaidToBe(path: String) throws {
        let root = try Pathname(path)
        let error = #expect(throws: ConnectorError.self) { try Scope(root: root, views: [.byMonth]) }
        #expect(error?.code == .notFound)
    }
}
