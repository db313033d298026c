import ConnectorKit
import GRPCCore
import Testing

@testable import PluginPlakar

/// The traps of an import by Plakar, each with the host that falls into it.
@Suite(.timeLimit(.minutes(1)))
struct ImportTests {
    typealias Responses = RPCAsyncSequence<Importer_ImportResponse, any Error>
    typealias Acknowledgements = AsyncStream<Importer_ImportRequest>.Continuation

    private static func file(_ number: Int) throws -> Record { try .file("/IMG_\(number).jpg") }

    @Test func theAnswerToInitSaysWhoItIsAndThatOneProcessIsEnough() async throws {
        let given = Box(Settings())
        let plugin = ConnectorPlugin.importing({ settings in given.change { $0 = settings } }, .init { _ in })
        let (answer, status, said) = try await PlakarHost.run(plugin) { host in
            let config = ["rclone_token": "t", "rclone_type": "google photos", "views": "all", "location": "rclone://"]
            let answer = try await host.setUpSource(config)
            try await host.ping()
            try await host.close()
            return answer
        }
        #expect((answer.origin, answer.type, answer.root, answer.flags) == ("me", "scripted", "/", 4))
        #expect(
            given.value
                == Settings(["token": "t", "type": "google photos", "views": "all", "location": "rclone://"]))
        #expect(status == 0)
        #expect(said.isEmpty)
    }

    @Test func callsOutOfPlaceAreRefusedAndTheSessionGoesOn() async throws {
        let plugin = ConnectorPlugin.importing { try await $0.emit(try Self.file(1), content: MemoryContent([1])) }
        _ = try await PlakarHost.run(plugin) { host in
            await #expect(throws: RPCError.self) { try await host.ping() }
            await #expect(throws: RPCError.self) { _ = try await host.backUp() }
            try await host.setUpSource()
            await #expect(throws: RPCError.self) { try await host.setUpSource() }
            await #expect(throws: RPCError.self) { _ = try await host.open("/nothing") }
            #expect(try await host.backUp().count == 1)
            try await host.close()
            await #expect(throws: RPCError.self) { try await host.ping() }
        }
    }

    @Test func settingsThatMakeNoSenseFailInitWithTheirSentence() async throws {
        let plugin = ConnectorPlugin.importing(
            { _ in throw ConnectorError(.config, "the setting token is missing", hint: "sign in") }, .init { _ in })
        let (error, status, _) = try await PlakarHost.run(plugin) { host in
            await #expect(throws: RPCError.self) { try await host.setUpSource() }
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message == "the setting token is missing; sign in")
        #expect(status == 0)
    }

    @Test func theCallStaysOpenAfterFinishedUntilTheHostHalfCloses() async throws {
        let plugin = ConnectorPlugin.importing { try await $0.emit(try Self.file(1), content: MemoryContent([1])) }
        _ = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            try await host.stream(PlakarHost.importer, "Import") { (responses: Responses, input: Acknowledgements) in
                var iterator = responses.makeAsyncIterator()
                let record = try #require(try await iterator.next()).record
                #expect(try await iterator.next()?.finished == true)
                let hasHalfClosed = Box(false)
                let ending = Task { [iterator] in
                    var iterator = iterator
                    _ = try await iterator.next()
                    return hasHalfClosed.value
                }
                // Whatever the connector was about to do, it has done after some calls.
                for _ in 0..<20 { try await host.ping() }
                #expect(try await host.open(record.pathname) == [[1]])
                input.yield(.with { $0.result.header = record })
                hasHalfClosed.change { $0 = true }
                input.finish()
                #expect(try await ending.value)
            }
        }
    }

    @Test func aListingThatFailsEndsTheImportWithAnErrorInPlaceOfFinished() async throws {
        let finishes = Box<[RecordStatus]>([])
        let plugin = ConnectorPlugin.importing { sink in
            let content = ScriptedContent(onFinished: { status in finishes.change { $0.append(status) } }) { nil }
            try await sink.emit(try Self.file(1), content: content)
            throw ConnectorError(.quota, "the daily quota is used up", hint: "come back tomorrow")
        }
        let (error, status, said) = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            let finished = Box(false)
            let error = await #expect(throws: RPCError.self) {
                try await host.stream(PlakarHost.importer, "Import") { (responses: Responses, _: Acknowledgements) in
                    for try await response in responses where response.finished { finished.change { $0 = true } }
                }
            }
            #expect(!finished.value)
            try await host.close()
            return error
        }
        #expect(error?.message == "the daily quota is used up; come back tomorrow")
        #expect(error?.code == .resourceExhausted)
        #expect(finishes.value == [.failed])
        #expect(status == 0)
        #expect(said.isEmpty)
    }

    /// The host shows its own words in place of ours for these two.
    @Test(arguments: [ConnectorError.Code.network, .unavailable, .auth, .corrupt, .internalDefect])
    func noErrorLooksLikeABrokenPipeOrACancellation(code: ConnectorError.Code) {
        let error = RPCError(describing: ConnectorError(code, "words"))
        #expect(error.code != .unavailable)
        #expect(error.code != .cancelled)
        #expect(error.message == "words")
    }

    @Test func tenThousandRecordsNeedNoAcknowledgementAndTheirContentIsReadLongAfter() async throws {
        let count = 10_000
        let finishes = Box<[RecordStatus: Int]>([:])
        let plugin = ConnectorPlugin.importing { sink in
            for number in 0..<count {
                let content = MemoryContent([UInt8(number % 251)])
                let noted = ScriptedContent(onFinished: { status in finishes.change { $0[status, default: 0] += 1 } }) {
                    await content.read()
                }
                try await sink.emit(try Self.file(number), content: noted)
            }
        }
        let (_, status, _) = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            try await host.stream(PlakarHost.importer, "Import") { (responses: Responses, input: Acknowledgements) in
                var seen = 0
                var iterator = responses.makeAsyncIterator()
                while let response = try await iterator.next(), !response.finished { seen += 1 }
                #expect(seen == count)
                for number in [count - 1, 0, 5000] {
                    #expect(try await host.open("/IMG_\(number).jpg") == [[UInt8(number % 251)]])
                }
                for number in 0..<count - 10 {
                    input.yield(.with { $0.result.header.pathname = "/IMG_\(number).jpg" })
                }
                input.finish()
                while try await iterator.next() != nil {}
            }
            try await host.close()
        }
        // One of the three was read and not acknowledged.
        #expect(finishes.value == [.stored: 3, .unchanged: count - 12, .failed: 9])
        #expect(status == 0)
    }

    @Test func chunksAreNeverEmptyAndNeverAboveOneMebibyte() async throws {
        let pieces = Box<[[UInt8]]>([.init(repeating: 1, count: 3 << 20 | 5), [2], .init(repeating: 3, count: 1 << 20)])
        let plugin = ConnectorPlugin.importing { sink in
            let content = ScriptedContent {
                let next = Box<[UInt8]?>(nil)
                pieces.change { pieces in
                    let first = pieces.isEmpty ? nil : pieces.removeFirst()
                    next.change { $0 = first }
                }
                return next.value
            }
            try await sink.emit(try Self.file(1), content: content)
            try await sink.emit(try Self.file(2), content: MemoryContent([]))
        }
        _ = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            let records = try await host.backUp { record in
                let chunks = try await host.open(record.pathname)
                let isEmpty = record.pathname == "/IMG_2.jpg"
                #expect(chunks.map(\.count) == (isEmpty ? [] : [1 << 20, 1 << 20, 1 << 20, 5, 1, 1 << 20]))
            }
            #expect(records.count == 2)
        }
    }

    @Test func aContentThatBreaksOffFailsItsReadAndMayBeReadAgain() async throws {
        let finishes = Box<[RecordStatus]>([])
        let reads = Box(0)
        let plugin = ConnectorPlugin.importing { sink in
            let content = ScriptedContent(onFinished: { status in finishes.change { $0.append(status) } }) {
                reads.change { $0 += 1 }
                if reads.value % 2 == 1 { return [1, 2, 3] }
                throw ConnectorError(.network, "the connection broke")
            }
            try await sink.emit(try Self.file(1), content: content)
        }
        _ = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            _ = try await host.backUp { record in
                for _ in 0..<2 {
                    let error = await #expect(throws: RPCError.self) { _ = try await host.open(record.pathname) }
                    #expect(error?.message == "the connection broke")
                }
            }
        }
        // The acknowledgement does not say that reading failed.
        #expect(finishes.value == [.failed])
        #expect(reads.value == 4)
    }

    @Test func aCancelledReadFreesItsTransfer() async throws {
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let (ended, end) = AsyncStream.makeStream(of: Bool.self)
        let plugin = ConnectorPlugin.importing { sink in
            let (never, hold) = AsyncStream.makeStream(of: Void.self)
            let content = ScriptedContent(onClose: { end.yield(Task.isCancelled) }) {
                begin.yield()
                for await _ in never {}
                hold.finish()
                try Task.checkCancellation()
                return nil
            }
            try await sink.emit(try Self.file(1), content: content)
        }
        _ = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            _ = try await host.backUp { record in
                let reading = Task { try await host.open(record.pathname) }
                for await _ in begun { break }
                reading.cancel()
                for await wasCancelled in ended {
                    #expect(wasCancelled)
                    break
                }
            }
            try await host.close()
        }
    }

    /// NIO by itself ends the connection after 200 in 30 seconds.
    @Test func aThousandCancelledReadsAreFreedAndTheNextOneIsRead() async throws {
        let count = 1000
        let (freed, free) = AsyncStream.makeStream(of: Void.self)
        let (begun, begin) = AsyncStream.makeStream(of: Void.self)
        let plugin = ConnectorPlugin.importing { sink in
            let content = ScriptedContent(onClose: { free.yield() }) {
                begin.yield()
                try await Signal().wait()
                return nil
            }
            try await sink.emit(try Self.file(1), content: content)
            try await sink.emit(try Self.file(2), content: MemoryContent([1, 2, 3]))
        }
        let (_, status, said) = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            try await host.stream(PlakarHost.importer, "Import") { (responses: Responses, input: Acknowledgements) in
                var iterator = responses.makeAsyncIterator()
                while let response = try await iterator.next(), !response.finished {}
                var begins = begun.makeAsyncIterator()
                var frees = freed.makeAsyncIterator()
                for _ in 0..<count {
                    let reading = Task { try await host.open("/IMG_1.jpg") }
                    _ = await begins.next()
                    reading.cancel()
                    _ = await frees.next()
                }
                #expect(try await host.open("/IMG_2.jpg") == [[1, 2, 3]])
                input.finish()
                while try await iterator.next() != nil {}
            }
            try await host.close()
        }
        #expect(status == 0)
        #expect(said.isEmpty)
    }

    @Test func aHostThatHalfClosesEarlyGetsEveryRecordAllTheSame() async throws {
        let plugin = ConnectorPlugin.importing { sink in
            for number in 0..<500 { try await sink.emit(try Self.file(number), content: MemoryContent([1])) }
        }
        let (_, status, _) = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            try await host.stream(PlakarHost.importer, "Import") { (responses: Responses, input: Acknowledgements) in
                input.finish()
                var count = 0
                var hasFinished = false
                for try await response in responses {
                    if response.finished { hasFinished = true } else { count += 1 }
                }
                #expect(count == 500)
                #expect(hasFinished)
            }
            try await host.close()
        }
        #expect(status == 0)
    }

    @Test func aHostThatIsGoneAmidAnImportEndsTheProcessAndWhatIsLearntIsSaved() async throws {
        let (cancelled, end) = AsyncStream.makeStream(of: Void.self)
        let closes = Box(0)
        let plugin = ConnectorPlugin.importing(
            { _ in },
            ScriptedImporter(onClose: { closes.change { $0 += 1 } }) { sink in
                try await sink.emit(try Self.file(1), content: MemoryContent([1]))
                let (never, hold) = AsyncStream.makeStream(of: Void.self)
                for await _ in never {}
                hold.finish()
                end.yield()
                try Task.checkCancellation()
            })
        let (_, status, _) = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            try? await host.stream(PlakarHost.importer, "Import") { (responses: Responses, _: Acknowledgements) in
                for try await _ in responses { host.hangUp() }
            }
        }
        for await _ in cancelled { break }
        #expect(status == 1)
        #expect(closes.value == 1)
    }

    @Test func everythingIsSavedBeforeCloseIsAnsweredAndOnlyOnce() async throws {
        let saved = Box(0)
        let plugin = ConnectorPlugin.importing(
            { _ in }, ScriptedImporter(onClose: { saved.change { $0 += 1 } }) { _ in })
        let (_, status, _) = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            try await host.close()
            #expect(saved.value == 1)
        }
        #expect(saved.value == 1)
        #expect(status == 0)
    }

    @Test func aFailureToSaveFailsClose() async throws {
        let plugin = ConnectorPlugin.importing(
            { _ in },
            ScriptedImporter(onClose: { throw ConnectorError(.unavailable, "the disk is full") }) { _ in })
        _ = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            let error = await #expect(throws: RPCError.self) { try await host.close() }
            #expect(error?.message == "the disk is full")
        }
    }

    @Test func aPathnameThatComesTwiceIsNeverSent() async throws {
        let plugin = ConnectorPlugin.importing { sink in
            try await sink.emit(try Self.file(1), content: MemoryContent([1]))
            try await sink.emit(try Self.file(1), content: MemoryContent([2]))
        }
        _ = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            await #expect(throws: RPCError.self) {
                try await host.stream(PlakarHost.importer, "Import") { (responses: Responses, _: Acknowledgements) in
                    for try await _ in responses {}
                }
            }
        }
    }

    @Test func onlyWarningsAndErrorsAreSaidOnStandardError() async throws {
        let plugin = ConnectorPlugin(
            name: "scripted", version: "1", title: "", settings: [],
            makeImporter: { _, _, reporter in
                ScriptedImporter { _ in
                    reporter.progress(Progress(phase: "listing", items: 1))
                    reporter.log(.info, "all is well", pathname: nil)
                    reporter.configChanged(["token": "secret"])
                    reporter.log(.warning, "an album is odd", pathname: try Pathname("/album/x"))
                }
            }, makeExporter: nil)
        let (_, _, said) = try await PlakarHost.run(plugin) { host in
            try await host.setUpSource()
            _ = try await host.backUp()
            try await host.close()
        }
        #expect(said == "scripted: warning: /album/x: an album is odd\n")
    }
}
