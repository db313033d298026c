import Foundation
import NIOCore
import NIOPosix

/// The installed rclone, brought to the fake service.
///
/// rclone's backend has no setting for the address of the API. It asks a proxy for a way to
/// photoslibrary.googleapis.com; the proxy here leads to an nginx with a certificate of that name, which passes on what
/// it gets. No name is looked up and nothing leaves this machine.
public struct RcloneProgram: Sendable {
    private static let host = "photoslibrary.googleapis.com"
    private let folder: String
    private let proxy: Int

    public static let isInstalled = ["rclone", "nginx", "openssl"].allSatisfy { find($0) != nil }

    private static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":").map(String.init) + ["/usr/sbin"]).map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs a body while the way is open.
    /// - Parameters:
    ///   - port: where the fake listens.
    ///   - config: rclone's configuration, with an account of the fake as `demo`.
    public static func run<Result: Sendable>(
        to port: Int, config: String, _ body: (RcloneProgram) async throws -> Result
    ) async throws -> Result {
        let folder = NSTemporaryDirectory() + "gphotos-rclone-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try await output(
            "openssl",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=\(host)", "-addext", "subjectAltName=DNS:\(host)", "-keyout", folder + "/key.pem", "-out",
                folder + "/ca.pem",
            ])
        try Data(config.utf8).write(to: URL(fileURLWithPath: folder + "/rclone.conf"))
        // nginx takes a socket in the folder: no port that somebody else may take.
        let socket = folder + "/tls"
        try Data(nginx(folder, socket: socket, backend: port).utf8)
            .write(to: URL(fileURLWithPath: folder + "/nginx.conf"))
        let server = try start("nginx", ["-c", folder + "/nginx.conf", "-e", folder + "/nginx.log"])
        defer { kill(server.processIdentifier, SIGKILL) }
        let tunnel = try await Tunnel.open(to: socket)
        do {
            let result = try await body(RcloneProgram(folder: folder, proxy: tunnel.localAddress?.port ?? 0))
            try await tunnel.close()
            return result
        } catch {
            try? await tunnel.close()
            throw error
        }
    }

    /// What a command of rclone is run with, for callers that run it themselves.
    public var executable: String { Self.find("rclone") ?? "" }
    public var arguments: [String] { ["--config", folder + "/rclone.conf", "--ca-cert", folder + "/ca.pem"] }
    public var environment: [String: String] { ["HTTPS_PROXY": "http://127.0.0.1:\(proxy)", "HOME": folder] }

    /// The paths below a directory of the remote `demo`, folders with a slash at their end: `rclone lsf -R`.
    public func list(_ directory: String, _ options: String...) async throws -> [String] {
        let text = try await Self.output(
            "rclone", arguments + ["lsf", "-R", "demo:" + directory] + options, environment: environment)
        return text.split(separator: "\n").map(String.init).sorted()
    }

    private static func start(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil, output: Any? = nil
    ) throws -> Process {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: find(program) ?? "")
        process.arguments = arguments
        if let environment { process.environment = environment }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output ?? FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private static func output(
        _ program: String, _ arguments: [String], environment: [String: String]? = nil
    ) async throws -> String {
        let file = NSTemporaryDirectory() + "gphotos-output-\(UUID().uuidString)"
        try Data().write(to: URL(fileURLWithPath: file))
        defer { try? FileManager.default.removeItem(atPath: file) }
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        let process = try start(program, arguments, environment: environment, output: handle)
        // A pool of its own waits: Swift's is for what does not block.
        let status = try await NIOThreadPool.singleton.runIfActive {
            process.waitUntilExit()
            return process.terminationStatus
        }
        guard status == 0 else { throw ProgramFailure(program: program, status: status) }
        return try String(contentsOfFile: file, encoding: .utf8)
    }

    private static func nginx(_ folder: String, socket: String, backend: Int) -> String {
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(folder)/\($0);" }.joined(separator: " ")
        return """
            master_process off; daemon off; pid \(folder)/pid;
            events { worker_connections 128; }
            http {
                access_log off; \(temporary) client_max_body_size 0;
                server {
                    listen unix:\(socket) ssl;
                    ssl_certificate \(folder)/ca.pem; ssl_certificate_key \(folder)/key.pem;
                    location / {
                        proxy_pass http://127.0.0.1:\(backend); proxy_http_version 1.1; proxy_request_buffering off;
                    }
                }
            }
            """
    }
}

public struct ProgramFailure: Error {
    var program: String
    var status: Int32
}

/// An HTTP proxy that answers every `CONNECT` with a way to one place.
private final class Tunnel: ChannelInboundHandler, RemovableChannelHandler, Sendable {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let target: String

    private init(target: String) { self.target = target }

    static func open(to socket: String) async throws -> any Channel {
        try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Tunnel(target: socket))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    /// The client says nothing beyond the head before it is answered, and the head comes at once.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let client = context.channel
        ClientBootstrap(group: client.eventLoop)
            .channelInitializer { server in
                server.eventLoop.makeCompletedFuture {
                    try server.pipeline.syncOperations.addHandler(Relay(to: client))
                }
            }
            .connect(unixDomainSocketPath: target)
            .whenComplete { result in
                guard case .success(let server) = result else { return client.close(promise: nil) }
                do {
                    try client.pipeline.syncOperations.addHandler(Relay(to: server))
                } catch {
                    return client.close(promise: nil)
                }
                client.pipeline.syncOperations.removeHandler(self, promise: nil)
                client.writeAndFlush(ByteBuffer(string: "HTTP/1.1 200 OK\r\n\r\n"), promise: nil)
            }
    }
}

/// Writes to one channel what another reads.
private final class Relay: ChannelInboundHandler, Sendable {
    typealias InboundIn = ByteBuffer

    private let other: any Channel

    init(to other: any Channel) { self.other = other }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        other.writeAndFlush(unwrapInboundIn(data), promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { other.close(promise: nil) }
}
