import ConnectorKit
import Foundation
import GRDB
import Testing

@testable import HostEngine

struct NaturalOrderTests {
    @Test(arguments: [
        ["IMG_2.jpg", "IMG_10.jpg"], ["a.jpg", "B.jpg"], ["1.jpg", "02.jpg"], ["02.jpg", "2.jpg"], ["a", "a1"],
        ["a1b2", "a1b10"], ["A.jpg", "a.jpg"], ["9", "a"], ["é.jpg", "é1.jpg"],
        ["12345678901234567890123.jpg", "12345678901234567890124.jpg"],
    ])
    func numbersCountAsNumbers(names: [String]) {
        #expect(NaturalOrder.precedes(names[0], names[1]))
        #expect(!NaturalOrder.precedes(names[1], names[0]))
        #expect(!NaturalOrder.precedes(names[0], names[0]))
    }
}

struct LocalFileTests {
    @Test func aFileThatGrowsWhileItIsReadIsNoContent() async throws {
        let scratch = try Scratch()
        try scratch.write("before", to: "file")
        let file = try LocalFile(opening: "file", in: try LocalFolder(opening: scratch.path).root)
        #expect(try await file.read() == Array("before".utf8))
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.path + "/file"))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(" and after".utf8))
        try handle.close()
        let error = await #expect(throws: ConnectorError.self) { while try await file.read() != nil {} }
        #expect(error == LocalFile.changed)
    }

    @Test func whatIsNoFileIsNotWaitedFor() async throws {
        let scratch = try Scratch()
        #expect(mkfifo(scratch.path + "/pipe", 0o600) == 0)
        let folder = try LocalFolder(opening: scratch.path)
        #expect(throws: ConnectorError.self) { try LocalFile(opening: "pipe", in: folder.root) }
        #expect(throws: ConnectorError.self) { try LocalFile(opening: "nothing", in: folder.root) }
    }
}

struct FileHashesTests {
    private static let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    /// A clock that is far from the times of the files.
    private var runtime: Runtime {
        Runtime(now: { Timestamp(seconds: 4_000_000_000) }, sleep: { _ in }, random: { 0.5 }, environment: [:])
    }

    @Test func whatWasNotTouchedIsNotReadAgainAndWhatWasIs() async throws {
        let scratch = try Scratch()
        try scratch.write("", to: "file")
        let root = try LocalFolder(opening: scratch.path).root
        let path = scratch.path + "/state/hashes.sqlite"
        let hashes = try FileHashes(path: path, runtime: runtime)
        #expect(try await hashes.hash(of: "file", in: root).1 == Self.empty)
        // The same size, time and inode: only the cache can say what was in it.
        let attributes = try FileManager.default.attributesOfItem(atPath: scratch.path + "/file")
        let time = try #require(attributes[.modificationDate] as? Date)
        let other = try FileHashes(path: path, runtime: runtime)
        #expect(try await other.hash(of: "file", in: root).1 == Self.empty)
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.path + "/file"))
        try handle.write(contentsOf: Data("x".utf8))
        try handle.close()
        try FileManager.default.setAttributes([.modificationDate: time], ofItemAtPath: scratch.path + "/file")
        #expect(try await other.hash(of: "file", in: root).1 != Self.empty)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func hashesThatAreDamagedAreSetAsideAndBegunAnew() async throws {
        for isDatabase in [false, true] {
            let scratch = try Scratch()
            try scratch.write("", to: "file")
            let root = try LocalFolder(opening: scratch.path).root
            let path = scratch.path + "/hashes.sqlite"
            do {
                let hashes = try FileHashes(path: path, runtime: runtime)
                #expect(try await hashes.hash(of: "file", in: root).1 == Self.empty)
            }
            if isDatabase {
                // A database of somebody else, whose table has other columns.
                try FileManager.default.removeItem(atPath: path)
                let database = try DatabaseQueue(path: path)
                try await database.write { db in try db.execute(sql: "CREATE TABLE hashes(x TEXT)") }
                try database.close()
            } else {
                try Data(repeating: 0x5A, count: 16384).write(to: URL(fileURLWithPath: path))
            }
            var warnings: [String] = []
            let again = try FileHashes(path: path, runtime: runtime) { warnings.append($0) }
            #expect(warnings.count == 1)
            #expect(warnings.first?.contains(path + ".damaged-2096-10-02T07-06-40") == true, "\(warnings)")
            #expect(try await again.hash(of: "file", in: root).1 == Self.empty)
        }
    }

    @Test func theHashOfAFileThatWasJustWrittenIsNotKept() async throws {
        let scratch = try Scratch()
        try scratch.write("one", to: "file")
        let root = try LocalFolder(opening: scratch.path).root
        let hashes = try FileHashes(path: scratch.path + "/hashes.sqlite", runtime: .live)
        let (status, first) = try await hashes.hash(of: "file", in: root)
        // As a second write within one tick of the file system's clock: nothing tells the two files apart.
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: scratch.path + "/file"))
        try handle.write(contentsOf: Data("two".utf8))
        try handle.close()
        root.setTime(status.modificationTime, of: "file")
        let (second, hash) = try await hashes.hash(of: "file", in: root)
        #expect(second == status)
        #expect(hash != first)
    }
}

