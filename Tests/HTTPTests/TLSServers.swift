import Foundation
import Glibc

/// Programs of the machine that tests with TLS need; without them these tests are skipped.
enum Tools {
    static let openssl = find("openssl")
    static let nginx = find("nginx")

    private static func find(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":").map(String.init) + ["/usr/sbin"])
            .map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }
}

struct ToolFailure: Error { let message: String }

/// A folder that is removed with the object.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "http-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { "\(path)/\(name)" }
}

/// A certificate that signs itself, for this machine unless other names are given.
struct TestCertificate: Sendable {
    let certificate: String
    let key: String
    let folder: TemporaryFolder

    init(names: String = "DNS:localhost,IP:127.0.0.1") async throws {
        folder = try TemporaryFolder()
        certificate = folder.file("certificate.pem")
        key = folder.file("key.pem")
        try await run(
            Tools.openssl,
            [
                "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-subj", "/CN=http-tests", "-addext", "subjectAltName=\(names)", "-keyout", key, "-out",
                certificate,
            ])
    }
}

/// Runs a program to its end.
private func run(_ program: String?, _ arguments: [String]) async throws {
    guard let program else { throw ToolFailure(message: "not installed") }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    let status = try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Int32, any Error>) in
        process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
        do { try process.run() } catch { continuation.resume(throwing: error) }
    }
    guard status == 0 else { throw ToolFailure(message: "\(program) ended with \(status)") }
}

/// `openssl s_server -www`: TLS, HTTP/1.0, a status page for every path.
func withOpenSSLServer<Output: Sendable>(
    _ certificate: TestCertificate, _ body: (Int) async throws -> Output
) async throws -> Output {
    let server = try Server(
        Tools.openssl,
        [
            "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", certificate.certificate, "-key", certificate.key,
        ])
    defer { server.stop() }
    let line = try await server.line { $0.hasPrefix("ACCEPT ") }
    guard let port = line.split(separator: ":").last.flatMap({ Int($0) }) else {
        throw ToolFailure(message: "s_server says no port: \(line)")
    }
    return try await body(port)
}

/// nginx with HTTP/2 over TLS. `/file` is on its disk, everything else goes to `backend`.
func withNginx<Output: Sendable>(
    _ certificate: TestCertificate, http2: Bool = true, file: [UInt8], backend: Int,
    _ body: (Int) async throws -> Output
) async throws -> Output {
    let folder = try TemporaryFolder()
    try Data(file).write(to: URL(fileURLWithPath: folder.file("file")))
    let configuration = folder.file("nginx.conf")
    // Another program may take the free port before nginx does: then once more.
    for attempt in 1...3 {
        let port = try freePort()
        try Data(nginxConfiguration(folder, certificate, port: port, http2: http2, backend: backend).utf8)
            .write(to: URL(fileURLWithPath: configuration))
        let server = try Server(Tools.nginx, ["-c", configuration, "-e", "stderr"])
        defer { server.stop() }
        do {
            _ = try await server.line { $0.contains("event method") }
        } catch  where attempt < 3 {
            continue
        }
        return try await body(port)
    }
    throw ToolFailure(message: "nginx does not start")
}

/// A program that runs until it is stopped, and what it prints.
private struct Server {
    private let process = Process()
    private let output = Pipe()

    init(_ program: String?, _ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: program ?? "")
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        try process.run()
    }

    /// By SIGKILL: a program started by a thread of Swift's pool inherits that thread's blocked signals.
    func stop() { kill(process.processIdentifier, SIGKILL) }

    /// The first line printed that is the wanted one.
    func line(where isWanted: (Substring) -> Bool) async throws -> String {
        let (chunks, continuation) = AsyncStream.makeStream(of: Data.self)
        output.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty { continuation.finish() } else { continuation.yield(data) }
        }
        defer { output.fileHandleForReading.readabilityHandler = nil }
        var text = ""
        for await chunk in chunks {
            text += String(decoding: chunk, as: UTF8.self)
            let whole = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
            if let line = whole.first(where: isWanted) { return String(line) }
        }
        throw ToolFailure(message: "a server did not start: \(text)")
    }
}

private func nginxConfiguration(
    _ folder: TemporaryFolder, _ certificate: TestCertificate, port: Int, http2: Bool, backend: Int
) -> String {
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map { "\($0)_temp_path \(folder.file($0));" }.joined(separator: " ")
    return """
        master_process off; pid \(folder.file("pid")); daemon off; error_log stderr notice;
        events { worker_connections 128; }
        http {
            access_log off; \(temporary) client_max_body_size 0;
            server {
                listen 127.0.0.1:\(port) ssl\(http2 ? " http2" : "");
                ssl_certificate \(certificate.certificate); ssl_certificate_key \(certificate.key);
                root \(folder.path);
                location = /file { }
                location / {
                    proxy_pass http://127.0.0.1:\(backend); proxy_http_version 1.1;
                    proxy_request_buffering off; proxy_buffering off;
                }
            }
        }
        """
}

private func freePort() throws -> Int {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw ToolFailure(message: "no socket") }
    defer { Glibc.close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
        }
    }
    guard isBound else { throw ToolFailure(message: "no free port") }
    return Int(UInt16(bigEndian: address.sin_port))
}
