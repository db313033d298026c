import ConnectorKit
import PhotosLibrary
import StrictJSON
import Testing

/// The lines of the catalog, written and read again.
@Suite struct CatalogLineTests {
    @Test func anItemIsWhatItWasAfterItsLine() throws {
        var item = CatalogItem(id: "A-1", filename: "IMG 1.jpg", source: "takeout")
        item.paths = ["/media/by-month/2024/2024-05/IMG 1.jpg", "/album/Trip/IMG 1.jpg"]
        item.mimeType = "image/jpeg"
        item.size = 2_097_152
        item.sha256 = String(repeating: "ab", count: 32)
        item.created = Timestamp("2024-05-06T07:08:09.123Z")
        item.width = 4000
        item.height = 3000
        item.camera = "Google Pixel 8"
        item.description = "two lines\nof \"text\""
        item.albums = [.init(album: "T", position: 7), .init(album: "U", position: nil)]
        item.isFavorite = true
        item.isArchived = true
        item.location = "38.7,-9.1"
        item.people = ["Ana", "Ó"]
        item.added = Timestamp("2024-05-07T00:00:00Z")
        item.origin = "mobileUpload"
        item.url = "https://photos.google.com/photo/A-1"
        item.caveats = ["location-removed"]
        let line = item.json.text
        #expect(!line.contains("\n"))
        #expect(CatalogItem(try JSON(parsing: Array(line.utf8))) == item)
    }

    @Test func whatIsNotKnownIsAbsent() throws {
        let item = CatalogItem(id: "A", filename: "x.mp4", source: "library")
        #expect(item.json.text == #"{"id":"A","filename":"x.mp4","paths":[],"kind":"photo","source":"library"}"#)
        #expect(CatalogItem(item.json) == item)
    }

    @Test func anAlbumIsWhatItWasAfterItsLine() throws {
        var album = CatalogAlbum(id: "T", title: "Trip/2024", source: "library")
        album.paths = ["/album/Trip/2024"]
        album.items = 12
        album.cover = "A-1"
        album.description = "by sea"
        album.notes = "Lisbon"
        album.url = "https://photos.google.com/album/T"
        #expect(CatalogAlbum(try JSON(parsing: Array(album.json.text.utf8))) == album)
    }

    @Test func aLineOfSomethingElseIsNone() {
        #expect(CatalogItem(["title": "x"]) == nil)
        #expect(CatalogAlbum(["id": "x"]) == nil)
        #expect(CatalogItem(["id": "x", "filename": "y", "later": [1]])?.filename == "y")
    }
}
