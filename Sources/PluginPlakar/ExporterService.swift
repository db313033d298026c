import ConnectorKit
import Foundation
import GRPCCore

/// Plakar's service for a destination.
struct ExporterService: RegistrableRPCService {
    let plugin: ConnectorPlugin
    let session: PlakarSession
    let reporter: any ConnectorReporter

    /// The most records without a result: room for a batch of fifty and for those that are being sent meanwhile.
    static let window = 64
    /// The most bytes that wait for the exporter.
    static let mostWaitingBytes = 32 << 20

    func registerMethods<Transport: ServerTransport>(with router: inout RPCRouter<Transport>) {
        CallRegistry.register("plakar.exporter.Exporter", with: &router) { calls in
            calls.unary("Init") { (request: Plakar_Exporter_InitRequest) in
                let identity = try await setUp(Settings(plakar: request.config), ConnectorOptions(request.options))
                return Plakar_Exporter_InitResponse.with {
                    $0.origin = identity.origin
                    $0.type = identity.kind
                    $0.root = identity.root.string
                }
            }
            calls.unary("Ping") { (_: Plakar_Exporter_PingRequest) in
                try await session.connector(as: (any Exporter).self).ping()
                return Plakar_Exporter_PingResponse()
            }
            calls.stream("Export") { packets, writer in
                try await session.operation { try await export(packets, to: writer) }
            }
            calls.unary("Close") { (_: Plakar_Exporter_CloseRequest) in
                try await session.closeInOrder()
                return Plakar_Exporter_CloseResponse()
            }
        }
    }

    private func setUp(_ settings: Settings, _ options: ConnectorOptions) async throws -> ConnectorIdentity {
        guard let make = plugin.makeExporter else {
            throw ConnectorError(.unsupported, "\(plugin.name) is no destination")
        }
        return try await session.setUp { try await make(settings, options, reporter) }
    }

    /// Stores what comes, many records at a time, though their contents come one after the other.
    private func export(
        _ packets: RPCAsyncSequence<Plakar_Exporter_ExportRequest, any Error>,
        to writer: RPCWriter<Plakar_Exporter_ExportResponse>
    ) async throws {
        let exporter = try session.connector(as: (any Exporter).self)
        let budget = ByteBudget(limit: Self.mostWaitingBytes)
        try await exporter.beginStoring()
        try await withThrowingTaskGroup(of: Void.self) { group in
            var sequence = 0
            var underWay = 0
            var incoming: ExportContent?
            for try await packet in packets {
                switch packet.packet {
                case .record(let header):
                    if incoming != nil {
                        throw ConnectorError(.protocolViolation, "a record came amid the content of another")
                    }
                    if underWay == Self.window {
                        try await group.next()
                        underWay -= 1
                    }
                    sequence += 1
                    let order = ExportOrder(header: header, sequence: sequence, budget: budget)
                    incoming = order.content
                    if order.isDirectory {
                        // Done before anything that follows it begins.
                        try await order.carryOut(by: exporter, to: writer)
                    } else {
                        underWay += 1
                        group.addTask { try await order.carryOut(by: exporter, to: writer) }
                    }
                case .chunk(let bytes):
                    guard let content = incoming else {
                        throw ConnectorError(.protocolViolation, "content came without a record")
                    }
                    if bytes.isEmpty {
                        content.finish()
                        incoming = nil
                    } else {
                        try await content.append([UInt8](bytes))
                    }
                case nil: throw ConnectorError(.protocolViolation, "a message was neither a record nor content")
                }
            }
            incoming?.fail(ConnectorError(.corrupt, "the host ended amid the content", isRetryable: true))
            await exporter.finishStoring()
            // Unlike `waitForAll`, this ends with the first that fails.
            while try await group.next() != nil {}
        }
        try await exporter.endStoring()
        // Plakar shows no counters: what was found wrong at the end must be an error to be seen.
        let counters = await exporter.counters()
        let wrong = (counters["verify_failed"] ?? 0) + (counters["links_failed"] ?? 0)
        if wrong > 0 {
            throw ConnectorError(
                .corrupt, "\(wrong) of the records are not there as they should be: see the lines above")
        }
    }
}

/// One record to be stored, and the result that is due for it.
private struct ExportOrder: Sendable {
    let header: Plakar_Connectors_Record
    let sequence: Int
    let record: Result<Record, ConnectorError>
    let content: ExportContent?

    init(header: Plakar_Connectors_Record, sequence: Int, budget: ByteBudget) {
        self.header = header
        self.sequence = sequence
        do throws(ConnectorError) {
            record = .success(try header.record())
        } catch {
            record = .failure(error)
        }
        content = header.hasReader_p ? ExportContent(promisedSize: try? record.get().size, budget: budget) : nil
    }

    var isDirectory: Bool { (try? record.get().kind) == .directory }

    func carryOut(by exporter: any Exporter, to writer: RPCWriter<Plakar_Exporter_ExportResponse>) async throws {
        var problem: ConnectorError?
        switch record {
        case .failure(let error):
            await exporter.pass(sequence: sequence)
            problem = error
        case .success(let record):
            let outcome = await exporter.store(record, sequence: sequence, content: content)
            // Plakar shows what was left out only if it is told as an error.
            problem = outcome.error
            // An exporter that did not look at its last read must not turn a broken content into a stored one.
            if outcome.status == .stored, let failure = content?.failure { problem = failure }
        }
        content?.abandon()
        let result = Plakar_Connectors_Result.with {
            $0.header = header
            $0.error = problem?.sentence ?? ""
        }
        try await writer.write(.with { $0.result = result })
    }
}

extension ConnectorOptions {
    init(_ options: Plakar_Exporter_Options) {
        self.init(
            hostname: options.hostname, os: options.os, arch: options.arch, workingDirectory: options.cwd,
            maxConcurrency: max(1, Int(clamping: options.maxconcurrency)), excludes: options.excludes, tellsEnd: false)
    }
}
