import ConnectorKit
import StrictJSON
import Testing

@testable import PluginJSONL

struct ConnectorStateMachineTests {
    static func machine(_ role: ConnectorRole = .importer, capabilities: [String] = []) -> ConnectorStateMachine {
        let hello = ConnectorHello(
            name: "n", pluginVersion: "1", roles: [role.rawValue], capabilities: [Wire.rawChunks], version: 1,
            maxLine: Wire.defaultMaxLine)
        var machine = ConnectorStateMachine(hello: hello, role: role, exportCredit: 100)
        _ = machine.receive(.hello(HostHello(name: "h", version: "1", capabilities: capabilities)))
        _ = machine.receive(.initialize(id: 1, config: [:], options: ConnectorOptions()))
        _ = machine.setUpEnded(id: 1, .success([:]))
        return machine
    }

    static func importing(window: Int64) -> ConnectorStateMachine {
        var machine = machine()
        _ = machine.receive(.importRecords(id: 2, window: window, state: nil))
        return machine
    }

    static func isRefusal(_ actions: [ConnectorAction], record: Int64, _ code: ConnectorError.Code) -> Bool {
        guard actions.count == 1, case .send(.error(nil, record, nil, let error)) = actions[0] else { return false }
        return error.code == code
    }

    @Test func rawFramesNeedBothSides() {
        #expect(!Self.machine().usesRawFrames)
        #expect(Self.machine(capabilities: [Wire.rawChunks]).usesRawFrames)
    }

    @Test func windowHoldsRecordsBack() {
        var machine = Self.importing(window: 2)
        for _ in 0..<2 { _ = machine.withImport(2) { $0.add(hasContent: true, hasError: false) } }
        #expect(machine.withImport(2) { $0.hasRoom } == false)
        let actions = machine.receive(.result(record: 1, status: .stored))
        #expect(actions == [.finished(record: 1, .stored), .wakeEmitters])
        #expect(machine.withImport(2) { $0.hasRoom } == true)
        // It crossed: the second result of a record is nothing.
        #expect(machine.receive(.result(record: 1, status: .stored)) == [])
        #expect(machine.withImport(2) { $0.listed() } == [])
        #expect(machine.receive(.result(record: 2, status: .failed)).last == .allResults)
    }

    @Test func aResultMayTellWhatTheHostHolds() throws {
        let hash = String(repeating: "5a", count: 32)
        func message(_ more: String) throws -> HostMessage {
            let json = try JSON(parsing: #"{"record":1,"status":"stored"\#(more)}"#)
            return try HostMessage(type: "result", fields: WireFields(object: try #require(json.objectValue)))
        }
        let held = try #require(HeldContent(sha256: hash, size: 7))
        let told = try message(#","sha256":"\#(hash)","size":7"#)
        #expect(told == .result(record: 1, status: .stored, holding: held))
        var writer = JSONWriter()
        told.write(to: &writer)
        let written = try JSON(parsing: String(decoding: writer.take().dropLast(), as: UTF8.self))
        #expect(try HostMessage(type: "result", fields: WireFields(object: #require(written.objectValue))) == told)
        // What makes no sense tells nothing, and is no violation.
        for more in [
            #","sha256":"\#(hash)""#, #","sha256":"xyz","size":7"#, #","sha256":5,"size":7"#,
            #","sha256":"\#(hash)","size":-1"#, #","sha256":"\#(hash)","size":"7""#, "",
        ] {
            #expect(try message(more) == .result(record: 1, status: .stored))
        }
        var machine = Self.importing(window: 2)
        _ = machine.withImport(2) { $0.add(hasContent: true, hasError: false) }
        #expect(machine.receive(told) == [.finished(record: 1, .stored, holding: held), .wakeEmitters])
    }

    @Test func creditIsSpentAndAdded() {
        var machine = Self.importing(window: 2)
        _ = machine.withImport(2) { $0.add(hasContent: true, hasError: false) }
        #expect(machine.receive(.open(record: 1, credit: 5, offset: 0)) == [.openContent(record: 1, transfer: 1)])
        #expect(machine.withImport(2) { $0.takeCredit(1, transfer: 1, upTo: 3) } == 3)
        #expect(machine.withImport(2) { $0.takeCredit(1, transfer: 1, upTo: 3) } == 2)
        #expect(machine.withImport(2) { $0.takeCredit(1, transfer: 1, upTo: 3) } == 0)
        #expect(machine.receive(.credit(record: 1, bytes: 4)) == [.creditAdded(transfer: 1)])
        #expect(machine.withImport(2) { $0.takeCredit(1, transfer: 1, upTo: 9) } == 4)
    }

    @Test func openIsRefusedWhereItIsOutOfPlace() {
        var machine = Self.importing(window: 9)
        _ = machine.withImport(2) { $0.add(hasContent: true, hasError: false) }
        _ = machine.withImport(2) { $0.add(hasContent: false, hasError: false) }
        #expect(
            Self.isRefusal(machine.receive(.open(record: 3, credit: 1, offset: 0)), record: 3, .protocolViolation))
        #expect(
            Self.isRefusal(machine.receive(.open(record: 2, credit: 1, offset: 0)), record: 2, .protocolViolation))
        #expect(Self.isRefusal(machine.receive(.open(record: 1, credit: 1, offset: 7)), record: 1, .unsupported))
        _ = machine.receive(.open(record: 1, credit: 1, offset: 0))
        #expect(
            Self.isRefusal(machine.receive(.open(record: 1, credit: 1, offset: 0)), record: 1, .protocolViolation))
    }

    @Test func cancelEndsATransferAndItCanBeOpenedAgain() {
        var machine = Self.importing(window: 9)
        _ = machine.withImport(2) { $0.add(hasContent: true, hasError: false) }
        _ = machine.receive(.open(record: 1, credit: 5, offset: 0))
        let end = ContentEnd(size: nil, sha256: nil, isCancelled: true)
        #expect(machine.receive(.cancelRecord(1)) == [.stopTransfer(1), .send(.end(record: 1, end))])
        #expect(machine.receive(.cancelRecord(1)) == [])
        // What the old transfer still does counts for nothing.
        #expect(machine.withImport(2) { $0.takeCredit(1, transfer: 1, upTo: 3) } == .some(nil))
        #expect(machine.receive(.open(record: 1, credit: 5, offset: 0)) == [.openContent(record: 1, transfer: 2)])
        let late = ContentEnd(size: 0, sha256: nil)
        #expect(machine.withImport(2) { $0.transferEnded(1, transfer: 1, .success(late)) } == [])
        #expect(
            machine.withImport(2) { $0.transferEnded(1, transfer: 2, .success(late)) }
                == [.send(.end(record: 1, late))])
    }

