import ConnectorKit
import StrictJSON
import Synchronization

/// Runs one connector for one host: does what the state machine says.
///
/// Its tasks are not structured, because the session must end within five seconds even if a connector's code does not
/// heed its cancellation; `shutDown` cancels them and waits as long as that allows.
final class ConnectorSession: Sendable {
    struct Transfer {
        var task: Task<Void, Never>
        var credit: Signal
    }
    struct Store {
        var task: Task<Void, Never>
        var content: IncomingContent?
    }
    struct Core {
        var machine: ConnectorStateMachine
        var instance: Instance?
        var gate = TransferGate(limit: 16)
        /// Those that wait for room in the window.
        var emitters: [Signal] = []
        var sources: [Int64: any ContentSource] = [:]
        var transfers: [Int: Transfer] = [:]
        var stores: [Int64: Store] = [:]
        var operation: Task<Void, Never>?
        /// Settled when the operation has every result or outcome.
        var completion = Reply<Void>()
        var releases: [@Sendable () async -> Void] = []
        var releaser: Task<Void, Never>?
        var storingEnd: Task<Void, Never>?
        /// What the next record of an export has to wait for: the directory before it, or the beginning.
        var earlier: Task<Void, Never>?
        var requests: [Int64: Task<Void, Never>] = [:]
        /// In the order of what caused them; run by `withCore` once the lock is free.
        var effects: [Effect] = []

        mutating func cancel(_ tasks: some Sequence<Task<Void, Never>>) { effects += tasks.map { .cancel($0) } }

        mutating func wakeEmitters() {
            effects += emitters.map { .signal($0) }
            emitters = []
        }
    }
    enum Instance: Sendable {
        case importer(any Importer)
        case exporter(any Exporter)

        var connector: any Connector {
            switch self {
            case .importer(let importer): importer
            case .exporter(let exporter): exporter
            }
        }
    }

    /// Each record of an export may be this much ahead of its exporter.
    static let exportCredit: Int64 = 4 << 20

    let plugin: ConnectorPlugin
    let role: ConnectorRole
    let writer: MessageWriter
    let reporter: SessionReporter
    let core: Mutex<Core>
    private let stop: StopSwitch
    private let ending: Reply<SessionEnding>
    private let readerEnded = Reply<Void>()
    private let input: Int32

    init(
        _ plugin: ConnectorPlugin, role: ConnectorRole, input: Int32, output: Int32, runtime: Runtime
    ) throws(ConnectorError) {
        self.plugin = plugin
        self.role = role
        self.input = input
        let stop = try StopSwitch()
        let ending = Reply<SessionEnding>()
        let writer = MessageWriter(descriptor: output, stop: stop) { ending.resolve(.success(.outputClosed)) }
        self.stop = stop
        self.ending = ending
        self.writer = writer
        reporter = SessionReporter(writer: writer, now: runtime.now)
        var roles: [String] = []
        if plugin.makeImporter != nil { roles.append(ConnectorRole.importer.rawValue) }
        if plugin.makeExporter != nil { roles.append(ConnectorRole.exporter.rawValue) }
        let hello = ConnectorHello(
            name: plugin.name, pluginVersion: plugin.version, roles: roles.filter { $0 == role.rawValue },
            capabilities: [Wire.rawChunks, Wire.configUpdate], version: Wire.version, maxLine: Wire.defaultMaxLine)
        core = Mutex(Core(machine: ConnectorStateMachine(hello: hello, role: role, exportCredit: Self.exportCredit)))
    }

    /// Runs until the session ends.
    /// - Parameter grace: how long work under way may take to end.
    /// - Returns: the exit status (docs/protocol.md, "Exit status").
    func run(grace: Duration = .seconds(3)) async -> Int32 {
        writer.start()
        let pump = InputPump<HostMessage>(
            descriptor: input, stop: stop, maxLine: Wire.defaultMaxLine, allowsFrames: true
        ) { [self] event in
            switch event {
            case .messages(let messages): receive(messages)
            case .end: advance { $0.end(.inputEnded) }
            case .violation(let error): advance { $0.violate(error) }
            }
            if case .messages = event { return }
            readerEnded.resolve(.success(()))
        }
        pump.start()
        let ending = (try? await ending.value()) ?? .inputEnded
        return await shutDown(ending, grace: grace)
    }

