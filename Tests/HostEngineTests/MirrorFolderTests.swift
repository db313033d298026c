import ConnectorKit
import Foundation
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

    private func open(_ scratch: Scratch) throws -> MirrorFolder { try MirrorFolder(scratch.path, source: "s:/") }

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
        let error = #expect(throws: VaultError.self) { try MirrorFolder(scratch.path, source: "other:/") }
        #expect(error?.kind == .notAVault)
    }

    @Test func anIndexThatIsALinkOrNonsenseIsRefused() throws {
        let scratch = try Scratch()
        try scratch.write(
            "nonsense, and quite a lot of it: \(String(repeating: "x", count: 4096))", to: MirrorIndex.name)
        let damaged = #expect(throws: VaultError.self) { try open(scratch) }
        #expect(damaged?.kind == .damaged)
        #expect(damaged?.hint?.contains("delete it") == true)
        try FileManager.default.removeItem(atPath: scratch.path + "/" + MirrorIndex.name)
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/" + MirrorIndex.name, withDestinationPath: "/tmp/elsewhere.sqlite")
        let linked = #expect(throws: VaultError.self) { try open(scratch) }
        #expect(linked?.kind == .cannotWrite)
    }
}