    @Test func errorsCountOnceAndOnlyForGood() {
        var machine = Self.importing(window: 9)
        for _ in 0..<2 { _ = machine.withImport(2) { $0.add(hasContent: true, hasError: false) } }
        _ = machine.withImport(2) { $0.add(hasContent: false, hasError: true) }
        let failure = ConnectorError(.network, "broken")
        for record in [Int64(1), 2] {
            _ = machine.receive(.open(record: record, credit: 5, offset: 0))
            _ = machine.withImport(2) { $0.transferEnded(record, transfer: Int(record), .failure(failure)) }
        }
        // The first is tried again and works.
        _ = machine.receive(.open(record: 1, credit: 5, offset: 0))
        let end = ContentEnd(size: 1, sha256: nil)
        _ = machine.withImport(2) { $0.transferEnded(1, transfer: 3, .success(end)) }
        for record in [Int64(1), 2, 3] { _ = machine.receive(.result(record: record, status: .stored)) }
        #expect(machine.withImport(2) { $0.errors } == 2)
    }

    @Test func requestsDuringInitWait() {
        var machine = Self.machine()
        machine = ConnectorStateMachine(hello: machine.hello, role: .importer, exportCredit: 1)
        _ = machine.receive(.hello(HostHello(name: "h", version: "1", capabilities: [])))
        _ = machine.receive(.initialize(id: 1, config: [:], options: ConnectorOptions()))
        #expect(machine.receive(.ping(id: 2)) == [])
        #expect(machine.setUpEnded(id: 1, .success([:])) == [.send(.ok(id: 1, [:])), .ping(id: 2)])
    }

    @Test func answersComeOnce() {
        var machine = Self.importing(window: 1)
        #expect(machine.answer(id: 2, .success([:])) == [.send(.ok(id: 2, [:]))])
        #expect(machine.answer(id: 2, .success([:])) == [])
    }

    @Test func exportRules() throws {
        var machine = Self.machine(.exporter)
        let begun = machine.receive(.export(id: 2, window: 2))
        #expect(begun == [.beginExport(id: 2), .send(.ready(id: 2, credit: 100))])
        let file = try Record.file("/a", hasContent: true)
        let directory = Record.directory(.root, modificationTime: .epoch)
        #expect(Self.isRefusal(machine.receive(.record(number: 2, file)), record: 2, .protocolViolation))
        #expect(machine.receive(.record(number: 1, directory)) == [.store(record: 1, directory)])
        #expect(machine.receive(.record(number: 2, file)) == [.store(record: 2, file)])
        #expect(Self.isRefusal(machine.receive(.record(number: 3, file)), record: 3, .protocolViolation))
        let stray = Chunk(record: 1, offset: 0, bytes: [1])
        #expect(Self.isRefusal(machine.receive(.chunk(stray)), record: 1, .protocolViolation))
        let chunk = Chunk(record: 2, offset: 0, bytes: [1])
        #expect(machine.receive(.chunk(chunk)) == [.chunk(chunk)])
        #expect(machine.receive(.finished(id: 2)) == [.finishStoring])
        #expect(machine.withExport(2) { $0.stored(1, .stored()) } == [.send(.result(record: 1, .stored()))])
        #expect(
            machine.withExport(2) { $0.stored(2, .unchanged()) }
                == [.send(.result(record: 2, .unchanged())), .allOutcomes])
        // The rest of a content whose result came first.
        #expect(machine.receive(.chunk(chunk)) == [])
        #expect(machine.withExport(2) { $0.counts } == [.unchanged: 1])
    }

    @Test func whatIsOnItsWayToAnExportThatWasRefusedIsPassedOver() throws {
        var machine = Self.machine(.exporter)
        _ = machine.receive(.export(id: 2, window: 2))
        let refused = machine.answer(id: 2, .failure(ConnectorError(.unavailable, "another run is writing")))
        #expect(refused.count == 1)
        #expect(machine.receive(.record(number: 1, try Record.file("/a", hasContent: true))) == [])
        #expect(machine.receive(.chunk(Chunk(record: 1, offset: 0, bytes: [1]))) == [])
        #expect(machine.receive(.finished(id: 2)) == [])
        // The next export is one of its own.
        _ = machine.receive(.export(id: 3, window: 2))
        _ = machine.receive(.finished(id: 3))
        _ = machine.answer(id: 3, .success([:]))
        let late = machine.receive(.record(number: 1, try Record.file("/a")))
        #expect(Self.isRefusal(late, record: 1, .protocolViolation))
    }

    @Test func cancelledRecordFailsAsCancelled() throws {
        var machine = Self.machine(.exporter)
        _ = machine.receive(.export(id: 2, window: 2))
        _ = machine.receive(.record(number: 1, try Record.file("/a", hasContent: true)))
        #expect(machine.receive(.cancelRecord(1)) == [.cancelStore(record: 1)])
        let actions = machine.withExport(2) { $0.stored(1, .failed(ConnectorError(.network, "x"))) }
        guard case .send(.result(1, let outcome))? = actions?.first else {
            Issue.record("no result")
            return
        }
        #expect(outcome.error?.code == .cancelled)
    }
}

