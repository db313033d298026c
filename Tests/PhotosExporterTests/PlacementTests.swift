import ConnectorKit
import FakePhotos
import PhotosLibrary
import StrictJSON
import TestSupport
import Testing

@Suite struct PlacementTests {
    @Test func theTreesOfEveryLayoutGoWhereTheyBelong() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(8)
            let paths = [
                "/album/Trip/a.jpg", "/shared-album/Party/b.jpg", "/albums/2024/0501 Lisbon/0001_c.jpg",
                "/holiday/beach/d.jpg", "/media/by-month/2024/2024-05/e.jpg", "/photos/2024/05/f.jpg",
                "/upload/x/g.jpg",
                "/feature/favorites/h.jpg",
            ]
            let result = try await bench.run(try zip(paths, pictures).map { try .file($0, $1) })
            #expect(result.statuses == Array(repeating: .stored, count: 8))
            #expect(try bench.titles() == ["Lisbon", "Party", "Trip", "holiday/beach"])
            #expect(try bench.itemCount() == 8)
            #expect(try service.library.items(of: "demo2").map(\.filename).contains("c.jpg"))
            #expect(result.logs.filter { $0.contains("mark favorites") }.count == 1)
        }
    }

    @Test func theCatalogGivesTitlesNamesAndDescriptions() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let picture = try #require(try await ExportBench.pictures(1).first)
            var item = CatalogItem(id: "1", filename: "a/b.jpg", source: "library")
            item.paths = ["/media/a／b.jpg", "/album/Trip {0a1b2c3d}/a／b.jpg"]
            item.description = "At the sea"
            var album = CatalogAlbum(id: "2", title: "Trip?", source: "library")
            album.paths = ["/album/Trip {0a1b2c3d}"]
            let result = try await bench.run([
                .directory("/"), .directory("/.gphotos"), .catalog("albums.jsonl", [album.json]),
                .catalog("items.jsonl", [item.json, ["x": 1]]), .directory("/album"),
                .directory("/album/Trip {0a1b2c3d}"), .file("/album/Trip {0a1b2c3d}/a／b.jpg", picture),
            ])
            #expect(result.outcomes.last?.status == .stored)
            #expect(try bench.titles() == ["Trip?"])
            let made = try #require(try service.library.items(of: "demo2").first)
            #expect(made.filename == "a/b.jpg")
            #expect(made.description == "At the sea")
            #expect(try bench.itemCount() == 1)
            #expect(result.logs.contains { $0.contains("1 lines of the catalog") })
        }
    }

    @Test(arguments: [true, false])
    func linksBecomeMembersWithoutASecondUpload(linksFirst: Bool) async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(5)
            let files = try pictures.enumerated().map { try Sent.file("/photos/2024/05/\($0).jpg", $1) }
            let links = try (0..<5).map {
                try Sent.link("/albums/2024/0501 Trip/000\($0)_x.jpg", to: "../../../photos/2024/05/\(4 - $0).jpg")
            }
            let result = try await bench.run(linksFirst ? links + files : files + links)
            #expect(result.statuses == Array(repeating: .stored, count: 10))
            #expect(try bench.albums("Trip") == [pictures.reversed().map(ExportBench.hash)])
            #expect(service.library.requestCount(.uploads) == 5)
            #expect(result.counters["links_failed"] == nil)
            if linksFirst { #expect(service.library.requestCount(.albumsBatchAdd) == 1) }
            // Again, with and without what was learnt.
            for index in [bench.index, try Index(path: nil)] {
                let again = try await bench.run(linksFirst ? links + files : files + links, index: index)
                #expect(again.counters["links_failed"] == nil)
                #expect(try bench.albums("Trip") == [pictures.reversed().map(ExportBench.hash)])
            }
        }
    }

    @Test func aLinkToNothingIsToldAndCounted() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let result = try await bench.run([
                .link("/album/Trip/a.jpg", to: "../../media/a.jpg"), .link("/album/Trip/b.jpg", to: "../../../b.jpg"),
            ])
            #expect(result.outcomes[1].status == .skipped)
            #expect(result.counters["links_failed"] == 1)
            #expect(result.logs.contains { $0.contains("/media/a.jpg") })
            #expect(try bench.titles().isEmpty)
        }
    }

    @Test func emptyAlbumsAreMadeOnce() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let picture = try #require(try await ExportBench.pictures(1).first)
            let sent: [Sent] = [
                try .directory("/"), try .directory("/album"), try .directory("/album/Empty", title: "Empty"),
                try .directory("/album/Trip"), try .directory("/album/Trip/Norway", title: "Trip/Norway"),
                try .file("/album/Trip/Norway/a.jpg", picture), try .directory("/plain"),
                try .directory("/album/Text"), try .file("/album/Text/a.txt", [1]),
            ]
            for _ in 0..<2 {
                _ = try await bench.run(sent)
                #expect(try bench.titles() == ["Empty", "Trip/Norway"])
            }
            _ = try await bench.run(sent, index: try Index(path: nil))
            #expect(try bench.titles() == ["Empty", "Trip/Norway"])
        }
    }

    @Test func twoAlbumsOfOneTitleStayTwo() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(4)
            let first: [Sent] = [
                try .directory("/album/Family", title: "Family"), try .file("/album/Family/a.jpg", pictures[0]),
                try .file("/album/Family/b.jpg", pictures[1]),
            ]
            let second: [Sent] = [
                try .directory("/album/Family {0a1b2c3d}", title: "Family"),
                try .file("/album/Family {0a1b2c3d}/c.jpg", pictures[2]),
                try .file("/album/Family {0a1b2c3d}/d.jpg", pictures[3]),
            ]
            let hashes = pictures.map(ExportBench.hash)
            let wanted = [Array(hashes[..<2]), Array(hashes[2...])]
            _ = try await bench.run(first + second)
            #expect(try bench.albums("Family") == wanted)
            _ = try await bench.run(second + first)
            #expect(try bench.albums("Family") == wanted)
            // By their contents, where nothing is remembered; in whatever order they come.
            _ = try await bench.run(second + first, index: try Index(path: nil))
            #expect(try bench.albums("Family") == wanted)
        }
    }

    @Test func aFullAlbumGoesOnInASecondOne() async throws {
        try await FakeService.run { service in
            service.library.updateRules { $0.albumLimit = 60 }
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(70)
            let sent = try pictures.enumerated().map { try Sent.file("/album/Trip/\($0).jpg", $1) }
            let hashes = pictures.map(ExportBench.hash)
            for index in [bench.index, bench.index, try Index(path: nil)] {
                let result = try await bench.run(sent, index: index, albumLimit: 60)
                #expect(result.outcomes.allSatisfy { $0.error == nil })
                #expect(try bench.albums("Trip") == [Array(hashes[..<60])])
                #expect(try bench.albums("Trip (2)") == [Array(hashes[60...])])
            }
        }
    }

    @Test func anAlbumThatGoogleHoldsToBeFullGoesOnToo() async throws {
        try await FakeService.run { service in
            service.library.updateRules { $0.albumLimit = 5 }
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(4)
            _ = try await bench.run(try pictures.prefix(3).enumerated().map { try .file("/album/Trip/\($0).jpg", $1) })
            service.library.updateRules { $0.albumLimit = 3 }
            let more = try await bench.run([.file("/album/Trip/3.jpg", pictures[3])])
            #expect(more.statuses == [.stored])
            #expect(try bench.albums("Trip (2)") == [[ExportBench.hash(pictures[3])]])
        }
    }

    @Test(arguments: ["fail", "new"])
    func anAlbumOfAnotherAppIsRefusedOrPassedBy(conflict: String) async throws {
        try await FakeService.run { service in
            service.library.addClient(id: "other", secret: "secret")
            service.library.updateRules { $0.listsForeignAlbums = true }
            try service.library.addAlbum("Trip", account: "demo2", clientID: "other")
            let bench = try ExportBench(service)
            let picture = try #require(try await ExportBench.pictures(1).first)
            let result = try await bench.run([.file("/album/Trip/a.jpg", picture)], ["album_conflict": conflict])
            if conflict == "fail" {
                #expect(result.outcomes[0].error?.code == .permission)
                #expect(service.library.requestCount(.uploads) == 0)
                #expect(try bench.titles() == ["Trip"])
            } else {
                #expect(result.statuses == [.stored])
                #expect(try bench.titles() == ["Trip", "Trip"])
            }
        }
    }

    @Test func anAlbumThatWasDeletedIsMadeAnew() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(3)
            let exporter = try bench.exporter()
            _ = try await bench.send([.file("/album/Trip/a.jpg", pictures[0])], to: exporter)
            let album = try #require(try service.library.albums(of: "demo2").first)
            try service.library.deleteAlbum(album.id)
            // In the same process, and in the next one.
            #expect(
                try await bench.send([.file("/album/Trip/b.jpg", pictures[1])], to: exporter).map(\.status) == [.stored]
            )
            #expect(try await bench.run([.file("/album/Trip/c.jpg", pictures[2])]).statuses == [.stored])
            #expect(try bench.albums("Trip").last == pictures[1...].map(ExportBench.hash))
        }
    }
}

