import Glibc
import NIOCore
import NIOHTTP1

/// How the server answers on one path.
struct Route: Sendable {
    let answer: @Sendable (inout ServerExchange) async throws -> Void

    init(_ answer: @escaping @Sendable (inout ServerExchange) async throws -> Void) { self.answer = answer }

    static func text(_ text: String, headers: [(String, String)] = []) -> Route {
        Route { try await $0.respond(200, headers, Array(text.utf8)) }
    }

    static func status(_ status: Int) -> Route { Route { try await $0.respond(status) } }

    static func bytes(_ bytes: [UInt8], status: Int = 200) -> Route {
        Route { try await $0.respond(status, [], bytes) }
    }

    static func redirect(_ status: Int = 302, to location: String) -> Route {
        Route { try await $0.respond(status, [("Location", location)], Array("moved".utf8)) }
    }

    /// Announces more than it sends, and closes.
    static func truncated(announced: Int, sent: Int) -> Route {
        Route { exchange in
            try await exchange.writeHead(200, [("Content-Length", "\(announced)")])
            try await exchange.write([UInt8](repeating: 7, count: sent))
            try await exchange.channel.close().get()
        }
    }

    /// A chunked body whose last chunk never comes.
    static let truncatedChunks = Route { exchange in
        try await exchange.writeHead(200)
        try await exchange.write([1, 2, 3])
        try await exchange.channel.close().get()
    }

    /// Closes with RST instead of an answer.
    static let reset = Route { exchange in
        // Closing without time to linger sends RST.
        let options = exchange.channel as? any SocketOptionProvider
        try await options?.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        try await exchange.channel.close().get()
    }

    /// Takes the request and never answers.
    static let silent = Route { exchange in
        exchange.server.note { $0.notes.append("silent") }
        try await Gate().wait()
    }

    /// Sends a head and some bytes, and then nothing more.
    static let silentAfterFirstBytes = Route { exchange in
        try await exchange.writeHead(200, [("Content-Length", "1000")])
        try await exchange.write(Array("first".utf8))
        try await Gate().wait()
    }

    /// Head and first bytes at once, the rest when the gate opens.
    static func gated(_ gate: Gate) -> Route {
        Route { exchange in
            try await exchange.writeHead(200)
            try await exchange.write(Array("before ".utf8))
            try await gate.wait()
            try await exchange.write(Array("after".utf8))
            try await exchange.end()
        }
    }

    static let endless = Route { exchange in
        try await exchange.writeHead(200)
        let block = [UInt8](repeating: 42, count: 64 << 10)
        while true { try await exchange.write(block) }
    }

    /// Sends back what comes, as it comes.
    static let echo = Route { exchange in
        try await exchange.writeHead(200)
        while let chunk = try await exchange.read() { try await exchange.write(chunk) }
        try await exchange.end()
    }

    /// Answers with the number of bytes that came, when all have come and the gate is open.
    static func count(after gate: Gate? = nil) -> Route {
        Route { exchange in
            try await gate?.wait()
            var count = 0
            while let chunk = try await exchange.read() { count += chunk.count }
            try await exchange.respond(200, [], Array("\(count)".utf8))
        }
    }
}

/// Holds whoever waits until it is opened. One waiter.
struct Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func open() { continuation.finish() }

    /// - Throws: `CancellationError` when the task is cancelled first.
    func wait() async throws {
        for await _ in stream {}
        try Task.checkCancellation()
    }
}
