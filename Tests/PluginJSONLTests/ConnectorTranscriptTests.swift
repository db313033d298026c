import ConnectorKit
import Foundation
import StrictJSON
import Testing

@testable import PluginJSONL

@Suite(.timeLimit(.minutes(1))) struct ConnectorTranscriptTests {
    static let importer = ConnectorPlugin.importing(ScriptedImporter(script: { _, _ in nil }))

    static let hostile: [(String, [UInt8])] = [
        ("byte order mark", [0xEF, 0xBB, 0xBF] + Array(#"{"type":"ping","id":1}"#.utf8)),
        ("invalid UTF-8", Array(#"{"type":"p"#.utf8) + [0xFF] + Array(#"","id":1}"#.utf8)),
        ("lone surrogate", Array(#"{"type":"\ud800","id":1}"#.utf8)),
        ("NaN", Array(#"{"type":"ping","id":NaN}"#.utf8)),
        ("a key twice", Array(#"{"type":"ping","id":1,"id":2}"#.utf8)),
        (
            "65 levels",
            Array(
                (#"{"type":"ping","id":1,"x":"# + String(repeating: "[", count: 64) + String(repeating: "]", count: 64)
                    + "}").utf8)
        ),
        ("too long", [UInt8](repeating: 0x20, count: Wire.defaultMaxLine + 2)),
        ("an array", Array("[]".utf8)), ("no JSON", Array("hello".utf8)),
        ("no type", Array(#"{"id":1}"#.utf8)), ("type of the wrong kind", Array(#"{"type":1}"#.utf8)),
        ("id missing", Array(#"{"type":"ping"}"#.utf8)), ("id a string", Array(#"{"type":"ping","id":"1"}"#.utf8)),
        ("id 0", Array(#"{"type":"ping","id":0}"#.utf8)),
        ("id 2^53", Array(#"{"type":"ping","id":9007199254740992}"#.utf8)),
        ("config of the wrong kind", Array(#"{"type":"init","id":1,"config":{"a":1}}"#.utf8)),
        ("bad base64", Array(#"{"type":"chunk","record":1,"offset":0,"data":"!"}"#.utf8)),
        ("empty chunk", Array(#"{"type":"chunk","record":1,"offset":0,"data":""}"#.utf8)),
        ("huge frame", Array(#"{"type":"chunk","record":1,"offset":0,"length":1048577}"#.utf8)),
        ("second hello", Array(hostHello.utf8)),
    ]

    @Test(arguments: hostile.map(\.0)) func hostileLine(_ name: String) async throws {
        let line = try #require(Self.hostile.first { $0.0 == name }).1
        // What is too long for the pipe is written while the connector reads.
        let (down, up) = (try Pipe(), try Pipe())
        let session = try ConnectorSession(
            Self.importer, role: .importer, input: down.read, output: up.write, runtime: .still)
        async let status = session.run(grace: .milliseconds(300))
        Pipe.put(Array((hostHello + "\n").utf8) + line + [0x0A], to: down.write)
        #expect(await status == 2)
        Descriptors.close(down.write)
        let lines = Pipe.drain(up.read).split(separator: 0x0A)
        let last = try JSON(parsing: try #require(lines.last))
        #expect(last["type"] == "error")
        #expect(last["id"] == nil)
        #expect(last["error"]?["code"] == "protocol")
    }

    @Test func noVersionInCommon() async throws {
        let hello = #"{"type":"hello","protocol":"kloset.jsonl","versions":[2,3]}"# + "\n"
        let (lines, status) = try await transcript(of: Self.importer, Array(hello.utf8))
        #expect(status == 2)
        #expect(lines.count == 1)
        #expect(lines[0].contains(#""code":"version""#))
    }

    @Test func whatIsOutOfPlaceIsRefusedAndTheSessionGoesOn() async throws {
        let input = [
            #"{"type":"spec","id":1}"#, hostHello, #"{"type":"import","id":2,"window":1}"#,
            #"{"type":"open","record":4,"credit":1}"#, #"{"type":"credit","record":4,"bytes":1}"#,
            #"{"type":"dance","id":9}"#, #"{"type":"init","id":3,"config":{}}"#, #"{"type":"init","id":4,"config":{}}"#,
            #"{"type":"ping","id":3}"#, #"{"type":"export","id":5,"window":1}"#, "", #"{"type":"close","id":6}"#,
        ]
        let (lines, status) = try await transcript(
            of: Self.importer, Array((input.joined(separator: "\n") + "\n").utf8))
        #expect(status == 0)
        func has(_ parts: String...) -> Bool { lines.contains { line in parts.allSatisfy { line.contains($0) } } }
        #expect(has(#"{"type":"error","id":1,"#, #""code":"protocol""#))
        #expect(has(#"{"type":"error","id":2,"#, #""code":"protocol""#))
        #expect(has(#"{"type":"error","record":4,"#, #""code":"protocol""#))
        #expect(has(#"{"type":"error","id":9,"of":"dance""#, #""code":"unsupported""#))
        #expect(has(#"{"type":"ok","id":3,"origin":"me","kind":"scripted","root":"/","flags":["stream"]}"#))
        #expect(has(#"{"type":"error","id":4,"#, #""code":"protocol""#))
        #expect(has(#"{"type":"error","id":3,"#, #""code":"protocol""#))
        #expect(lines.last == #"{"type":"ok","id":6}"#)
        #expect(lines.count == 10)
    }

    @Test func golden() async throws {
        let file = try Record.file("/a/b.jpg")
        let importer = ScriptedImporter(script: { state, sink in
            try await sink.emit(.directory(.root, modificationTime: .epoch), content: nil)
            try await sink.emit(.directory(try Pathname("/a"), modificationTime: .epoch), content: nil)
            try await sink.emit(file, content: MemoryContent(Array("hello".utf8)))
            var broken = try Record.file("/a/c.jpg")
            broken.error = ConnectorError(.notFound, "it is gone", hint: "look elsewhere")
            try await sink.emit(broken, content: nil)
            return "after " + (state ?? "nothing")
        })
        let input = [
            hostHello, #"{"type":"init","id":1,"config":{"rclone_token":"x"}}"#,
            #"{"type":"import","id":2,"window":9,"state":"s"}"#,
        ]
        let (down, up) = (try Pipe(), try Pipe())
        let session = try ConnectorSession(
            .importing(importer), role: .importer, input: down.read, output: up.write, runtime: .still)
        let status = Task { await session.run() }
        Pipe.put(Array((input.joined(separator: "\n") + "\n").utf8), to: down.write)
        // Each side waits for the other here, as a real host would.
        let lines = Lines(up.read)
        var seen = await lines.take(6)
        Pipe.put(Array((#"{"type":"open","record":3,"credit":3}"# + "\n").utf8), to: down.write)
        seen += await lines.take(1)
        Pipe.put(Array((#"{"type":"credit","record":3,"bytes":9}"# + "\n").utf8), to: down.write)
        seen += await lines.take(2)
        Pipe.put(Array((#"{"type":"open","record":3,"credit":9,"sha256":false}"# + "\n").utf8), to: down.write)
        seen += await lines.take(2)
        let results = (1...4).map { #"{"type":"result","record":\#($0),"status":"stored"}"# + "\n" }.joined()
        Pipe.put(Array(results.utf8), to: down.write)
        seen += await lines.take(1)
        Pipe.put(Array((#"{"type":"close","id":3}"# + "\n").utf8), to: down.write)
        seen += await lines.take(1)
        #expect(await status.value == 0)
        Descriptors.close(down.write)
        let sha = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
        let hello =
            #"{"type":"hello","protocol":"kloset.jsonl","version":1,"name":"scripted","plugin_version":"1","#
            + #""roles":["importer"],"capabilities":["raw-chunks","config-update"],"max_line":8388608}"#
        let broken =
            #"{"type":"record","record":4,"pathname":"/a/c.jpg","kind":"file","size":null,"permissions":384,"#
            + #""mod_time":"2023-11-14T22:13:20.005Z","error":{"code":"not-found","message":"it is gone","#
            + #""retryable":false,"hint":"look elsewhere"}}"#
        #expect(
            seen == [
                hello, #"{"type":"ok","id":1,"origin":"me","kind":"scripted","root":"/","flags":["stream"]}"#,
                #"{"type":"record","record":1,"pathname":"/","kind":"directory","permissions":448,"#
                    + #""mod_time":"1970-01-01T00:00:00Z"}"#,
                #"{"type":"record","record":2,"pathname":"/a","kind":"directory","permissions":448,"#
                    + #""mod_time":"1970-01-01T00:00:00Z"}"#,
                #"{"type":"record","record":3,"pathname":"/a/b.jpg","kind":"file","size":null,"permissions":384,"#
                    + #""mod_time":"2023-11-14T22:13:20.005Z","has_content":true}"#,
                broken, #"{"type":"chunk","record":3,"offset":0,"data":"aGVs"}"#,
                #"{"type":"chunk","record":3,"offset":3,"data":"bG8="}"#,
                #"{"type":"end","record":3,"size":5,"sha256":"\#(sha)"}"#,
                #"{"type":"chunk","record":3,"offset":0,"data":"aGVsbG8="}"#, #"{"type":"end","record":3,"size":5}"#,
                #"{"type":"ok","id":2,"state":"after s","records":4,"errors":1,"counters":{"api_requests":7}}"#,
                #"{"type":"ok","id":3}"#,
            ])
    }

    @Test func hangingImporterDoesNotHoldTheEnd() async throws {
        let begun = Signal()
        let importer = ScriptedImporter(script: { _, _ in
            begun.signal()
            // Heeds nothing, not even its cancellation.
            await withCheckedContinuation { (never: CheckedContinuation<Void, Never>) in Self.keep(never) }
            return nil
        })
        let input = [hostHello, #"{"type":"init","id":1,"config":{}}"#, #"{"type":"import","id":2,"window":1}"#]
        let (down, up) = (try Pipe(), try Pipe())
        let session = try ConnectorSession(
            .importing(importer), role: .importer, input: down.read, output: up.write, runtime: .still)
        let running = Task { await session.run(grace: .milliseconds(300)) }
        Pipe.put(Array((input.joined(separator: "\n") + "\n").utf8), to: down.write)
        try await begun.wait()
        let clock = ContinuousClock()
        let start = clock.now
        Descriptors.close(down.write)
        let status = await running.value
        let lines = Pipe.drain(up.read).split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
        #expect(status == 1)
        #expect(clock.now - start < .seconds(5))
        #expect(lines.last?.contains(#""code":"cancelled""#) == true)
    }

    private static let kept = Box<[CheckedContinuation<Void, Never>]>([])
    private static func keep(_ continuation: CheckedContinuation<Void, Never>) {
        kept.change { $0.append(continuation) }
    }

    @Test func statusAtTheEnd() async throws {
        let quiet = try await transcript(of: Self.importer, Array((hostHello + "\n").utf8))
        #expect(quiet.status == 0)
        let nothing = try await transcript(of: Self.importer, [])
        #expect(nothing.status == 0)
        let (down, up) = (try Pipe(), try Pipe())
        let session = try ConnectorSession(
            Self.importer, role: .importer, input: down.read, output: up.write, runtime: .still)
        async let status = session.run(grace: .milliseconds(300))
        session.end(.signalled(15))
        #expect(await status == 143)
        Descriptors.close(down.write, up.read)
    }

    /// The connector never hangs and never crashes, wherever its host dies.
    @Test(arguments: 0..<6) func hostDies(after count: Int) async throws {
        let messages = [
            hostHello, #"{"type":"init","id":1,"config":{}}"#, #"{"type":"import","id":2,"window":1}"#,
            #"{"type":"open","record":1,"credit":1}"#, #"{"type":"result","record":1,"status":"stored"}"#,
        ]
        let importer = ScriptedImporter(script: { _, sink in
            for index in 0..<5 { try await sink.emit(try .file("/\(index)"), content: MemoryContent([1, 2, 3])) }
            return nil
        })
        let text = messages.prefix(count).map { $0 + "\n" }.joined()
        let (_, status) = try await transcript(of: .importing(importer), Array(text.utf8))
        #expect(count < 2 ? status == 0 : [0, 1].contains(status))
    }
}

/// Lines that a connector writes, waited for one by one.
final class Lines: Sendable {
    private let lines = Box<[String]>([])
    private let arrival = Signal()

    init(_ descriptor: Int32) {
        let (lines, arrival) = (lines, arrival)
        let thread = Thread {
            var rest: [UInt8] = []
            var piece = [UInt8](repeating: 0, count: 4096)
            while true {
                let count = readSome(descriptor, &piece)
                if count <= 0 { break }
                rest += piece[0..<count]
                while let end = rest.firstIndex(of: 0x0A) {
                    let line = String(decoding: rest[..<end], as: UTF8.self)
                    rest.removeSubrange(...end)
                    lines.change { $0.append(line) }
                }
                arrival.signal()
            }
            Descriptors.close(descriptor)
            arrival.signal()
        }
        thread.start()
    }

    func take(_ count: Int) async -> [String] {
        while lines.value.count < count {
            do { try await arrival.wait() } catch { return [] }
        }
        let taken = Array(lines.value.prefix(count))
        lines.change { $0.removeFirst(count) }
        return taken
    }
}