    /// Ends the session from outside, as a signal does.
    func end(_ reason: SessionEnding) { advance { $0.end(reason) } }

    /// Takes what one read brought, under one lock.
    private func receive(_ messages: [HostMessage]) {
        withCore { core in
            for message in messages {
                for action in core.machine.receive(message) { perform(action, &core) }
            }
        }
    }

    /// Lets the machine change, and does what it says.
    func advance(_ change: (inout ConnectorStateMachine) -> [ConnectorAction]) {
        withCore { core in
            for action in change(&core.machine) { perform(action, &core) }
        }
    }

    func withCore<Value>(_ body: (inout Core) throws -> sending Value) rethrows -> sending Value {
        var effects: [Effect] = []
        defer { for effect in effects { effect.run() } }
        return try core.withLock { core in
            defer { swap(&effects, &core.effects) }
            return try body(&core)
        }
    }

    func perform(_ action: ConnectorAction, _ core: inout Core) {
        switch action {
        case .send(let message):
            if case .hello = message, core.machine.sendsConfigUpdates { reporter.allowConfigUpdates() }
            writer.enqueue(message.encoded(raw: core.machine.usesRawFrames))
        case .describe(let id):
            let schema = SettingDefinition.jsonSchema(of: plugin.settings, title: plugin.title)
            for next in core.machine.answer(id: id, .success(["schema": schema])) { perform(next, &core) }
        case .setUp(let id, let config, let options): setUp(id: id, config, options, &core)
        case .ping(let id): ping(id: id, &core)
        case .beginImport(let id, let state):
            reporter.attach(to: id)
            beginImport(id: id, state: state, &core)
        case .wakeEmitters:
            core.wakeEmitters()
        case .openContent(let record, let transfer, let isHashed):
            openContent(record: record, transfer: transfer, isHashed: isHashed, &core)
        case .creditAdded(let transfer):
            if let credit = core.transfers[transfer]?.credit { core.effects.append(.signal(credit)) }
        case .stopTransfer(let transfer):
            if let task = core.transfers[transfer]?.task { core.cancel([task]) }
        case .finished(let record, let status, let content): release(record, status, holding: content, &core)
        case .allResults, .allOutcomes: core.completion.resolve(.success(()))
        case .beginExport(let id):
            reporter.attach(to: id)
            beginExport(id: id, &core)
        case .store(let number, let record): store(number, record, &core)
        case .chunk(let chunk):
            if let content = core.stores[chunk.record]?.content { core.effects.append(.chunk(content, chunk)) }
        case .contentEnd(let number, let end):
            if let content = core.stores[number]?.content { core.effects.append(.end(content, end)) }
        case .cancelStore(let number):
            guard let store = core.stores[number] else { return }
            let error = ConnectorError(.cancelled, "the host cancelled the record")
            if let content = store.content { core.effects.append(.fail(content, error)) }
            core.cancel([store.task])
        case .finishStoring: finishStoring(&core)
        case .cancelOperation: cancelOperation(&core)
        case .end(let reason): ending.resolve(.success(reason))
        }
    }

    func cancelOperation(_ core: inout Core) {
        core.completion.resolve(.failure(CancellationError()))
        if let operation = core.operation { core.cancel([operation]) }
        core.cancel(core.transfers.values.map(\.task) + core.stores.values.map(\.task))
        let error = ConnectorError(.cancelled, "the session or the export was cancelled")
        core.effects += core.stores.values.compactMap(\.content).map { .fail($0, error) }
    }

    // MARK: Setting up

    private func setUp(id: Int64, _ config: [String: String], _ options: ConnectorOptions, _ core: inout Core) {
        core.gate = TransferGate(limit: max(options.maxConcurrency, 1))
        core.requests[id] = Task { [self] in
            let result: Result<Instance, ConnectorError>
            do {
                result = .success(try await make(Settings(config), options))
            } catch {
                result = .failure(ConnectorError(wrapping: error))
            }
            withCore { core in
                core.requests[id] = nil
                core.instance = try? result.get()
                let answer = result.map { instance in Self.fields(of: instance.connector.identity) }
                for action in core.machine.setUpEnded(id: id, answer) { perform(action, &core) }
            }
        }
    }

