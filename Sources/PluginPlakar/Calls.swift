import GRPCCore
import GRPCProtobuf
import SwiftProtobuf

/// One service, whose calls are registered one after the other.
///
/// By hand, since they are nine and the generator's names for two of them (`init`, `import`) are no Swift.
struct CallRegistry<Transport: ServerTransport> {
    private var router: RPCRouter<Transport>
    private let service: ServiceDescriptor

    /// Registers what `register` names.
    static func register(
        _ service: String, with router: inout RPCRouter<Transport>, _ register: (inout CallRegistry) -> Void
    ) {
        var registry = CallRegistry(router: router, service: ServiceDescriptor(fullyQualifiedService: service))
        register(&registry)
        router = registry.router
    }

    /// One message in, one out.
    mutating func unary<Request: Message, Response: Message>(
        _ method: String, _ handle: @escaping @Sendable (Request) async throws -> Response
    ) {
        router.registerHandler(
            forMethod: MethodDescriptor(service: service, method: method),
            deserializer: ProtobufDeserializer<Request>(), serializer: ProtobufSerializer<Response>()
        ) { request, _ in
            let message = try await ServerRequest(stream: request).message
            let answer = try await whileTheHostListens { try await handle(message) }
            return StreamingServerResponse(single: ServerResponse(message: answer))
        }
    }

    /// Messages in, messages out, as they come.
    mutating func stream<Request: Message, Response: Message>(
        _ method: String,
        _ handle: @escaping @Sendable (RPCAsyncSequence<Request, any Error>, RPCWriter<Response>) async throws -> Void
    ) {
        stream(method, serializer: ProtobufSerializer<Response>(), handle)
    }

    /// The same, where the messages out are written down in a way of their own.
    mutating func stream<Request: Message, Serializer: MessageSerializer>(
        _ method: String, serializer: Serializer,
        _ handle:
            @escaping @Sendable (
                RPCAsyncSequence<Request, any Error>, RPCWriter<Serializer.Message>
            ) async throws -> Void
    ) where Serializer.Message: Sendable {
        router.registerHandler(
            forMethod: MethodDescriptor(service: service, method: method),
            deserializer: ProtobufDeserializer<Request>(), serializer: serializer
        ) { request, _ in
            StreamingServerResponse { writer in
                try await whileTheHostListens { try await handle(request.messages, writer) }
                return [:]
            }
        }
    }
}

/// Does the work of a call in a task that is cancelled when the host cancels the call or is gone: gRPC by itself lets a
/// handler go on.
private func whileTheHostListens<Value: Sendable>(
    _ operation: @escaping @Sendable () async throws -> Value
) async throws -> Value {
    let work = Task(operation: operation)
    do {
        return try await withRPCCancellationHandler {
            try await withTaskCancellationHandler {
                try await work.value
            } onCancel: {
                work.cancel()
            }
        } onCancelRPC: {
            work.cancel()
        }
    } catch {
        throw RPCError(describing: error)
    }
}
