import ConnectorKit
import StrictJSON
import Synchronization

/// The host's end of a session with one connector.
///
/// It owns both descriptors and its two threads until ``close()``, which a host must call. When the connector goes
/// away, everything that waits for it throws.
public final class HostSession: Sendable {
    struct Core {
        var machine: HostStateMachine
        var replies: [Int64: Reply<JSONObject>] = [:]
        var imports = ImportBridge()
        var exports = ExportBridge()
        var isStarted = false
        var isClosed = false
        /// In the order of what caused them; run by `withCore` once the lock is free.
        var effects: [Effect] = []
    }

    /// How long a connector has to end after `close`.
    private static let patience = Duration.seconds(5)

    let core: Mutex<Core>
    private let input: Int32
    private let output: Int32
    private let onEvent: @Sendable (HostEvent) -> Void
    private let greeting = Reply<ConnectorHello>()
    /// Set by `start`; read for every message, so without a lock.
    private let transport = AtomicLazyReference<Transport>()
    private let readerEnded = Reply<Void>()

    private final class Transport: Sendable {
        let stop: StopSwitch
        let writer: MessageWriter

        init(stop: StopSwitch, writer: MessageWriter) {
            self.stop = stop
            self.writer = writer
        }
    }

    /// - Parameters:
    ///   - input: the connector's stdout; owned from here on.
    ///   - output: the connector's stdin; owned from here on.
    ///   - name: how the host calls itself.
    ///   - version: the host's version.
    ///   - runtime: unused so far; a session's own limits are real time.
    ///   - rawChunks: whether contents may come as bytes; else they come as base64.
    ///   - onEvent: called for what comes unasked, one at a time. It must return soon: messages wait behind it.
    public init(
        input: Int32, output: Int32, name: String, version: String, runtime: Runtime, rawChunks: Bool = true,
        onEvent: @escaping @Sendable (HostEvent) -> Void
    ) {
        self.input = input
        self.output = output
        self.onEvent = onEvent
        let hello = HostHello(
            name: name, version: version, capabilities: (rawChunks ? [Wire.rawChunks] : []) + [Wire.configUpdate])
        core = Mutex(Core(machine: HostStateMachine(hello: hello)))
    }

    /// For a test of what a host without some capability sees.
    init(input: Int32, output: Int32, hello: HostHello, onEvent: @escaping @Sendable (HostEvent) -> Void) {
        self.input = input
        self.output = output
        self.onEvent = onEvent
        core = Mutex(Core(machine: HostStateMachine(hello: hello)))
    }

    // MARK: Requests

    /// Greets the connector. Once, first.
    /// - Throws: ``ConnectorError``: what the connector sent, or code `internal` where it went away.
    public func start() async throws -> ConnectorHello {
        let isFirst = core.withLock { core in
            if core.isStarted || core.isClosed { return false }
            core.isStarted = true
            return true
        }
        guard isFirst else { throw ConnectorError(.internalDefect, "a session starts once") }
        Descriptors.prepare(input, output)
        let stop: StopSwitch
        do {
            stop = try StopSwitch()
        } catch {
            core.withLock { $0.isStarted = false }
            throw error
        }
        let writer = MessageWriter(descriptor: output, stop: stop) { [self] in
            // The connector may have said why before it closed its stdin, so the reader has a moment for that.
            Task {
                _ = await readerEnded.value(within: .seconds(1))
                lose()
            }
        }
        _ = transport.storeIfNil(Transport(stop: stop, writer: writer))
        writer.start()
        let hello = core.withLock { $0.machine.hello }
        InputPump<ConnectorMessage>(
            descriptor: input, stop: stop, maxLine: hello.maxLine,
            allowsFrames: hello.capabilities.contains(Wire.rawChunks)
        ) { [self] event in
            switch event {
            case .messages(let messages): receive(messages)
            case .end: lose()
            case .violation(let error): advance { $0.fail(error) }
            }
            if case .messages = event { return }
            readerEnded.resolve(.success(()))
        }.start()
        send(.hello(hello))
        return try await greeting.cancellableValue()
    }

    /// The JSON Schema of `config`.
    public func spec() async throws -> JSON {
        let fields = try await request { .spec(id: $0) }
        return fields["schema"] ?? .object([:])
    }

    /// Sets the connector up: `init`.
    public func initialize(config: [String: String], options: ConnectorOptions) async throws -> ConnectorIdentity {
        let fields = WireFields(object: try await request { .initialize(id: $0, config: config, options: options) })
        return ConnectorIdentity(
            origin: try fields.optionalString("origin") ?? "", kind: try fields.optionalString("kind") ?? "",
            root: try Pathname(try fields.optionalString("root") ?? "/"), flags: try fields.strings("flags"))
    }

    /// Checks that the account can be reached, and read or written.
    public func ping() async throws { _ = try await request { .ping(id: $0) } }

