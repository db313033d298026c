import ConnectorKit
import GRPCCore
import GRPCNIOTransportHTTP2TransportServices
import GRPCProtobuf
import Glibc
import NIOCore
import NIOPosix
import SwiftProtobuf

@testable import PluginPlakar

/// The host's end of a connection: what Plakar's client does, call by call.
struct PlakarHost: Sendable {
    typealias Transport = HTTP2ClientTransport.WrappedChannel

    let client: GRPCClient<Transport>
    /// Ends the connection, as the end of the host does.
    let hangUp: @Sendable () -> Void

    static let importer = "importer.Importer"
    static let exporter = "plakar.exporter.Exporter"

    /// Runs a body on the other end of a connector in this process.
    /// - Returns: what the body returns, the exit status, and what the connector said on stderr.
    static func run<Result: Sendable>(
        _ plugin: ConnectorPlugin, _ body: @Sendable (PlakarHost) async throws -> Result
    ) async throws -> (result: Result, status: Int32, said: String) {
        let toConnector = try Pipe()
        let fromConnector = try Pipe()
        let said = Box("")
        let connector = Task {
            await runPlakarConnector(
                plugin, role: plugin.makeImporter != nil ? .importer : .exporter, input: toConnector.read,
                output: fromConnector.write, tell: { line in said.change { $0 += line } })
        }
        do {
            let result = try await connected(input: fromConnector.read, output: toConnector.write, body)
            return (result, await connector.value, said.value)
        } catch {
            connector.cancel()
            _ = await connector.value
            throw error
        }
    }

    /// Runs a body with a connection over two descriptors, which are closed afterwards.
    static func connected<Result: Sendable>(
        input: Int32, output: Int32, _ body: @Sendable (PlakarHost) async throws -> Result
    ) async throws -> Result {
        let channel = Box<(any Channel)?>(nil)
        let transport = try await Transport.wrapping { configure in
            try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .takingOwnershipOfDescriptors(input: input, output: output) { opened in
                    channel.change { $0 = opened }
                    return configure(opened)
                }
        }
        let opened = channel.value
        return try await withThrowingTaskGroup(of: Void.self) { group in
            let client = GRPCClient(transport: transport)
            group.addTask { try? await client.runConnections() }
            do {
                let result = try await body(PlakarHost(client: client) { opened?.close(promise: nil) })
                opened?.close(promise: nil)
                return result
            } catch {
                opened?.close(promise: nil)
                throw error
            }
        }
    }

    func unary<Request: Message, Response: Message>(
        _ service: String, _ method: String, _ request: Request, as response: Response.Type = Response.self
    ) async throws -> Response {
        try await client.unary(
            request: ClientRequest(message: request), descriptor: Self.descriptor(service, method),
            serializer: ProtobufSerializer<Request>(), deserializer: ProtobufDeserializer<Response>(),
            options: .defaults
        ) { try $0.message }
    }

    /// A call with messages in both directions.
    /// - Parameter body: gets the messages that come, and where to put those that go; the end of its input half-closes.
    func stream<Request: Message, Response: Message, Result: Sendable>(
        _ service: String, _ method: String, _ request: Request.Type = Request.self,
        _ body:
            @escaping @Sendable (
                RPCAsyncSequence<Response, any Error>, AsyncStream<Request>.Continuation
            ) async throws -> Result
    ) async throws -> Result {
        let (outgoing, input) = AsyncStream.makeStream(of: Request.self)
        return try await client.bidirectionalStreaming(
            request: StreamingClientRequest { writer in
                for await message in outgoing { try await writer.write(message) }
            },
            descriptor: Self.descriptor(service, method), serializer: ProtobufSerializer<Request>(),
            deserializer: ProtobufDeserializer<Response>(), options: .defaults
        ) { response in
            defer { input.finish() }
            return try await body(response.messages, input)
        }
    }

    private static func descriptor(_ service: String, _ method: String) -> MethodDescriptor {
        MethodDescriptor(fullyQualifiedService: service, method: method)
    }

    // MARK: A source

    @discardableResult
    func setUpSource(_ config: [String: String] = [:]) async throws -> Importer_InitResponse {
        try await unary(
            Self.importer, "Init",
            Importer_InitRequest.with {
                $0.config = config
                $0.options.maxconcurrency = 4
            })
    }

    func ping() async throws {
        _ = try await unary(Self.importer, "Ping", Importer_PingRequest(), as: Importer_PingResponse.self)
    }

    func close() async throws {
        _ = try await unary(Self.importer, "Close", Importer_CloseRequest(), as: Importer_CloseResponse.self)
    }

    /// The chunks of a content.
    func open(_ pathname: String) async throws -> [[UInt8]] {
        try await client.serverStreaming(
            request: ClientRequest(message: Importer_OpenRequest.with { $0.record.pathname = pathname }),
            descriptor: Self.descriptor(Self.importer, "Open"),
            serializer: ProtobufSerializer<Importer_OpenRequest>(),
            deserializer: ProtobufDeserializer<Importer_OpenResponse>(), options: .defaults
        ) { response in
            var chunks: [[UInt8]] = []
            for try await message in response.messages { chunks.append([UInt8](message.chunk)) }
            return chunks
        }
    }

    /// An import as Plakar runs it: records are taken until `finished`, each is acknowledged once `handle` is done with
    /// it, a few at a time, and then the call is half-closed.
    /// - Returns: the records.
    func backUp(
        readers: Int = 4, _ handle: @escaping @Sendable (Plakar_Connectors_Record) async throws -> Void = { _ in }
    ) async throws -> [Plakar_Connectors_Record] {
        try await stream(Self.importer, "Import", Importer_ImportRequest.self) {
            (responses: RPCAsyncSequence<Importer_ImportResponse, any Error>, acknowledgements) in
            var records: [Plakar_Connectors_Record] = []
            var hasFinished = false
            var iterator = responses.makeAsyncIterator()
            try await withThrowingTaskGroup(of: Void.self) { group in
                var running = 0
                while let response = try await iterator.next() {
                    if response.finished {
                        hasFinished = true
                        break
                    }
                    let record = response.record
                    records.append(record)
                    if running == readers {
                        try await group.next()
                        running -= 1
                    }
                    running += 1
                    group.addTask {
                        try await handle(record)
                        acknowledgements.yield(.with { $0.result.header = record })
                    }
                }
                try await group.waitForAll()
            }
            acknowledgements.finish()
            while try await iterator.next() != nil {}
            if !hasFinished { throw ConnectorError(.protocolViolation, "the import ended without finished") }
            return records
        }
    }
}
