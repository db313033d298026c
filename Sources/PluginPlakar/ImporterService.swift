import ConnectorKit
import GRPCCore

/// Plakar's service for a source.
struct ImporterService: RegistrableRPCService {
    let plugin: ConnectorPlugin
    let session: PlakarSession
    let reporter: any ConnectorReporter
    private let records = OpenRecords()

    /// The most bytes of a chunk. Plakar refuses messages of 4 MiB and more.
    static let largestChunk = 1 << 20

    init(plugin: ConnectorPlugin, session: PlakarSession, reporter: any ConnectorReporter) {
        self.plugin = plugin
        self.session = session
        self.reporter = reporter
    }

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        CallRegistry.register("importer.Importer", with: &router) { calls in
            calls.unary("Init") { (request: Importer_InitRequest) in
                let identity = try await setUp(Settings(plakar: request.config), ConnectorOptions(request.options))
                return Importer_InitResponse.with {
                    $0.origin = identity.origin
                    $0.type = identity.kind
                    $0.root = identity.root.string
                    $0.flags = LocationFlag.bits(identity.flags)
                }
            }
            calls.unary("Ping") { (_: Importer_PingRequest) in
                try await session.connector(as: (any Importer).self).ping()
                return Importer_PingResponse()
            }
            calls.stream("Import") { acknowledgements, writer in
                try await session.operation { try await importRecords(acknowledgements, to: writer) }
            }
            calls.stream("Open", serializer: ChunkSerializer()) {
                (requests: RPCAsyncSequence<Importer_OpenRequest, any Error>, writer) in
                for try await request in requests { try await send(request.record, to: writer) }
            }
            calls.unary("Close") { (_: Importer_CloseRequest) in
                try await session.closeInOrder()
                return Importer_CloseResponse()
            }
        }
    }

    private func setUp(_ settings: Settings, _ options: ConnectorOptions) async throws -> ConnectorIdentity {
        guard let make = plugin.makeImporter else {
            throw ConnectorError(.unsupported, "\(plugin.name) is no source")
        }
        return try await session.setUp { try await make(settings, options, reporter) }
    }

    /// Sends the records and takes the acknowledgements, until the host has half-closed.
    ///
    /// The host stops listening at `finished`: an error has to come before it, and the end of the call after the
    /// half-close, since the host takes an earlier one for a broken pipe.
    private func importRecords(
        _ acknowledgements: RPCAsyncSequence<Importer_ImportRequest, any Error>,
        to writer: RPCWriter<Importer_ImportResponse>
    ) async throws {
        let importer = try session.connector(as: (any Importer).self)
        try records.begin()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for try await message in acknowledgements where !message.result.header.isXattr {
                        await records.acknowledge(message.result.header.pathname)
                    }
                }
                group.addTask {
                    _ = try await importer.importRecords(
                        state: nil, to: PlakarSink(records: records, writer: writer))
                    try await writer.write(.with { $0.finished = true })
                }
                // Unlike `waitForAll`, this ends with the first that fails.
                while try await group.next() != nil {}
            }
        } catch {
            await records.end()
            throw error
        }
        await records.end()
    }

    /// The content of one record. One that cannot be read whole ends in an error: the host counts nothing.
    private func send(
        _ record: Plakar_Connectors_Record, to writer: RPCWriter<ArraySlice<UInt8>>
    ) async throws {
        if record.isXattr { throw ConnectorError(.notFound, "there are no extended attributes") }
        let reader = try await records.open(record.pathname).open()
        do {
            while let bytes = try await reader.read() {
                try Task.checkCancellation()
                for start in stride(from: 0, to: bytes.count, by: Self.largestChunk) {
                    try await writer.write(bytes[start..<min(start + Self.largestChunk, bytes.count)])
                }
            }
        } catch {
            await reader.close()
            throw error
        }
        await reader.close()
        records.wasRead(record.pathname)
    }
}

/// Where an importer's records leave for Plakar. The host's window on the stream is what holds them back.
private struct PlakarSink: RecordSink {
    let records: OpenRecords
    let writer: RPCWriter<Importer_ImportResponse>

    func emit(_ record: Record, content: (any ContentSource)?) async throws {
        var content = record.error == nil ? content : nil
        // The host opens every file, with content or without.
        if content == nil, record.kind == .file, record.error == nil { content = MemoryContent([]) }
        if let content { try records.add(record.pathname, content) }
        let message = Plakar_Connectors_Record(record, hasContent: content != nil)
        try await writer.write(.with { $0.record = message })
    }
}

extension ConnectorOptions {
    init(_ options: Importer_Options) {
        self.init(
            hostname: options.hostname, os: options.os, arch: options.arch, workingDirectory: options.cwd,
            maxConcurrency: max(1, Int(clamping: options.maxconcurrency)), excludes: options.excludes)
    }
}