@Suite struct OrderTests {
    @Test func anItemThatIsMadeAtTheSecondTryHasItsPlace() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(60)
            for name in ["0.jpg", "7.jpg", "8.jpg", "49.jpg"] {
                var fault = FakeFault(.itemError, on: .itemsBatchCreate)
                fault.code = 13
                fault.match = name
                service.library.inject(fault)
            }
            let result = try await bench.run(
                try pictures.enumerated().map { try .file("/album/Trip/\($0).jpg", $1) })
            #expect(result.outcomes.allSatisfy { $0.status == .stored })
            #expect(try bench.albums("Trip") == [pictures.map(ExportBench.hash)])
        }
    }

    @Test func whatFailedAndIsSentAgainHasItsPlace() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(6)
            for name in ["0.jpg", "3.jpg"] {
                var fault = FakeFault(.itemError, on: .itemsBatchCreate)
                fault.match = name
                service.library.inject(fault)
            }
            let sent = try pictures.enumerated().map { try Sent.file("/album/Trip/\($0).jpg", $1) }
            let exporter = try bench.exporter()
            let first = try await bench.send(sent, to: exporter)
            #expect(first.filter { $0.status == .failed }.count == 2)
            #expect(try await bench.send([sent[0], sent[3]], to: exporter).map(\.status) == [.stored, .stored])
            #expect(try bench.albums("Trip") == [pictures.map(ExportBench.hash)])
        }
    }

    @Test func whatIsInTheLibraryAlreadyFindsItsPlaceToo() async throws {
        try await FakeService.run { service in
            let bench = try ExportBench(service)
            let pictures = try await ExportBench.pictures(4)
            let sent = try pictures.enumerated().map { try Sent.file("/album/Trip/\($0).jpg", $1) }
            _ = try await bench.run([sent[0], sent[1], sent[3]])
            _ = try await bench.run([try .file("/media/2.jpg", pictures[2])])
            let result = try await bench.run(sent)
            #expect(result.statuses == [.unchanged, .unchanged, .stored, .unchanged])
            #expect(try bench.albums("Trip") == [pictures.map(ExportBench.hash)])
            #expect(try bench.itemCount() == 4)
        }
    }
}
