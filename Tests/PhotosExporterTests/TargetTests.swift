import ConnectorKit
import PhotosLibrary
import Testing

@testable import PhotosExporter

@Suite struct TargetTests {
    private func place(
        _ directory: String, root: String = "/", folders: ExportSettings.Folders = .albums
    ) throws -> Target {
        Target(directory: try Pathname(directory), root: try Pathname(root), folders: folders)
    }

    @Test(arguments: [
        ("/album/Trip", "Trip"), ("/album/Trip/2024 Norway", "Trip/2024 Norway"), ("/shared-album/Party", "Party"),
        ("/albums/2024/0501 Lisbon", "Lisbon"), ("/albums/2024-0501 Lisbon", "Lisbon"), ("/albums/Lisbon", "Lisbon"),
        ("/albums/2024/0501 2023 again", "2023 again"), ("/holiday", "holiday"), ("/holiday/beach", "holiday/beach"),
    ])
    func aFolderOfAnAlbumIsOne(directory: String, title: String) throws {
        #expect(try place(directory) == .album(directory: try Pathname(directory)))
        #expect(AlbumTitle.derived(from: try Pathname(directory)) == title)
    }

    @Test(arguments: [
        "/", "/album", "/albums", "/albums/2024", "/shared-album", "/media/by-month/2024/2024-05", "/photos/2024/05",
        "/upload", "/upload/a/b", "/feature",
    ])
    func otherFoldersAreTheLibrary(directory: String) throws {
        #expect(try place(directory) == .library)
    }

    @Test func whatTheAPICannotSetIsTold() throws {
        #expect(try place("/feature/favorites") == .mark(.favorites))
        #expect(try place("/feature/archive/x") == .mark(.archive))
    }

    @Test func foldersCanBeNoAlbums() throws {
        #expect(try place("/holiday", folders: .library) == .library)
        #expect(try place("/album/Trip", folders: .library) == .album(directory: try Pathname("/album/Trip")))
        // Below a location that is an album, everything goes into that one.
        let root = try Pathname("/album/Trip")
        #expect(try place("/album/Trip/sub", root: "/album/Trip", folders: .library) == .album(directory: root))
    }

    @Test(arguments: [
        ("Family", "/album/Family", true), ("Family", "/album/Family {0a1b2c3d}", true),
        ("Family", "/album/Other", false), ("A/B", "/album/A/B", true), ("A/B", "/album/A/B {0a1b2c3d}", true),
        ("Ends.", "/album/Ends．", true), ("A/B", "/albums/2024/0501 A／B", true), ("B", "/album/A/B", false),
        ("Family", "/Family", true), ("Family {0a1b2c3d}", "/album/Family {0a1b2c3d}", true),
    ])
    func aTitleCountsWhereItLeads(title: String, directory: String, leads: Bool) throws {
        #expect(AlbumTitle.leads(title, to: try Pathname(directory), .plain) == leads)
    }

    @Test func titlesAreCutAtACharacter() {
        let family = "👨‍👩‍👧"
        let title = String(repeating: family, count: 200)
        #expect(AlbumTitle.fitting(title).unicodeScalars.count == 500)
        #expect(AlbumTitle.fitting(title, part: 1) == String(repeating: family, count: 99) + " (2)")
        #expect(AlbumTitle.fitting("Trip", part: 2) == "Trip (3)")
    }

    @Test(
        arguments: [
            ("../../media/a.jpg", "/media/a.jpg"), ("/media/a.jpg", "/media/a.jpg"), ("b.jpg", "/album/Trip/b.jpg"),
            ("./../Other/b.jpg", "/album/Other/b.jpg"), ("../../../etc/passwd", nil),
        ] as [(String, String?)])
    func linksAreFollowedBelowTheRoot(target: String, found: String?) throws {
        #expect(try Pathname("/album/Trip/a.jpg").resolving(link: target)?.string == found)
    }

    @Test func numbersOfGphotosSyncAreNoPartOfAName() throws {
        #expect(ItemName.derived(from: try Pathname("/albums/2024/0501 Trip/0001_IMG_1.jpg")) == "IMG_1.jpg")
        #expect(ItemName.derived(from: try Pathname("/album/Trip/0001_IMG_1.jpg")) == "0001_IMG_1.jpg")
    }
}

@Suite struct AlbumContentsTests {
    private func contents(_ members: [String], limit: Int = 100) -> AlbumContents {
        var contents = AlbumContents(limit: limit)
        contents.addPart("album", members: members)
        return contents
    }

    @Test func whatComesNextGoesToTheEnd() throws {
        var contents = contents(["x"])
        #expect(contents.slot(for: 0)?.position == nil)
        contents.insert([(0, "a"), (1, "b")], at: try #require(contents.slot(for: 0)))
        #expect(contents.slot(for: 2)?.position == nil)
        #expect(contents.allMembers.first?.members == ["x", "a", "b"])
    }

    @Test func whatIsLateGoesBehindTheOneBeforeIt() throws {
        var contents = contents([])
        contents.insert([(0, "a"), (2, "c")], at: try #require(contents.slot(for: 0)))
        let slot = try #require(contents.slot(for: 1))
        #expect(slot.position == .afterItem("a"))
        #expect(slot.end == 2)
        contents.insert([(1, "b")], at: slot)
        #expect(contents.allMembers.first?.members == ["a", "b", "c"])
    }

    @Test func whatBelongsBeforeAllThatIsThereGoesThere() throws {
        var contents = contents(["old", "b"])
        contents.land("b", at: 1)
        #expect(contents.slot(for: 0)?.position == .afterItem("old"))
        var first = self.contents(["b"])
        first.land("b", at: 1)
        #expect(first.slot(for: 0)?.position == .first)
    }

    @Test func aFullAlbumIsFollowedByAnother() throws {
        var contents = contents(["a", "b"], limit: 2)
        #expect(contents.slot(for: 0)?.room == 0)
        contents.addPart("second")
        #expect(contents.slot(for: 0)?.albumID == "second")
        #expect(contents.albumID(of: "b") == "album")
    }
}

@Suite struct JPEGEssenceTests {
    private static let jpeg: [UInt8] =
        [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xE1, 0, 6, 9, 9, 9, 9, 0xFF, 0xDA, 0, 4, 0, 0]
        + Array(repeating: 7, count: 50) + [0xFF, 0xD9]

    private func essence(_ bytes: [UInt8], step: Int = .max) -> String? {
        var essence = JPEGEssence()
        var rest = bytes[...]
        while !rest.isEmpty {
            essence.update(Array(rest.prefix(step)))
            rest = rest.dropFirst(step)
        }
        return essence.finish()
    }

    @Test func metadataDoesNotCountAndTheRestDoes() throws {
        let whole = try #require(essence(Self.jpeg))
        for step in 1...7 { #expect(essence(Self.jpeg, step: step) == whole) }
        for index in Self.jpeg.indices.dropFirst(12) {
            var other = Self.jpeg
            other[index] ^= 0x10
            let isMetadata = (12..<16).contains(index)
            #expect((essence(other) == whole) == isMetadata, "byte \(index)")
        }
    }

    @Test func whatIsNoPictureHasNone() {
        #expect(essence([1, 2, 3]) == nil)
        #expect(essence(Array(Self.jpeg.prefix(12))) == nil)
        #expect(essence([0xFF, 0xD8, 0xFF, 0xE0, 0, 1, 0, 0]) == nil)
    }
}
