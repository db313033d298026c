import ConnectorKit
import Foundation
import GRDB
import Testing
import Vault

@testable import HostEngine

struct MirrorFolderTests {
    /// A complete file under a temporary name.
    private func pending(_ text: String, at place: String, in mirror: MirrorFolder) throws -> PendingFile {
        let place = try Pathname(place)
        let directory = try mirror.folder.makeDirectory(place.parent ?? .root)
        let output = try TemporaryOutput(in: directory, prefix: MirrorFolder.temporaryPrefix, mode: 0o666)
        try output.write(Array(text.utf8))
        let status = try output.finish(time: Timestamp(seconds: 1_000_000_000))
        output.keep()
        return PendingFile(
            temporary: output.name,
            entry: MirrorEntry(place: place, standing: .written, fingerprint: text, status: status, sha256: nil))
    }

    private func open(
        _ scratch: Scratch, source: String = "s:/", warn: (String) -> Void = { _ in }
    ) throws -> MirrorFolder {
        try MirrorFolder(scratch.path, source: source, now: Timestamp(seconds: 1_800_000_000), warn: warn)
    }

    private func known(_ place: String, in mirror: MirrorFolder) throws -> MirrorEntry? {
        let place = try Pathname(place)
        return try mirror.index.rows(at: [place])[place]?.entry
    }

    @Test func aBatchThatWasNotedGetsItsNamesInTheNextRun() throws {
        let scratch = try Scratch()
        var mirror: MirrorFolder? = try open(scratch)
        let files = try ["/a/1", "/a/2", "/3"].map { try pending($0, at: $0, in: try #require(mirror)) }
        try mirror?.index.begin(files)
        // One of them got it before the end; of another, both names were there for a moment.
        try mirror?.folder.root.publish(files[2].temporary, as: "3", replacing: false)
        link(scratch.path + "/a/" + files[1].temporary, scratch.path + "/a/2")
        mirror = nil
        let again = try open(scratch)
        for place in ["/a/1", "/a/2", "/3"] {
            #expect(scratch.read(place) == place)
            #expect(try known(place, in: again)?.standing == .written)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/a").sorted() == ["1", "2"])
    }

    @Test func aReplacementThatWasNotedIsCarriedOutUnlessAPersonCameFirst() throws {
        for isChanged in [false, true] {
            let scratch = try Scratch()
            var mirror: MirrorFolder? = try open(scratch)
            #expect(try mirror?.publish([try pending("old", at: "/x", in: try #require(mirror))]).isEmpty == true)
            try mirror?.index.begin([try pending("newer", at: "/x", in: try #require(mirror))])
            if isChanged { try scratch.write("a person's", to: "x") }
            mirror = nil
            let again = try open(scratch)
            #expect(scratch.read("x") == (isChanged ? "a person's" : "newer"))
            #expect(try known("/x", in: again)?.fingerprint == (isChanged ? "old" : "newer"))
            #expect(try again.folder.root.names().filter { $0.hasPrefix(MirrorFolder.temporaryPrefix) }.isEmpty)
        }
    }

    @Test func filesOfARunThatWasKilledBeforeItNotedThemAreRemoved() throws {
        let scratch = try Scratch()
        var mirror: MirrorFolder? = try open(scratch)
        _ = try pending("lost", at: "/a/b/c", in: try #require(mirror))
        try scratch.write("mine", to: "a/b/.gphotos-other")
        mirror = nil
        _ = try open(scratch)
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/a/b") == [".gphotos-other"])
    }

    @Test func whatCameThereInTheMeantimeIsNotReplaced() throws {
        let scratch = try Scratch()
        let mirror = try open(scratch)
        let file = try pending("library's", at: "/x", in: mirror)
        try scratch.write("mine", to: "x")
        let failed = try mirror.publish([file])
        #expect(failed.map(\.1.code) == [.rejected])
        #expect(scratch.read("x") == "mine")
        #expect(try known("/x", in: mirror) == nil)
        #expect(try mirror.folder.root.names().filter { $0.hasPrefix(MirrorFolder.temporaryPrefix) }.isEmpty)
    }

    @Test func oneProcessAtATimeAndOneSource() throws {
        let scratch = try Scratch()
        do {
            let mirror = try open(scratch)
            #expect(throws: VaultError.self) { try open(scratch) }
            try withExtendedLifetime(mirror) { try mirror.finish() }
        }
        let error = #expect(throws: VaultError.self) { try open(scratch, source: "other:/") }
        #expect(error?.kind == .notAVault)
    }

    @Test func anIndexThatIsALinkIsRefused() throws {
        let scratch = try Scratch()
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/" + MirrorIndex.name, withDestinationPath: "/tmp/elsewhere.sqlite")
        let linked = #expect(throws: VaultError.self) { try open(scratch) }
        #expect(linked?.kind == .cannotWrite)
    }

    /// What becomes of an index that is no database any more, or has lost its tables, or some pages in its midst.
    @Test(arguments: ["nonsense", "tables", "midst"])
    func anIndexThatIsDamagedIsSetAsideAndBegunAnew(how: String) throws {
        let scratch = try Scratch()
        var mirror: MirrorFolder? = try open(scratch)
        let files = try (1...400).map { number in
            let place = "/\(String(repeating: "x", count: 200))-\(number)"
            return try pending(place, at: place, in: try #require(mirror))
        }
        #expect(try mirror?.publish(files).isEmpty == true)
        mirror?.close()
        mirror = nil
        let path = scratch.path + "/" + MirrorIndex.name
        switch how {
        case "nonsense": try scratch.write(String(repeating: "x", count: 4096), to: MirrorIndex.name)
        case "tables":
            let database = try DatabaseQueue(path: path)
            try database.write { db in try db.execute(sql: "DROP TABLE files") }
            try database.close()
        default:
            let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
            for page in 3...8 {
                try handle.seek(toOffset: UInt64(page * 4096))
                try handle.write(contentsOf: Data(repeating: 0x5A, count: 4096))
            }
            try handle.close()
        }
        // A look changes nothing.
        var warnings: [String] = []
        let look = try MirrorIndex(reading: LocalFolder(opening: scratch.path)) { warnings.append($0) }
        #expect(try look.lastID == 0)
        look.close()
        #expect(warnings.count == 1)
        let again = try open(scratch) { warnings.append($0) }
        let aside = path + ".damaged-2027-01-15T08-00-00"
        #expect(warnings.last?.contains(aside) == true, "\(warnings)")
        #expect(FileManager.default.fileExists(atPath: aside))
        #expect(try again.index.lastID == 0)
        #expect(try again.index.property("source") == "s:/")
        #expect(try again.folder.root.names().count { $0.hasPrefix("xxx") } == 400)
        #expect(try again.publish([try pending("new", at: "/new", in: again)]).isEmpty)
    }
}
