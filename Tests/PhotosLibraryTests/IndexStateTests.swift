import Foundation
import Testing

@testable import PhotosLibrary

@Suite struct IndexStateTests {
    private func filled(names: Int, contents: Int, hashed: Int) -> IndexState {
        var state = IndexState()
        state.directories = [.init(space: "", path: "/album"), .init(space: "caseless", path: "/media/by-month/2024")]
        state.names = (0..<names).map {
            .init(owner: Int64($0) << 40, directory: $0 % 2, name: "IMG_\($0) {0123abcd}.jpg")
        }
        state.contents = (0..<contents).map { number in
            .init(
                owner: -Int64(number), size: Int64(number) * 1_000_003,
                sha256: number < hashed ? Array(repeating: UInt8(truncatingIfNeeded: number), count: 32) : nil)
        }
        return state
    }

    @Test func whatWasWrittenIsRead() throws {
        for (names, contents, hashed) in [(0, 0, 0), (1, 0, 0), (300, 500, 200), (0, 130, 130)] {
            let state = filled(names: names, contents: contents, hashed: hashed)
            let read = try #require(IndexState(state.text()))
            #expect(read.names.count == names)
            #expect(read.contents == state.contents)
            for (old, new) in zip(state.names, read.names) {
                #expect(old.owner == new.owner && old.name == new.name)
                #expect(state.directories[old.directory] == read.directories[new.directory])
            }
        }
    }

    @Test func whatDoesNotFitIsLeftOutFromItsEnd() throws {
        let state = filled(names: 100, contents: 1000, hashed: 1000)
        var last = (names: 0, sizes: 0, hashes: 0)
        for limit in stride(from: 200, to: 80_000, by: 1234) {
            let text = state.text(limit: limit)
            #expect(text.utf8.count <= limit)
            let read = try #require(IndexState(text))
            let now = (
                names: read.names.count, sizes: read.contents.count,
                hashes: read.contents.filter { $0.sha256 != nil }.count
            )
            #expect(now.names >= last.names && now.sizes >= last.sizes && now.hashes >= last.hashes)
            if now.sizes > 0 { #expect(now.names == 100) }
            if now.hashes > 0 { #expect(now.sizes == 1000) }
            last = now
        }
        #expect(last == (100, 1000, 1000))
    }

    @Test func noDamagedTextIsTaken() {
        let text = filled(names: 3, contents: 5, hashed: 5).text()
        for length in 0..<text.utf8.count { #expect(IndexState(String(text.prefix(length))) == nil) }
        #expect(IndexState(text + "AAAA") == nil)
    }
}
