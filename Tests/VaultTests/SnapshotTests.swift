import ConnectorKit
import Foundation
import GRDB
import Testing

@testable import Vault

@Suite struct SnapshotTests {
    let scratch: Scratch
    let vault: Vault

    init() throws {
        scratch = try Scratch()
        vault = try scratch.vault()
    }

    @Test func everythingOfAnEntryComesBack() async throws {
        let writer = try vault.lockForWriting(holder: "test")
        let snapshot = try await writer.beginSnapshot(
            source: "@me:/album", origin: "account", kind: "photos", root: Pathname("/album"))
        let object = try writer.store(Array("hello".utf8))
        var file = try Record.test("/album/Zoë \u{1F600}/a 1.jpg", fingerprint: "f1")
        file.mimeType = "image/jpeg"
        file.attributes = ["b": "\"quoted\"", "a": "2"]
        file.caveats = [.locationRemoved, Caveat(rawValue: "new-one")]
        file.modificationTime = Timestamp(seconds: -5, nanoseconds: 999_999_999)
        var link = try Record.test("/album/link")
        link.kind = .symlink
        link.target = "../x"
        var broken = try Record.test("/album/broken")
        broken.error = ConnectorError(.network, "it broke", hint: "again")
        broken.size = 77
        try await snapshot.add([
            SnapshotEntry(record: file, object: object.id), SnapshotEntry(record: link), SnapshotEntry(record: broken),
        ])
        let made = try await snapshot.commit(state: "opaque")
        writer.close()

        file.size = 5
        file.hasContent = true
        #expect(
            try vault.entry(of: made, at: file.pathname) == SnapshotEntry(record: file, object: object.id))
        #expect(try vault.entry(of: made, at: link.pathname) == SnapshotEntry(record: link))
        #expect(try vault.entry(of: made, at: broken.pathname) == SnapshotEntry(record: broken))
        #expect(try vault.entry(of: made, at: Pathname("/album/none")) == nil)
        #expect(try vault.snapshots() == [made])
        #expect(made.source == "@me:/album" && made.origin == "account" && made.kind == "photos")
        #expect(made.root.string == "/album" && made.parent == nil && made.id.count == 32)
        #expect((made.files, made.directories, made.bytes, made.errors) == (3, 3, 5, 1))
        #expect(try vault.state(of: made) == "opaque")
    }

    @Test func listingIsInTheOrderOfPathnames() async throws {
        let names = ["/b/c", "/a b", "/a/z/1", "/a/x", "/a", "/a/z y", "/a.jpg", "/ä", "/a/z"]
        let made = try await vault.backUp(names.filter { $0 != "/a" && $0 != "/a/z" }.map { ($0, [1]) })
        let expected = try (names + ["/b"]).map { try Pathname($0) }.sorted().map(\.string)
        #expect(try await vault.list(made) == expected)
        #expect(try await vault.list(made, recursive: false) == ["/a", "/a b", "/a.jpg", "/b", "/ä"])
        #expect(try await vault.list(made, under: "/a") == ["/a/x", "/a/z", "/a/z/1", "/a/z y"])
        #expect(try await vault.list(made, under: "/a/x") == ["/a/x"])
        let error = #expect(throws: VaultError.self) { try vault.entries(of: made, under: Pathname("/nope")) }
        #expect(error?.kind == .noSuchPath)
    }

    @Test func aSnapshotIsInvisibleBeforeItIsCommitted() async throws {
        let writer = try vault.lockForWriting(holder: "test")
        let snapshot = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        try await snapshot.add([try writer.entry("/a", [1])])
        try await snapshot.flush()
        #expect(try vault.snapshots().isEmpty)
        #expect(throws: VaultError.self) { try vault.snapshot(matching: "latest") }
        let made = try await snapshot.commit()
        #expect(try vault.snapshots().map(\.id) == [made.id])
        await #expect(throws: ConnectorError.self) { try await snapshot.add([]) }
    }

    @Test func snapshotsAreFoundByTheBeginningOfTheirId() async throws {
        let first = try await vault.backUp([("/a", [1])])
        let second = try await vault.backUp([("/a", [2])])
        #expect(second.parent == first.id)
        #expect(try vault.snapshot(matching: "latest") == second)
        #expect(try vault.snapshot(matching: first.id) == first)
        #expect(try vault.snapshot(matching: String(first.id.prefix(6)).uppercased()) == first)
        for text in ["", String(first.id.prefix(3)), "zzzz", first.id + "0"] {
            let error = #expect(throws: VaultError.self) { try vault.snapshot(matching: text) }
            #expect(error?.kind == .noSuchSnapshot)
        }
        try await CatalogWriter(vault.layout).write { db in
            try db.execute(sql: "UPDATE snapshots SET id = 'abcd' || printf('%028d', number)")
        }
        let error = #expect(throws: VaultError.self) { try vault.snapshot(matching: "abcd") }
        #expect(error?.message == "2 snapshots have an id that begins with abcd")
    }

    @Test func parentIsOfTheSameSourceAndOrigin() async throws {
        let mine = try await vault.backUp([("/a", [1])], source: "@me", fingerprint: "f")
        try await vault.backUp([("/a", [2])], source: "@you", fingerprint: "f")
        let writer = try vault.lockForWriting(holder: "test")
        let next = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        #expect(next.parent == mine)
        let known = try #require(try next.known(Pathname("/a"), fingerprint: "f"))
        #expect(try await vault.object(#require(known.object)).readAll() == [1])
        #expect(try next.known(Pathname("/a"), fingerprint: "g") == nil)
        #expect(try next.known(Pathname("/b"), fingerprint: "f") == nil)
        #expect(try next.previous(Pathname("/a"))?.object == known.object)
        let other = try await writer.beginSnapshot(source: "@me", origin: "another", kind: "k", root: .root)
        #expect(other.parent == nil)
        #expect(try other.known(Pathname("/a"), fingerprint: "f") == nil)
    }

    @Test func aFirstBackupOfAPartKnowsWhatThatOfTheWholeHas() async throws {
        try await vault.backUp([("/a", [1]), ("/b", [2])], source: "@me", fingerprint: "f")
        try await vault.backUp([("/a", [1])], source: "@me --favorites", fingerprint: "f")
        let writer = try vault.lockForWriting(holder: "test")
        let first = try await writer.beginSnapshot(source: "@me --type photo", origin: "o", kind: "k", root: .root)
        #expect(first.parent == nil)
        let known = try #require(try first.known(Pathname("/b"), fingerprint: "f"))
        #expect(try await vault.object(#require(known.object)).readAll() == [2])
        #expect(try first.known(Pathname("/b"), fingerprint: "g") == nil)
        // Contents alone: nothing is taken over that was not asked for.
        #expect(try first.previous(Pathname("/b")) == nil)
        #expect(try await first.carryForward(below: .root) == 0)
        try await first.add([known])
        #expect(try await vault.list(try await first.commit()) == ["/b"])
        let other = try await writer.beginSnapshot(source: "@me --x", origin: "o", kind: "takeout", root: .root)
        #expect(try other.known(Pathname("/b"), fingerprint: "f") == nil)
    }

    @Test func aLostContentIsNotKnown() async throws {
        let made = try await vault.backUp([("/a", SeededRandom(3).bytes(500))], fingerprint: "f")
        let object = try #require(try vault.entry(of: made, at: Pathname("/a"))?.object)
        try FileManager.default.removeItem(atPath: scratch.file(of: object))
        let writer = try vault.lockForWriting(holder: "test")
        let next = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        #expect(try next.known(Pathname("/a"), fingerprint: "f") == nil)
    }

    @Test func anUnfinishedBackupIsUsedByTheNextOneAndThenDropped() async throws {
        var writer = try vault.lockForWriting(holder: "test")
        var unfinished = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        try await unfinished.add([try writer.entry("/done", [1], fingerprint: "f")])
        await unfinished.abandon()
        writer.close()
        writer = try vault.lockForWriting(holder: "test")
        unfinished = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        #expect(unfinished.parent == nil)
        let known = try #require(try unfinished.known(Pathname("/done"), fingerprint: "f"))
        try await unfinished.add([known])
        let made = try await unfinished.commit()
        #expect(try await vault.list(made) == ["/done"])
        #expect((made.files, made.bytes) == (1, 1))
        let rows = try await vault.catalog.read { db in try Int.fetchOne(db, sql: "SELECT count(*) FROM snapshots") }
        #expect(rows == 1)
        #expect(try await vault.check(readData: true).errors.isEmpty)
    }

    @Test func whatCannotBeListedIsCarriedForward() async throws {
        try await vault.backUp([
            ("/album/A/1", [1]), ("/album/A/sub/2", [2]), ("/album/A b/3", [3]), ("/album/A0", [4]),
        ])
        let writer = try vault.lockForWriting(holder: "test")
        let snapshot = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        var failed = Record.directory(try Pathname("/album/A"), modificationTime: .epoch)
        failed.error = ConnectorError(.network, "not now")
        try await snapshot.add([SnapshotEntry(record: failed), try writer.entry("/album/A/1", [9])])
        #expect(try await snapshot.carryForward(below: Pathname("/album/A")) == 2)
        let made = try await snapshot.commit()
        #expect(try await vault.list(made) == ["/album", "/album/A", "/album/A/1", "/album/A/sub", "/album/A/sub/2"])
        #expect(try vault.entry(of: made, at: Pathname("/album/A"))?.isCarried == false)
        #expect(try vault.entry(of: made, at: Pathname("/album/A/sub/2"))?.isCarried == true)
        let added = try #require(try vault.entry(of: made, at: Pathname("/album/A/1")))
        #expect(!added.isCarried)
        #expect(try await vault.object(#require(added.object)).readAll() == [9])
        #expect(made.errors == 1)
    }

    @Test func theWholeParentCanBeCarriedForward() async throws {
        let first = try await vault.backUp([("/a/1", [1]), ("/b", [2])])
        let writer = try vault.lockForWriting(holder: "test")
        let snapshot = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        #expect(try await snapshot.carryForward(below: .root) == 3)
        let made = try await snapshot.commit()
        #expect(try await vault.list(made) == vault.list(first))
    }

    @Test func aSnapshotWithoutChangesSharesItsItems() async throws {
        let files = (0..<50).map { ("/a/\($0)", [UInt8($0)]) }
        try await vault.backUp(files, fingerprint: "f")
        try await vault.backUp(files, fingerprint: "f")
        let items = {
            try await vault.catalog.read { db in
                try Int.fetchOne(db, sql: "SELECT count(*) FROM items WHERE kind = 'file'")
            }
        }
        #expect(try await items() == 50)
        try await vault.backUp(files, fingerprint: "g")
        #expect(try await items() == 100)
    }

    @Test func theLaterEntryAtAPathnameCounts() async throws {
        let made = try await vault.backUp([("/a", [1]), ("/a", [1, 2])])
        #expect((made.files, made.bytes) == (1, 2))
    }

    @Test func anEntryOfAnUnknownContentIsADefect() async throws {
        let writer = try vault.lockForWriting(holder: "test")
        let snapshot = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        let nowhere = ObjectID([UInt8](repeating: 1, count: 32))
        try await snapshot.add([SnapshotEntry(record: try .test("/a"), object: nowhere)])
        let error = await #expect(throws: ConnectorError.self) { try await snapshot.commit() }
        #expect(error?.code == .internalDefect)
        #expect(try vault.snapshots().isEmpty)
    }

    @Test func manyTasksAddToOneSnapshot() async throws {
        let writer = try vault.lockForWriting(holder: "test")
        let snapshot = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        let object = try writer.store([1]).id
        try await withThrowingTaskGroup(of: Void.self) { group in
            for task in 0..<16 {
                group.addTask {
                    for number in 0..<600 {
                        try await snapshot.add([SnapshotEntry(record: try .test("/\(task)/\(number)"), object: object)])
                    }
                }
            }
            try await group.waitForAll()
        }
        let made = try await snapshot.commit()
        #expect((made.files, made.directories) == (9600, 17))
    }

    @Test func aHundredThousandEntriesAreListedPageByPage() async throws {
        let writer = try vault.lockForWriting(holder: "test")
        let snapshot = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        try await snapshot.add([SnapshotEntry(record: try .test("/all/0"))])
        try await snapshot.flush()
        try await CatalogWriter(vault.layout).write { db in
            try db.execute(
                sql: """
                    WITH RECURSIVE n (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 99999)
                    INSERT INTO entries SELECT e.snapshot, e.directory, CAST(x AS TEXT), e.item, 0 FROM n, entries e
                    """)
        }
        let made = try await snapshot.commit()
        #expect(made.files == 100_000)
        var iterator = try vault.entries(of: made).makeAsyncIterator()
        var count = 0
        var last = Pathname.root
        var held = 0
        while let entry = try await iterator.next() {
            count += 1
            if entry.record.pathname <= last { Issue.record("\(entry.record.pathname) after \(last)") }
            last = entry.record.pathname
            held = max(held, iterator.held)
        }
        #expect(count == 100_001)
        #expect(held <= 2 * SnapshotEntries.pageLength)
    }
}
