import GRPCCore
import GRPCNIOTransportHTTP2TransportServices
import GRPCProtobuf
import NIOCore
import NIOPosix
import PluginPlakar
import Synchronization

/// Just enough of Plakar's end of its protocol to read a source.
struct PlakarClient: Sendable {
    typealias Transport = HTTP2ClientTransport.WrappedChannel

    private let client: GRPCClient<Transport>

    /// Runs a body on the pipes of a plugin, which are closed afterwards.
    static func connected<Result: Sendable>(
        _ process: PluginProcess, _ body: (PlakarClient) async throws -> Result
    ) async throws -> Result {
        let channel = Mutex<(any Channel)?>(nil)
        let transport = try await Transport.wrapping { configure in
            try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .takingOwnershipOfDescriptors(input: process.input, output: process.output) { opened in
                    channel.withLock { $0 = opened }
                    return configure(opened)
                }
        }
        let opened = channel.withLock { $0 }
        let client = GRPCClient(transport: transport)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await client.runConnections() }
            defer { opened?.close(promise: nil) }
            return try await body(PlakarClient(client: client))
        }
    }

    private func descriptor(_ method: String) -> MethodDescriptor {
        MethodDescriptor(fullyQualifiedService: "importer.Importer", method: method)
    }

    func setUp(_ config: [String: String], readers: Int) async throws {
        let request = Importer_InitRequest.with {
            $0.config = config
            $0.options.maxconcurrency = Int64(readers)
        }
        try await client.unary(
            request: ClientRequest(message: request), descriptor: descriptor("Init"),
            serializer: ProtobufSerializer<Importer_InitRequest>(),
            deserializer: ProtobufDeserializer<Importer_InitResponse>(), options: .defaults
        ) { _ = try $0.message }
    }

    func close() async throws {
        try await client.unary(
            request: ClientRequest(message: Importer_CloseRequest()), descriptor: descriptor("Close"),
            serializer: ProtobufSerializer<Importer_CloseRequest>(),
            deserializer: ProtobufDeserializer<Importer_CloseResponse>(), options: .defaults
        ) { _ = try $0.message }
    }

    typealias Records = RPCAsyncSequence<Importer_ImportResponse, any Error>

    /// Runs a body while an import is open: contents can be read no longer than that. Nothing is acknowledged.
    func whileImporting<Result: Sendable>(
        _ body: @escaping @Sendable (Records) async throws -> Result
    ) async throws -> Result {
        let (isOpen, halfClose) = AsyncStream.makeStream(of: Void.self)
        return try await client.bidirectionalStreaming(
            request: StreamingClientRequest { _ in for await _ in isOpen {} },
            descriptor: descriptor("Import"), serializer: ProtobufSerializer<Importer_ImportRequest>(),
            deserializer: ProtobufDeserializer<Importer_ImportResponse>(), options: .defaults
        ) { response in
            defer { halfClose.finish() }
            return try await body(response.messages)
        }
    }

    /// - Returns: the bytes of the content.
    func read(_ pathname: String) async throws -> Int {
        try await client.serverStreaming(
            request: ClientRequest(message: Importer_OpenRequest.with { $0.record.pathname = pathname }),
            descriptor: descriptor("Open"), serializer: ProtobufSerializer<Importer_OpenRequest>(),
            deserializer: ProtobufDeserializer<Importer_OpenResponse>(), options: .defaults
        ) { response in
            var count = 0
            for try await message in response.messages { count += message.chunk.count }
            return count
        }
    }
}
