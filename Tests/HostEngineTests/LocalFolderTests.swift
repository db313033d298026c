import ConnectorKit
import Foundation
import Testing
import Vault

@testable import HostEngine

/// A directory of its own, gone with the last reference.
final class Scratch {
    let path = NSTemporaryDirectory() + "gphotos-host-\(UUID().uuidString)"

    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    func read(_ name: String) -> String? {
        FileManager.default.contents(atPath: path + "/" + name).map { String(decoding: $0, as: UTF8.self) }
    }
}

struct LocalFolderTests {
    @Test func noLinkLeadsOutOfTheFolder() throws {
        let scratch = try Scratch()
        let outside = try Scratch()
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/away", withDestinationPath: outside.path)
        let folder = try LocalFolder(opening: scratch.path)
        for place in ["/away", "/away/below", "/away/below/deeper"] {
            #expect(throws: ConnectorError.self) { try folder.makeDirectory(try Pathname(place)) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path).isEmpty)
    }

    @Test func aDirectoryThatBecomesALinkLaterIsNotFollowedEither() throws {
        let scratch = try Scratch()
        let outside = try Scratch()
        let folder = try LocalFolder(opening: scratch.path)
        let directory = try folder.makeDirectory(try Pathname("/a/b"))
        try FileManager.default.moveItem(atPath: scratch.path + "/a", toPath: scratch.path + "/moved")
        try FileManager.default.createSymbolicLink(atPath: scratch.path + "/a", withDestinationPath: outside.path)
        let output = try TemporaryOutput(in: directory, prefix: ".t-", mode: 0o600)
        try output.write(Array("x".utf8))
        _ = try output.finish()
        try output.publish(as: "file")
        #expect(scratch.read("moved/b/file") == "x")
        #expect(try FileManager.default.contentsOfDirectory(atPath: outside.path).isEmpty)
    }

    @Test func whatHasANameIsNotReplacedUnlessThatIsAskedFor() throws {
        let scratch = try Scratch()
        try scratch.write("old", to: "name")
        let folder = try LocalFolder(opening: scratch.path)
        let output = try TemporaryOutput(in: folder.root, prefix: ".t-", mode: 0o600)
        try output.write(Array("new".utf8))
        _ = try output.finish()
        #expect(throws: ConnectorError.self) { try output.publish(as: "name") }
        #expect(scratch.read("name") == "old")
        try folder.root.publish(output.name, as: "name", replacing: true)
        #expect(scratch.read("name") == "new")
    }

    @Test func anOutputThatIsGivenUpLeavesNothing() throws {
        let scratch = try Scratch()
        let folder = try LocalFolder(opening: scratch.path)
        do {
            let output = try TemporaryOutput(in: folder.root, prefix: ".t-", mode: 0o600)
            try output.write([1, 2, 3])
            #expect(try folder.root.names().count == 1)
        }
        #expect(try folder.root.names().isEmpty)
    }

    @Test(arguments: [
        ("/a/b", "../c", true), ("/a/b", "c/../../d", true), ("/a/b", "../../c", false), ("/a/b", "/etc/passwd", false),
        ("/b", "..", false), ("/a/b", "..", true), ("/a/b", "./x//y", true),
    ])
    func aTargetThatLeadsOutIsTold(place: String, target: String, isInside: Bool) throws {
        #expect(try Pathname(place).leadsInside(target) == isInside)
    }

    @Test func onlyJPEGAndPNGTellTheirDimensions() throws {
        let scratch = try Scratch()
        let png: [UInt8] = [
            0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0, 1, 0, 0, 0, 0, 9,
        ]
        // An application segment, a table of Huffman codes, and the frame: 16 high, 300 wide.
        let jpeg: [UInt8] =
            [0xFF, 0xD8, 0xFF, 0xE1, 0, 4, 1, 2, 0xFF, 0xC4, 0, 3, 7, 0xFF, 0xC2, 0, 11, 8, 0, 16, 1, 44]
            + Array(repeating: 0, count: 20)
        for (bytes, expected) in [
            (png, ImageDimensions(9, 256)), (jpeg, ImageDimensions(300, 16)), (Array(png[..<20]), nil),
            (Array(repeating: 0xFF, count: 40), nil), ([], nil),
        ] {
            try Data(bytes).write(to: URL(fileURLWithPath: scratch.path + "/x"))
            #expect(try LocalFolder(opening: scratch.path).root.dimensions(of: "x") == expected)
        }
        #expect(ImageDimensions("40x30") == ImageDimensions(30, 40))
        #expect(ImageDimensions("40") == nil)
    }
}