struct PushFolderTests {
    /// What a walk finds, a word and a path each.
    private func findings(_ path: String) async throws -> [String] {
        var found: [String] = []
        try await PushFolder(path).walk { finding in
            switch finding {
            case .directory(let place, _): found.append("folder \(place)")
            case .file(let place, let name, _): found.append("file \(place)" + (place.name == name ? "" : " = \(name)"))
            case .skipped(let place, let reason): found.append("\(reason) \(place)")
            case .failed(let place, _): found.append("failed \(place)")
            }
        }
        return found
    }

    @Test func filesComeBeforeFoldersInTheOrderOfTheirNames() async throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: scratch.path + "/10", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: scratch.path + "/9/deep", withIntermediateDirectories: true)
        for name in ["b.jpg", "a10.jpg", "a9.jpg", "10/x.jpg", "9/y.jpg", "9/deep/z.jpg", "Thumbs.db", "a.jpg.json"] {
            try scratch.write("x", to: name)
        }
        #expect(
            try await findings(scratch.path) == [
                "sidecar /a.jpg.json", "file /a9.jpg", "file /a10.jpg", "file /b.jpg", "sidecar /Thumbs.db",
                "folder /9", "file /9/y.jpg", "folder /9/deep", "file /9/deep/z.jpg", "folder /10", "file /10/x.jpg",
            ])
    }

    @Test func namesThatNoPathnameTakesAreMadeSafe() async throws {
        let scratch = try Scratch()
        try scratch.write("x", to: "a\u{1}b.jpg")
        try scratch.write("x", to: "e\u{301}.jpg")
        let found = try await findings(scratch.path)
        #expect(found.contains { $0.hasPrefix("file /a_b.jpg") })
        #expect(found.contains { $0.hasPrefix("file /\u{e9}.jpg") })
    }

    @Test func noLinkLeadsOutOfTheFolder() async throws {
        let scratch = try Scratch()
        let outside = try Scratch()
        try outside.write("secret", to: "secret.jpg")
        try scratch.write("x", to: "real.jpg")
        let links = [
            "in.jpg": "real.jpg", "out.jpg": outside.path + "/secret.jpg", "dir": outside.path, "loop": "loop",
        ]
        for (name, target) in links {
            try FileManager.default.createSymbolicLink(
                atPath: scratch.path + "/" + name, withDestinationPath: target)
        }
        #expect(
            try await findings(scratch.path) == [
                "link /dir", "file /in.jpg = real.jpg", "link /loop", "link /out.jpg", "file /real.jpg",
            ])
    }
}