    private func make(_ settings: Settings, _ options: ConnectorOptions) async throws -> Instance {
        switch role {
        case .importer:
            if let make = plugin.makeImporter { return .importer(try await make(settings, options, reporter)) }
        case .exporter:
            if let make = plugin.makeExporter { return .exporter(try await make(settings, options, reporter)) }
        }
        throw ConnectorError(.unsupported, "\(plugin.name) is no \(role.rawValue)")
    }

    private static func fields(of identity: ConnectorIdentity) -> JSONObject {
        [
            "origin": .string(identity.origin), "kind": .string(identity.kind),
            "root": .string(identity.root.string), "flags": .array(identity.flags.map { .string($0) }),
        ]
    }

    private func ping(id: Int64, _ core: inout Core) {
        guard let connector = core.instance?.connector else { return }
        core.requests[id] = Task { [self] in
            let result: Result<JSONObject, ConnectorError>
            do {
                try await connector.ping()
                result = .success([:])
            } catch {
                result = .failure(ConnectorError(wrapping: error))
            }
            withCore { core in
                core.requests[id] = nil
                for action in core.machine.answer(id: id, result) { perform(action, &core) }
            }
        }
    }

    // MARK: The end

    private func shutDown(_ reason: SessionEnding, grace: Duration) async -> Int32 {
        let (closeID, wasBusy, isAcknowledged, tasks) = withCore { core in
            var closeID: Int64?
            if case .closed(let id) = reason { closeID = id }
            let wasBusy = !core.machine.pending.isEmpty
            // In the midst of an import the host cannot have kept it.
            let isAcknowledged = closeID != nil && core.machine.pending.allSatisfy { $0 == closeID }
            cancelOperation(&core)
            core.wakeEmitters()
            // `init` does no network traffic: it may finish, and its answer is worth having.
            if core.instance != nil { core.cancel(core.requests.values) }
            let tasks =
                core.transfers.values.map(\.task) + core.stores.values.map(\.task) + core.requests.values
                + [core.operation, core.storingEnd, core.releaser].compactMap { $0 }
            return (closeID, wasBusy, isAcknowledged, tasks)
        }
        let idle = Reply<Void>()
        Task {
            for task in tasks { await task.value }
            idle.resolve(.success(()))
        }
        var isInOrder = await idle.value(within: grace) != nil
        withCore { core in
            let cut = ConnectorError(.cancelled, "the session ended first", isRetryable: true)
            for id in core.machine.pending.sorted() where id != closeID {
                for action in core.machine.answer(id: id, .failure(cut)) { perform(action, &core) }
            }
        }
        if isAcknowledged, isInOrder { await acknowledge(within: grace / 3) }
        let closing = await closeConnector(within: grace / 3)
        if case .failure = closing { isInOrder = false }
        if let closeID { advance { $0.answer(id: closeID, closing.map { [:] }) } }
        writer.finish()
        let wasWritten = await writer.ended.value(within: grace / 6) ?? false
        stop.stop()
        _ = await readerEnded.value(within: .milliseconds(200))
        switch reason {
        case .closed: return isInOrder && wasWritten ? 0 : 1
        case .inputEnded: return wasBusy || !isInOrder ? 1 : 0
        case .outputClosed: return 1
        case .signalled(let number): return 128 + number
        case .violation: return 2
        }
    }

    private func acknowledge(within limit: Duration) async {
        guard let connector = withCore({ $0.instance?.connector }) else { return }
        let done = Reply<Void>()
        let task = Task {
            await connector.acknowledged()
            done.resolve(.success(()))
        }
        if await done.value(within: limit) == nil { task.cancel() }
    }

    private func closeConnector(within limit: Duration) async -> Result<Void, ConnectorError> {
        guard let connector = withCore({ $0.instance?.connector }) else { return .success(()) }
        let closed = Reply<Result<Void, ConnectorError>>()
        Task {
            do {
                try await connector.close()
                closed.resolve(.success(.success(())))
            } catch {
                closed.resolve(.success(.failure(ConnectorError(wrapping: error))))
            }
        }
        return await closed.value(within: limit)
            ?? .failure(ConnectorError(.internalDefect, "the connector did not close in time"))
    }
}
