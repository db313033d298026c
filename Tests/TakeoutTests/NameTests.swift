import ConnectorKit
import StrictJSON
import Testing

@testable import Takeout

@Suite struct PartNameTests {
    @Test(arguments: [
        ("takeout-20260301T101500Z-001.zip", "20260301T101500Z", "", 1),
        ("takeout-20260301T101500Z-3-012.tgz", "20260301T101500Z", "3", 12),
        ("takeout-20260301T101500Z-001 (1).zip", "20260301T101500Z", "", 1),
        ("Takeout-20260301T101500Z-002.tar.gz", "20260301T101500Z", "", 2),
        ("takeout-20260301T101500Z-001", "20260301T101500Z", "", 1),
    ])
    func aPartSaysWhenItWasMadeAndWhichItIs(_ name: String, _ stamp: String, _ series: String, _ number: Int) {
        let part = PartName(name)
        #expect(part.stamp == stamp)
        #expect(part.series == series)
        #expect(part.number == number)
        #expect(part.date == Timestamp("2026-03-01T10:15:00Z"))
    }

    @Test(arguments: ["photos.zip", "takeout-20261301T101500Z-001.zip", "takeout.zip", ""])
    func otherNamesSayNothing(_ name: String) {
        #expect(PartName(name).stamp.isEmpty)
        #expect(PartName(name).date == nil)
    }

    @Test func gapsAreTold() {
        #expect(PartName.gaps(in: [1, 2, 5]) == [3, 4])
        #expect(PartName.gaps(in: [2]) == [1])
        #expect(PartName.gaps(in: [1, 2, 3]) == [])
        #expect(PartName.gaps(in: []) == [])
    }
}

@Suite struct FolderKindTests {
    @Test(arguments: [
        ("Photos from 2019", FolderKind.year(2019)), ("Fotos von 2019", .year(2019)), ("Foto dal 1999", .year(1999)),
        ("2019", .year(2019)), ("Фото за 2019", .year(2019)), ("Papierkorb", .trash), ("Corbeille", .trash),
        ("Archiv", .archive), ("归档", .archive), ("Lisbon", .album), ("Untitled(3)", .album), ("Trip 12019", .album),
        ("Photos from 1700", .album),
    ])
    func aFolderIsToldByItsName(_ name: String, _ kind: FolderKind) {
        #expect(FolderKind(name, hasAlbumMetadata: false) == kind)
    }

    @Test func anAlbumMayBeCalledLikeAYearOrTheTrash() {
        #expect(FolderKind("Norway 2019", hasAlbumMetadata: true) == .album)
        #expect(FolderKind("Trash", hasAlbumMetadata: true) == .album)
        #expect(FolderKind("Photos from 2019", hasAlbumMetadata: true) == .year(2019))
    }

    @Test(arguments: [
        "Google Photos", "Google Fotos", "Google Foto", "Google Фото", "Google フォト", "Google 相册", "Google Kuvat",
        "Fotky Google", "Google Fotoğraflar",
    ])
    func theFolderOfGooglePhotosIsKnownInManyLanguages(_ name: String) {
        #expect(ProductRoot.isPhotos(name))
    }

    @Test(arguments: ["Google Pay", "Drive", "Google Chat", "Photos"])
    func otherProductsAreOthers(_ name: String) { #expect(!ProductRoot.isPhotos(name)) }
}

@Suite struct MetadataTests {
    static let asset = """
        {"title":"IMG_1.jpg","description":"d","imageViews":"3","creationTime":{"timestamp":"1700000100","formatted":"x"},
        "photoTakenTime":{"timestamp":"1700000000","formatted":"x"},
        "geoData":{"latitude":1.5,"longitude":2.5,"altitude":3.0,"latitudeSpan":0.0,"longitudeSpan":0.0},
        "geoDataExif":{"latitude":0.0,"longitude":0.0,"altitude":0.0},
        "people":[{"name":"Ada"},{"name":""}],"url":"https://photos.google.com/photo/AF1Qip","favorited":true,
        "archived":true,"googlePhotosOrigin":{"mobileUpload":{"deviceType":"IOS_PHONE"}}}
        """

    @Test func aSidecarIsReadAndKept() throws {
        let asset = try #require(AssetMetadata(JSON(parsing: Array(Self.asset.utf8))))
        #expect(asset.title == "IMG_1.jpg")
        #expect(asset.taken == Timestamp(seconds: 1_700_000_000))
        #expect(asset.created == Timestamp(seconds: 1_700_000_100))
        #expect(asset.place == .init(latitude: 1.5, longitude: 2.5, altitude: 3))
        #expect(asset.people == ["Ada"])
        #expect(asset.isFavorite && asset.isArchived && !asset.isTrashed)
        #expect(asset.origin == "mobileUpload")
        #expect(AssetMetadata(try JSON(parsing: asset.json.bytes)) == asset)
    }

    @Test func unknownTimesAndPlacesAreNone() throws {
        let json = try JSON(parsing: Array(#"{"title":"a","photoTakenTime":{"timestamp":"0"}}"#.utf8))
        let asset = try #require(AssetMetadata(json))
        #expect(asset.taken == nil)
        #expect(asset.place == nil)
        #expect(AssetMetadata(asset.json) == asset)
    }

    @Test(arguments: [
        #"{"title":"Lisbon","description":"d","access":"protected","enrichments":[{"narrativeEnrichment":{"text":"Day 1"}},{"locationEnrichment":{"location":[{"name":"Belém"}]}}]}"#,
        #"{"albumData":{"title":"Lisbon","description":"d","access":"protected","enrichments":[{"narrativeEnrichment":{"text":"Day 1"}},{"locationEnrichment":{"location":[{"name":"Belém"}]}}]}}"#,
    ])
    func anAlbumIsReadInBothForms(_ text: String) throws {
        guard case .album(let album) = Sidecar(try JSON(parsing: Array(text.utf8))) else {
            Issue.record("no album")
            return
        }
        #expect(album.title == "Lisbon")
        #expect(album.notes == ["Day 1", "Belém"])
    }

    @Test func otherFilesAreNeither() throws {
        #expect(Sidecar(try JSON(parsing: Array(#"{"subscriptions":[]}"#.utf8))) == .other)
        #expect(Sidecar(try JSON(parsing: Array("[1]".utf8))) == .other)
        #expect(AssetMetadata(["photoTakenTime": ["timestamp": ""], "title": "x"]) == nil)
    }

    @Test func aLaterExportWinsAndLosesNothing() throws {
        var early = AssetMetadata()
        early.title = "a.jpg"
        early.description = "old"
        early.people = ["Ada"]
        early.isFavorite = true
        early.place = .init(latitude: 1, longitude: 2)
        var late = AssetMetadata()
        late.description = "new"
        late.taken = Timestamp(seconds: 5)
        let merged = early.updated(by: late)
        #expect(merged.description == "new")
        #expect(merged.title == "a.jpg" && merged.people == ["Ada"] && merged.place != nil)
        #expect(merged.taken == Timestamp(seconds: 5))
        #expect(!merged.isFavorite)
    }
}
