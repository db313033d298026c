import ConnectorKit
import Testing

struct ContentTests {
    /// Ends with an error, and tells whether it was closed.
    private actor BrokenContent: ContentReader {
        private(set) var isClosed = false
        private var isFirst = true

        func read() throws -> [UInt8]? {
            defer { isFirst = false }
            if isFirst { return [1] }
            throw ConnectorError(.network, "broken")
        }

        func close() { isClosed = true }
    }

    /// Several chunks, and whether it was closed.
    private actor ChunkedContent: ContentReader {
        private(set) var isClosed = false
        private var chunks: [[UInt8]] = [[1, 2], [3], [4, 5, 6]]

        func read() -> [UInt8]? { chunks.isEmpty ? nil : chunks.removeFirst() }
        func close() { isClosed = true }
    }

    @Test func inMemory() async throws {
        let content = MemoryContent([1, 2, 3])
        #expect(await content.read() == [1, 2, 3])
        #expect(await content.read() == nil)
        #expect(await content.read() == nil)
        await content.close()
        await content.close()
        #expect(await content.read() == nil)
    }

    @Test func emptyIsNoChunk() async throws {
        #expect(await MemoryContent([]).read() == nil)
        #expect(try await MemoryContent([]).readAll() == [])
    }

    @Test func closedIsGivenUp() async {
        let content = MemoryContent([1])
        await content.close()
        #expect(await content.read() == nil)
    }

    @Test func opensAgainFromTheStart() async throws {
        let content = MemoryContent([7, 8])
        _ = await content.read()
        for _ in 0..<2 { #expect(try await content.open().readAll() == [7, 8]) }
        let first = content.open()
        let second = content.open()
        await first.close()
        #expect(try await second.read() == [7, 8])
    }

    @Test func readAllJoinsAndCloses() async throws {
        let content = ChunkedContent()
        #expect(try await content.readAll() == [1, 2, 3, 4, 5, 6])
        #expect(await content.isClosed)
    }

    @Test func readAllOfABrokenContent() async throws {
        let content = BrokenContent()
        let error = await #expect(throws: ConnectorError.self) { try await content.readAll() }
        #expect(error?.code == .network)
        let isClosed = await content.isClosed
        #expect(isClosed)
    }
}
