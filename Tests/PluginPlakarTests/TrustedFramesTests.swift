import NIOCore
import NIOEmbedded
import NIOHTTP2
import SeededRandom
import Testing

@testable import PluginPlakar

struct TrustedFramesTests {
    private static func frame(type: UInt8, flags: UInt8 = 0, stream: UInt8 = 0, _ payload: [UInt8]) -> [UInt8] {
        let count = payload.count
        return [UInt8(count >> 16), UInt8(count >> 8 & 255), UInt8(count & 255), type, flags, 0, 0, 0, stream] + payload
    }

    /// However the bytes are cut, pings are answered and calls given up in order, and all else passes unchanged.
    @Test func pingsAndResetsAreTakenOutWhereverTheReadsAreCut() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            var sent = [UInt8]("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)
            var passing = sent
            var answers: [UInt8] = []
            var resets: [HTTP2StreamID] = []
            for _ in 0..<Int.random(in: 0..<12, using: &random) {
                let payload = (0..<8).map { _ in UInt8.random(in: 0...255, using: &random) }
                switch Int.random(in: 0..<5, using: &random) {
                case 0, 1:
                    sent += Self.frame(type: 6, payload)
                    answers += Self.frame(type: 6, flags: 1, payload)
                case 2:
                    // The answer to one of our own.
                    let frame = Self.frame(type: 6, flags: 1, payload)
                    sent += frame
                    passing += frame
                case 3:
                    let stream = UInt8.random(in: 0..<128, using: &random) * 2 + 1
                    sent += Self.frame(type: 3, stream: stream, [0, 0, 0, 8])
                    resets.append(HTTP2StreamID(Int(stream)))
                default:
                    // Also resets and pings of a length that they cannot have: NIO says what it says to those.
                    let type = UInt8.random(in: 0..<7, using: &random)
                    let lengths = (0..<40).filter { !(type == 3 && $0 == 4) && !(type == 6 && $0 == 8) }
                    let content = [UInt8](repeating: 6, count: lengths.randomElement(using: &random) ?? 0)
                    let frame = Self.frame(type: type, content)
                    sent += frame
                    passing += frame
                }
            }
            var cancelled: [HTTP2StreamID] = []
            let channel = EmbeddedChannel(handler: TrustedFrames { cancelled.append($0) })
            var rest = sent[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...30, using: &random))
                try channel.writeInbound(ByteBuffer(bytes: piece))
                rest = rest.dropFirst(piece.count)
            }
            var received: [UInt8] = []
            while let buffer = try channel.readInbound(as: ByteBuffer.self) { received += buffer.readableBytesView }
            var answered: [UInt8] = []
            while case .byteBuffer(let buffer)? = try channel.readOutbound(as: IOData.self) {
                answered += buffer.readableBytesView
            }
            #expect(received == passing, "seed \(seed)")
            #expect(answered == answers, "seed \(seed)")
            #expect(cancelled == resets, "seed \(seed)")
        }
    }

    /// What NIO says when a call is given up is not for a host that gave it up itself.
    @Test func aResetIsNotAnsweredWithAReset() throws {
        let reset = Self.frame(type: 3, stream: 5, [0, 0, 0, 8])
        let channel = EmbeddedChannel()
        let frames = TrustedFrames { _ in
            for frame in [Self.frame(type: 3, stream: 7, [0, 0, 0, 8]), reset, reset] {
                channel.write(IOData.byteBuffer(ByteBuffer(bytes: frame)), promise: nil)
            }
        }
        try channel.pipeline.syncOperations.addHandler(frames)
        try channel.writeInbound(ByteBuffer(bytes: [UInt8]("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + reset))
        channel.write(IOData.byteBuffer(ByteBuffer(bytes: reset)), promise: nil)
        channel.flush()
        var sent: [UInt8] = []
        while case .byteBuffer(let buffer)? = try channel.readOutbound(as: IOData.self) {
            sent += buffer.readableBytesView
        }
        // One of them, and no other: not even the same again, later.
        #expect(sent == Self.frame(type: 3, stream: 7, [0, 0, 0, 8]) + reset + reset)
    }
}
