import ConnectorKit
import TakeoutSupport
import Testing

@testable import Takeout

/// Contents of a tgz that are open at a time: whole in memory as far as there is room, else each by its own cursor.
@Suite struct EntryRoomTests {
    @Test(arguments: [0, 70_000, 32 << 20] as [Int64])
    func manyContentsAreReadSideBySideInAnyOrder(room: Int64) async throws {
        let scratch = try Scratch()
        var builder = TakeoutBuilder()
        var contents: [String: [UInt8]] = [:]
        for index in 0..<24 {
            let item = TakeoutBuilder.Item("IMG_\(index).jpg", noise(20_000 + index * 10, seed: UInt64(index)))
            contents[item.title] = item.bytes
            builder.add(item)
        }
        try builder.write(to: scratch.path, stamp: "20260301T101500Z", parts: 2, packing: .tgz)
        let library = try TakeoutLibrary(directory: scratch.path, catalog: nil, room: EntryRoom(bytes: room))
        try await library.update()
        let items = try await library.allItems()
        #expect(items.count == 24)
        // All are open before one is read; some are never read, and some are closed in the midst.
        for order in [items, items.reversed()] {
            var readers: [(TakeoutItem, any ContentReader)] = []
            for item in order { readers.append((item, try await library.open(item))) }
            for (index, (item, reader)) in readers.enumerated().reversed() {
                if index % 5 == 0 {
                    if index % 2 == 0 { _ = try await reader.read() }
                    await reader.close()
                } else {
                    #expect(try await reader.readAll() == contents[item.name])
                }
            }
        }
        // And at the same time.
        try await withThrowingTaskGroup(of: (String, [UInt8]).self) { group in
            for item in items { group.addTask { (item.name, try await library.bytes(item)) } }
            for try await (name, bytes) in group { #expect(bytes == contents[name]) }
        }
    }

    @Test func roomThatWasTakenIsGivenBack() async throws {
        struct Failure: Error {}
        final class Pieces: ByteStream {
            var left = 3
            func next() -> [UInt8]? {
                left -= 1
                return left >= 0 ? [1, 2] : nil
            }
        }
        let room = EntryRoom(bytes: 10)
        func open() throws -> (any ContentReader)? { try room.readWhole(6, ofPart: 1) { try $0(Pieces()) } }
        let first = try #require(try open())
        #expect(try open() == nil)
        #expect(try await first.readAll() == [1, 2, 1, 2, 1, 2])
        let second = try #require(try open())
        #expect(try open() == nil)
        await second.close()
        #expect(throws: Failure.self) { try room.readWhole(10, ofPart: 1) { _ in throw Failure() } }
        #expect(try open() != nil)
    }
}
