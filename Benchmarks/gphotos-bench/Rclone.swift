import Foundation

/// The installed rclone, brought to the service.
///
/// rclone's backend has no setting for the address of the API. It asks a proxy for a way to
/// photoslibrary.googleapis.com; the proxy here leads to an nginx with a certificate of that name, which passes on what
/// it gets. No name is looked up and nothing leaves this machine.
final class Rclone {
    private static let host = "photoslibrary.googleapis.com"
    private let scratch: String
    private let config: String
    private let nginx = Process()
    private let proxy: ConnectProxy

    static var isPossible: Bool { ["nginx", "openssl"].allSatisfy { find($0) != nil } }

    static func find(_ name: String) -> String? {
        ["/usr/bin/", "/usr/local/bin/", "/usr/sbin/"].map { $0 + name }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    init(to service: Service, scratch: String) throws {
        self.scratch = scratch
        config = service.config
        _ = try Bench.run(
            Self.find("openssl") ?? "",
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=\(Self.host)", "-addext", "subjectAltName=DNS:\(Self.host)",
                "-keyout", scratch + "/key.pem", "-out", scratch + "/ca.pem",
            ])
        // Below /tmp, since the name of a socket is short.
        let socket = NSTemporaryDirectory() + "gphotos-bench-\(UUID().uuidString.prefix(8))"
        proxy = try ConnectProxy(to: socket)
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map { "\($0)_temp_path \(scratch)/\($0);" }.joined(separator: " ")
        let text = """
            master_process off; daemon off; pid \(scratch)/pid;
            events { worker_connections 256; }
            http {
                access_log off; \(temporary) client_max_body_size 0;
                server {
                    listen unix:\(socket) ssl;
                    ssl_certificate \(scratch)/ca.pem; ssl_certificate_key \(scratch)/key.pem;
                    location / {
                        proxy_pass \(service.baseURL); proxy_http_version 1.1; proxy_request_buffering off;
                    }
                }
            }
            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: scratch + "/nginx.conf"))
        nginx.executableURL = URL(fileURLWithPath: Self.find("nginx") ?? "")
        nginx.arguments = ["-c", scratch + "/nginx.conf", "-e", scratch + "/nginx.log"]
        try nginx.run()
        while nginx.isRunning, !FileManager.default.fileExists(atPath: socket) { usleep(10_000) }
    }

    var arguments: [String] { ["--config", config, "--ca-cert", scratch + "/ca.pem"] }
    var environment: [String: String] { ["HTTPS_PROXY": "http://127.0.0.1:\(proxy.port)", "HOME": scratch] }

    func close() {
        proxy.close()
        // In one process, and started from here, it heeds no SIGTERM.
        kill(nginx.processIdentifier, SIGKILL)
        nginx.waitUntilExit()
    }
}

/// An HTTP proxy that answers every `CONNECT` with a way to one socket.
final class ConnectProxy: Sendable {
    let port: UInt16
    private let listener: Int32

    init(to socket: String) throws {
        let listener = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.listener = listener
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw CommandFailed(description: "no proxy for rclone") }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread {
            while true {
                let client = accept(listener, nil, nil)
                if client < 0 { return }
                Thread.detachNewThread { Self.serve(client, to: socket) }
            }
        }
    }

    func close() { shutdown(listener, Int32(SHUT_RDWR)) }

    private static func serve(_ client: Int32, to socket: String) {
        var head: [UInt8] = []
        var byte: UInt8 = 0
        while !head.suffix(4).elementsEqual("\r\n\r\n".utf8), read(client, &byte, 1) == 1 { head.append(byte) }
        let server = Foundation.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: socket.utf8.prefix($0.count - 1)) }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(server, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        let answer = Array("HTTP/1.1 200 OK\r\n\r\n".utf8)
        if isConnected, write(client, answer, answer.count) == answer.count {
            let isDone = DispatchSemaphore(value: 0)
            Thread.detachNewThread {
                pump(client, server)
                isDone.signal()
            }
            pump(server, client)
            isDone.wait()
        }
        Foundation.close(client)
        Foundation.close(server)
    }

    private static func pump(_ from: Int32, _ to: Int32) {
        var buffer = [UInt8](repeating: 0, count: 262_144)
        loop: while true {
            let count = read(from, &buffer, buffer.count)
            if count <= 0 { break }
            var sent = 0
            while sent < count {
                let written = buffer.withUnsafeBytes { write(to, $0.baseAddress.map { $0 + sent }, count - sent) }
                if written <= 0 { break loop }
                sent += written
            }
        }
        shutdown(to, Int32(SHUT_WR))
    }
}
