import ConnectorKit
import Testing

@testable import PluginJSONL

extension LineReader {
    /// Feeds bytes and takes what comes of them; a line `#n` announces a frame of n bytes.
    fileprivate mutating func feed(_ bytes: some Collection<UInt8>) throws -> [Event] {
        var rest = ArraySlice(Array(bytes))
        var events: [Event] = []
        while !rest.isEmpty {
            let taken = fill { space in
                let count = min(space.count, rest.count)
                space.copyBytes(from: rest.prefix(count))
                return count
            }
            rest = rest.dropFirst(taken)
            while let event = try next() {
                if case .line(let line) = event {
                    events.append(.line(ArraySlice(Array(line))))
                    let text = String(decoding: line, as: UTF8.self)
                    if text.hasPrefix("#"), let length = Int(text.dropFirst()) { expectFrame(length) }
                } else {
                    events.append(event)
                }
            }
        }
        return events
    }
}

struct LineReaderTests {
    static let stream = Array("one\r\n\n\r\n#5\nab\ncd\ntwo\n#1\n\n\nthree\n".utf8)
    static let events: [LineReader.Event] = [
        .line(ArraySlice("one".utf8)), .line(ArraySlice("#5".utf8)), .frame(Array("ab\ncd".utf8)),
        .line(ArraySlice("two".utf8)), .line(ArraySlice("#1".utf8)), .frame([0x0A]), .line(ArraySlice("three".utf8)),
    ]

    @Test(arguments: 0...stream.count) func cutAnywhere(at cut: Int) throws {
        var reader = LineReader(maxLine: 100)
        let first = try reader.feed(Self.stream[..<cut])
        #expect(first + (try reader.feed(Self.stream[cut...])) == Self.events)
    }

    @Test func byteByByte() throws {
        var reader = LineReader(maxLine: 100)
        var events: [LineReader.Event] = []
        for byte in Self.stream { events += try reader.feed([byte]) }
        #expect(events == Self.events)
    }

    @Test func longestLine() throws {
        let line = [UInt8](repeating: 0x61, count: 100)
        var reader = LineReader(maxLine: 100)
        #expect(try reader.feed(line + Array("\r\n".utf8)) == [.line(ArraySlice(line))])
        #expect(throws: ConnectorError.self) { try reader.feed(line + Array("b\n".utf8)) }
    }

    @Test func endlessLineIsFoundEarly() {
        var reader = LineReader(maxLine: 1000)
        #expect(throws: ConnectorError.self) { try reader.feed([UInt8](repeating: 0x61, count: 2000)) }
    }

    @Test func frameMustEndWithLineFeed() {
        var reader = LineReader(maxLine: 100)
        #expect(throws: ConnectorError.self) { try reader.feed(Array("#2\nabc".utf8)) }
    }

    @Test func manyLinesThroughASmallRemainder() throws {
        var reader = LineReader(maxLine: 1 << 20)
        var count = 0
        // 3 MB of lines, fed in pieces that never fit a line.
        let line = [UInt8](repeating: 0x62, count: 1_499) + [0x0A]
        var stream: [UInt8] = []
        for _ in 0..<2000 { stream += line }
        var position = 0
        while position < stream.count {
            let end = min(position + 70_001, stream.count)
            count += try reader.feed(stream[position..<end]).count
            position = end
        }
        #expect(count == 2000)
    }
}

struct Base64Tests {
    @Test func knownTexts() {
        // RFC 4648, section 10.
        let vectors = [
            "": "", "f": "Zg==", "fo": "Zm8=", "foo": "Zm9v", "foob": "Zm9vYg==", "fooba": "Zm9vYmE=",
            "foobar": "Zm9vYmFy",
        ]
        for (plain, text) in vectors {
            #expect(Base64.encode(Array(plain.utf8)) == Array(text.utf8))
            #expect(Base64.decode(text) == Array(plain.utf8))
        }
        let all = (0...255).map { UInt8($0) }
        #expect(Base64.decode(String(decoding: Base64.encode(all), as: UTF8.self)) == all)
    }

    @Test(arguments: ["Zg", "Zg=", "Z===", "Zh==", "Zm9=", "Zm 9", "Zm9v\n", "====", "Zg==Zg==", "Zm-_"])
    func refused(_ text: String) { #expect(Base64.decode(text) == nil) }
}