struct HostStateMachineTests {
    static func machine() -> HostStateMachine {
        var machine = HostStateMachine(hello: HostHello(name: "h", version: "1", capabilities: []))
        let hello = ConnectorHello(
            name: "n", pluginVersion: "1", roles: [], capabilities: [], version: 1, maxLine: Wire.defaultMaxLine)
        _ = machine.receive(.hello(hello))
        return machine
    }

    static func isFatal(_ actions: [HostAction], _ code: ConnectorError.Code = .protocolViolation) -> Bool {
        guard actions.count == 1, case .fail(let error) = actions[0] else { return false }
        return error.code == code
    }

    @Test func fatalErrors() {
        var machine = Self.machine()
        #expect(Self.isFatal(machine.receive(.ok(id: 1, [:]))))
        // Nothing comes after it.
        #expect(machine.receive(.log(.info, "x", pathname: nil)) == [])
        machine = Self.machine()
        #expect(
            Self.isFatal(
                machine.receive(.error(id: nil, record: nil, of: nil, ConnectorError(.auth, "expired"))), .auth))
        machine = Self.machine()
        let unsupported = ConnectorError(.unsupported, "dance")
        #expect(
            machine.receive(.error(id: nil, record: nil, of: "dance", unsupported)) == [.event(.error(unsupported))])
    }

    @Test func recordsAreNumberedAndBounded() throws {
        let file = try Record.file("/a")
        var machine = Self.machine()
        machine.operation = .importing(HostImportState(window: 1))
        #expect(machine.receive(.record(number: 1, file)) == [.deliver(number: 1, file)])
        #expect(Self.isFatal(machine.receive(.record(number: 2, file))))
        machine = Self.machine()
        machine.operation = .importing(HostImportState(window: 1))
        #expect(Self.isFatal(machine.receive(.record(number: 2, file))))
    }

    @Test func contentCrossesItsCancellation() throws {
        var machine = Self.machine()
        machine.operation = .importing(HostImportState(window: 5))
        _ = machine.receive(.record(number: 1, try .file("/a")))
        machine.withImport { $0.open(1) }
        let chunk = Chunk(record: 1, offset: 0, bytes: [1])
        #expect(machine.receive(.chunk(chunk)) == [.chunk(chunk)])
        #expect(machine.withImport { $0.cancel(1) } == true)
        #expect(machine.receive(.chunk(chunk)) == [])
        let end = ContentEnd(size: nil, sha256: nil, isCancelled: true)
        #expect(machine.receive(.end(record: 1, end)) == [.contentEnd(record: 1, end)])
        #expect(Self.isFatal(machine.receive(.chunk(chunk))))
    }

    @Test func exportWindowAndCredit() {
        var state = HostExportState(id: 3, window: 1)
        #expect(state.begin() == nil)
        _ = state.receive(.ready(id: 3, credit: 4))
        #expect(state.begin() == 1)
        #expect(state.begin() == nil)
        #expect(state.takeCredit(1, upTo: 9) == 4)
        #expect(state.takeCredit(1, upTo: 9) == 0)
        _ = state.receive(.credit(record: 1, bytes: 2))
        #expect(state.takeCredit(1, upTo: 9) == 2)
        #expect((try? state.receive(.result(record: 1, .stored())).get()) == [.outcome(record: 1, .stored())])
        #expect((try? state.receive(.result(record: 1, .stored())).get()) == [])
        #expect(state.takeCredit(1, upTo: 9) == nil)
        #expect(state.begin() == 2)
    }
}