    /// Ends the session: asks the connector to close, waits five seconds at most, closes both descriptors.
    ///
    /// Safe after a failure, and more than once.
    /// - Parameter isInOrder: false where the host did not keep what it was to keep: the connector finds its input at an
    ///   end, and is not told that all is well.
    public func close(isInOrder: Bool = true) async {
        let (isFirst, isStarted, reply) = core.withLock { core in
            defer { core.isClosed = true }
            if core.isClosed || !core.isStarted { return (!core.isClosed, core.isStarted, Reply<JSONObject>?.none) }
            guard isInOrder, core.machine.failure == nil, core.machine.peer != nil else { return (true, true, nil) }
            let id = core.machine.makeRequest()
            let reply = Reply<JSONObject>()
            core.replies[id] = reply
            send(.close(id: id))
            return (true, true, reply)
        }
        guard isFirst else { return }
        guard isStarted, let transport = transport.load() else {
            Descriptors.close(input, output)
            return
        }
        _ = await reply?.value(within: Self.patience)
        transport.writer.finish()
        _ = await transport.writer.ended.value(within: .seconds(1))
        transport.stop.stop()
        try? await readerEnded.value()
    }

    private func request(_ make: @Sendable (Int64) -> HostMessage) async throws -> JSONObject {
        let reply: Reply<JSONObject> = try withCore { core in
            try checkIsUsable(core)
            let id = core.machine.makeRequest()
            let reply = Reply<JSONObject>()
            core.replies[id] = reply
            send(make(id))
            return reply
        }
        return try await reply.cancellableValue()
    }

    func checkIsUsable(_ core: Core) throws(ConnectorError) {
        if let failure = core.machine.failure { throw failure }
        if core.isClosed || core.machine.peer == nil {
            throw ConnectorError(.internalDefect, "the session is not open")
        }
    }

    // MARK: Messages

    var writer: MessageWriter? { transport.load()?.writer }

    func send(_ message: HostMessage) { writer?.enqueue(message.encoded(raw: false)) }

    /// The connector went away.
    private func lose() {
        advance { $0.fail(ConnectorError(.internalDefect, "the connector ended unexpectedly")) }
    }

    func withCore<Value>(_ body: (inout Core) throws -> sending Value) rethrows -> sending Value {
        var effects: [Effect] = []
        defer { for effect in effects { effect.run() } }
        return try core.withLock { core in
            defer { swap(&effects, &core.effects) }
            return try body(&core)
        }
    }

    /// Takes what one read brought, under one lock.
    private func receive(_ messages: [ConnectorMessage]) {
        let events: [HostEvent] = withCore { core in
            var events: [HostEvent] = []
            for message in messages {
                for action in core.machine.receive(message) { perform(action, &core, &events) }
            }
            return events
        }
        for event in events { onEvent(event) }
    }

    private func advance(_ change: (inout HostStateMachine) -> [HostAction]) {
        let events: [HostEvent] = withCore { core in
            var events: [HostEvent] = []
            for action in change(&core.machine) { perform(action, &core, &events) }
            return events
        }
        for event in events { onEvent(event) }
    }

    private func perform(_ action: HostAction, _ core: inout Core, _ events: inout [HostEvent]) {
        switch action {
        case .greeted(let hello): greeting.resolve(.success(hello))
        case .answer(let id, let result):
            core.replies.removeValue(forKey: id)?.resolve(result.mapError { $0 })
            core.imports.arrival.signal()
            if case .failure(let error) = result, id == core.exports.id {
                core.exports.ready.resolve(.failure(error))
                core.exports.fail(error)
            }
        case .deliver(let number, let record):
            core.imports.batch.append(
                ImportedRecord(record: record, number: number, importID: core.imports.id, self))
            if core.imports.batch.count == 1 { core.effects.append(.signal(core.imports.arrival)) }
        case .chunk(let chunk):
            if let content = core.imports.contents[chunk.record] { core.effects.append(.chunk(content, chunk)) }
        case .contentEnd(let number, let end):
            if let content = core.imports.detach(number, &core.effects) { core.effects.append(.end(content, end)) }
        case .contentFailed(let number, let error):
            if let content = core.imports.detach(number, &core.effects) { core.effects.append(.fail(content, error)) }
        case .ready: core.exports.ready.resolve(.success(()))
        case .creditAdded(let number):
            if let credit = core.exports.records[number]?.credit { core.effects.append(.signal(credit)) }
        case .outcome(let number, let outcome): core.exports.settle(number, .success(outcome))
        case .event(let event): events.append(event)
        case .fail(let error):
            greeting.resolve(.failure(error))
            for reply in core.replies.values { reply.resolve(.failure(error)) }
            core.replies = [:]
            core.imports.fail(error)
            core.exports.fail(error)
        }
    }
}
