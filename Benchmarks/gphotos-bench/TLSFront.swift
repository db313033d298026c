import Foundation

/// nginx with TLS and HTTP/2 in front of the service.
struct TLSFront {
    let baseURL: String
    let caFile: String
    private let process: Process

    /// Below the ports that the kernel gives to connections: one of those may be taken at any moment.
    private static let ports = 20_000..<32_000

    /// - Returns: nil where its tools are not there.
    static func start(tools: Tools, backend: String) throws -> TLSFront? {
        let find = { (names: [String]) in names.first { FileManager.default.isExecutableFile(atPath: $0) } }
        guard let nginx = find(["/usr/sbin/nginx", "/usr/local/sbin/nginx"]),
            let openssl = find(["/usr/bin/openssl", "/usr/local/bin/openssl"])
        else { return nil }
        let home = try tools.directory("nginx")
        _ = try Bench.run(
            openssl,
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
                "subjectAltName=IP:127.0.0.1", "-keyout", home + "/key.pem", "-out", home + "/cert.pem",
            ])
        // Another program may listen there: then at another one.
        for port in (0..<10).map({ _ in Int.random(in: ports) }) {
            try configuration(home: home, port: port, backend: backend)
                .write(toFile: home + "/nginx.conf", atomically: true, encoding: .utf8)
            let process = Process()
            process.executableURL = URL(fileURLWithPath: nginx)
            process.arguments = ["-p", home, "-c", home + "/nginx.conf", "-e", home + "/error.log"]
            process.standardError = FileHandle.nullDevice
            try process.run()
            // It listens once its pid is written.
            while process.isRunning, !FileManager.default.fileExists(atPath: home + "/pid") { usleep(10_000) }
            guard process.isRunning else { continue }
            return TLSFront(baseURL: "https://127.0.0.1:\(port)", caFile: home + "/cert.pem", process: process)
        }
        let log = (try? String(contentsOfFile: home + "/error.log", encoding: .utf8)) ?? ""
        throw CommandFailed(description: "nginx does not start: \(log)")
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }

    private static func configuration(home: String, port: Int, backend: String) -> String {
        """
        daemon off; worker_processes 1; pid \(home)/pid; error_log \(home)/error.log;
        events { worker_connections 1024; }
        http {
          access_log off; client_body_temp_path \(home)/b; proxy_temp_path \(home)/p; fastcgi_temp_path \(home)/f;
          uwsgi_temp_path \(home)/u; scgi_temp_path \(home)/s;
          upstream fake { server \(backend.replacing("http://", with: "")); keepalive 64; }
          server {
            listen 127.0.0.1:\(port) ssl http2; ssl_certificate \(home)/cert.pem; ssl_certificate_key \(home)/key.pem;
            location / { proxy_pass http://fake; proxy_http_version 1.1; proxy_set_header Connection ""; }
          }
        }
        """
    }
}
