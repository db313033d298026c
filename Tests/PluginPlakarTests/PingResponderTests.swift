import NIOCore
import NIOEmbedded
import SeededRandom
import Testing

@testable import PluginPlakar

struct PingResponderTests {
    private static func frame(type: UInt8, flags: UInt8 = 0, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags, 0, 0, 0, 0] + payload
    }

    /// However the bytes are cut, pings are answered in order and all else passes unchanged.
    @Test func pingsAreTakenOutAndAnsweredWhereverTheReadsAreCut() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            var sent = [UInt8]("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
            var passing = sent
            var answers: [UInt8] = []
            for _ in 0..<Int.random(in: 0..<12, using: &random) {
                let payload = (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }
                switch Int.random(in: 0..<4, using: &random) {
                case 0, 1:
                    sent += Self.frame(type: 6, payload)
                    answers += Self.frame(type: 6, flags: 1, payload)
                case 2:
                    // The answer to one of our own.
                    let frame = Self.frame(type: 6, flags: 1, payload)
                    sent += frame
                    passing += frame
                default:
                    let content = [UInt8](repeating: 6, count: Int.random(in: 0..<40, using: &random))
                    let frame = Self.frame(type: UInt8.random(in: 0..<6, using: &random), content)
                    sent += frame
                    passing += frame
                }
            }
            let channel = EmbeddedChannel(handler: PingResponder())
            var rest = sent[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...30, using: &random))
                try channel.writeInbound(ByteBuffer(bytes: piece))
                rest = rest.dropFirst(piece.count)
            }
            var received: [UInt8] = []
            while let buffer = try channel.readInbound(as: ByteBuffer.self) { received += buffer.readableBytesView }
            var answered: [UInt8] = []
            while let buffer = try channel.readOutbound(as: ByteBuffer.self) { answered += buffer.readableBytesView }
            #expect(received == passing, "seed \(seed)")
            #expect(answered == answers, "seed \(seed)")
        }
    }
}
