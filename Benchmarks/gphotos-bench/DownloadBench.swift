import ConnectorKit
import Foundation
import HTTP
import PhotosAPI

/// How fast the API client reads contents, beside `curl --parallel`: both throw the bytes away, so that nothing but the
/// transfer is measured. Over HTTP/1.1, and over TLS and HTTP/2 where nginx can stand in front of the service.
struct DownloadBench {
    let tools: Tools
    let items: Int
    let itemSize: Int

    private static let transfers = 16

    func run() async throws {
        let service = try Service(
            tools: tools, arguments: ["--items", "\(items)", "--albums", "0", "--item-size", "\(itemSize)"])
        defer { service.stop() }
        say("\(items) downloads of \(itemSize >> 10) KiB, thrown away, \(Self.transfers) at a time:")
        try await compare("HTTP/1.1", service, base: service.baseURL, caFile: nil)
        if let front = try TLSFront.start(tools: tools, backend: service.baseURL) {
            defer { front.stop() }
            try await compare("TLS, HTTP/2 for curl", service, base: front.baseURL, caFile: front.caFile)
        } else {
            say("  nginx or openssl is not there: no TLS")
        }
        try await service.control(
            "faults", body: #"{"kind":"latency","endpoint":"download","seconds":0.03,"count":1000000000}"#)
        try await compare("HTTP/1.1, 30 ms of latency", service, base: service.baseURL, caFile: nil)
    }

    private func compare(_ what: String, _ service: Service, base: String, caFile: String?) async throws {
        let urls = String(decoding: try await service.control("urls"), as: UTF8.self).split(separator: "\n")
            .compactMap { $0.split(separator: " ").first }
            .map { base + $0.dropFirst(service.baseURL.count) }
        let own = try await pull(urls, caFile: caFile)
        report("\(what): gphotos", own)
        guard let tool = tools.curl else { return say("  curl is not there: no ratio") }
        let config = urls.map { "url = \"\($0)\"\noutput = \"/dev/null\"\n" }.joined()
        let file = tools.scratch + "/curl-discard.conf"
        try config.write(toFile: file, atomically: true, encoding: .utf8)
        let trust = caFile.map { ["--cacert", $0] } ?? []
        let curl = try Bench.run(
            tool, ["--silent", "--parallel", "--parallel-max", "\(Self.transfers)", "--config", file] + trust)
        report("\(what): curl", curl)
        let gigabytes = Double(items) * Double(itemSize) / Double(1 << 30)
        say(
            "  gphotos / curl: \((curl.seconds / own.seconds).formatted(2)) of its speed; CPU per GiB "
                + "\((own.cpu / gigabytes).formatted(2)) s, curl \((curl.cpu / gigabytes).formatted(2)) s")
    }

    private func report(_ what: String, _ usage: Usage) {
        let bytes = Double(items) * Double(itemSize) / 1_048_576
        say(
            "  \(what): \(usage.seconds.formatted(2)) s, \(Int(Double(items) / usage.seconds)) files/s, "
                + "\(Int(bytes / usage.seconds)) MiB/s")
    }

    private func pull(_ urls: [String], caFile: String?) async throws -> Usage {
        var http = HTTPClient.Configuration(userAgent: "gphotos-bench")
        http.caFile = caFile
        http.maxConnectionsPerHost = Self.transfers * 4
        let token = OAuthToken(accessToken: Secret("unused"), refreshToken: nil, expiry: nil)
        let client = PhotosClient(
            configuration: .init(clientID: "bench", clientSecret: nil, token: token),
            http: try HTTPClient(configuration: http), runtime: .live, onRenewal: { _ in })
        defer { client.shutdown() }
        let cpu = ownCPU()
        let start = ContinuousClock.now
        let expected = Int64(items) * Int64(itemSize)
        let (queue, feed) = AsyncStream.makeStream(of: String.self)
        for url in urls { feed.yield(url) }
        feed.finish()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<Self.transfers {
                group.addTask {
                    for await url in queue {
                        let download = client.download { _ in url }
                        while try await download.read() != nil {}
                        await download.close()
                    }
                }
            }
            try await group.waitForAll()
        }
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        guard client.statistics.bytesDownloaded == expected else {
            throw CommandFailed(description: "\(client.statistics.bytesDownloaded) bytes in place of \(expected)")
        }
        return Usage(seconds: seconds, cpu: ownCPU() - cpu, output: "")
    }
}
