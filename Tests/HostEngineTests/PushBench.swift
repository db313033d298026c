import ConnectorKit
import Crypto
import FakePhotos
import Foundation
import PhotosExporter
import PhotosLibrary
import PluginJSONL
import Synchronization
import TestSupport

@testable import HostEngine

/// A folder with pictures, a service with as many accounts as are asked for, and exporters that bring the one to the other:
/// the program itself, or one in this process whose clock does not wait.
struct PushBench: Sendable {
    let server: FakePhotosServer
    let path: String
    /// The hashes that each album has to have in the end, in their order.
    let wanted: [String: [String]]

    var library: FakeLibrary { server.library }
    private var folder: String { path + "/Pictures" }

    /// Runs a body with a folder of so many pictures, a third of them in a folder of its own; two of these are there twice.
    static func run(_ count: Int, _ body: (PushBench) async throws -> Void) async throws {
        let path = NSTemporaryDirectory() + "gphotos-push-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.createDirectory(
            atPath: path + "/Pictures/Day", withIntermediateDirectories: true)
        let source = try FakeLibrary(options: .empty)
        let pictures = try source.addGeneratedItems(count * 2).compactMap { source.content(ofItem: $0) }
            .filter { $0.starts(with: [0xFF, 0xD8]) }.prefix(count)
        var wanted = ["Trip": [String](), "Trip/Day": []]
        for (number, picture) in pictures.enumerated() {
            let isBelow = number >= count * 2 / 3
            try Data(picture).write(
                to: URL(fileURLWithPath: path + "/Pictures/" + (isBelow ? "Day/" : "") + "IMG_\(number).jpg"))
            wanted[isBelow ? "Trip/Day" : "Trip"]?.append(hash(picture))
        }
        for (number, picture) in pictures.prefix(2).enumerated() {
            try Data(picture).write(to: URL(fileURLWithPath: path + "/Pictures/Day/TWIN_\(number).jpg"))
            wanted["Trip/Day"]?.append(hash(picture))
        }
        let server = try await FakePhotosServer.start(options: .empty)
        do {
            try await body(PushBench(server: server, path: path, wanted: wanted))
        } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }

    static func hash(_ bytes: [UInt8]) -> String {
        SHA256.hash(data: Data(bytes)).map { String(format: "%02x", $0) }.joined()
    }

    private func config(_ account: String, _ more: [String: String]) throws -> [String: String] {
        let credentials = try library.credentials(account: account)
        let token = OAuthToken(accessToken: nil, refreshToken: Secret(credentials.refreshToken), expiry: nil)
        return [
            "type": "google photos", "name": account, "client_id": credentials.clientID,
            "client_secret": credentials.clientSecret, "token": token.json.reveal(), "api_url": server.baseURL,
            "token_url": server.baseURL + "/token", "location": "googlephotos:///album/Trip",
            "batch_timeout": "10ms",
        ].merging(more) { $1 }
    }

    private func state(_ account: String) -> String { path + "/state-" + account }

    /// As on a new machine: nothing is known of what was done.
    func forget(_ account: String) throws {
        if FileManager.default.fileExists(atPath: state(account)) {
            try FileManager.default.removeItem(atPath: state(account))
        }
    }

    /// The program itself as an exporter.
    func open(_ account: String, _ more: [String: String] = [:]) async throws -> ConnectorLink {
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return try await ConnectorLink.open(
            ConnectorCommand(
                executable: (tests as NSString).deletingLastPathComponent + "/gphotos",
                arguments: ["plugin", "exporter"], environment: ["HOME": path, "XDG_STATE_HOME": state(account)]),
            config: try config(account, more), options: ConnectorOptions(), version: "1", runtime: .live
        ) { _ in }
    }

    /// An exporter in this process, on a clock of its own.
    func openHere(_ account: String, clock: TestClock, _ more: [String: String] = [:]) async throws -> ConnectorLink {
        let runtime = clock.runtime(environment: ["HOME": path, "XDG_STATE_HOME": state(account)])
        let plugin = ConnectorPlugin(
            name: "gphotos", version: "1", title: "Google Photos", settings: LibrarySettings.definitions,
            makeImporter: nil,
            makeExporter: { settings, options, reporter in
                try PhotosExporter(settings: settings, options: options, reporter: reporter, runtime: runtime)
            })
        return try await Self.link(plugin, runtime: runtime, config: try config(account, more))
    }

    /// A connector in this process, with the host that talks to it.
    static func link(
        _ plugin: ConnectorPlugin, runtime: Runtime, config: [String: String] = [:]
    ) async throws -> ConnectorLink {
        let (down, up) = (try pipe(), try pipe())
        Task {
            await runConnector(
                plugin, role: .exporter, input: down.read, output: up.write, runtime: runtime, watchesSignals: false)
        }
        let session = HostSession(
            input: up.read, output: down.write, name: "test", version: "1", runtime: .live, onEvent: { _ in })
        _ = try await session.start()
        let identity = try await session.initialize(config: config, options: ConnectorOptions())
        return ConnectorLink(identity: identity, session: session, process: nil, runtime: .live)
    }

    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Foundation.pipe(&ends) == 0 else { throw ConnectorError(.internalDefect, "no pipe") }
        return (ends[0], ends[1])
    }

    func push(_ link: ConnectorLink, observer: TestObserver = TestObserver()) async throws -> DeliverySummary {
        try await Push(
            folder: try PushFolder(folder), link: link,
            hashes: try FileHashes(path: path + "/hashes.sqlite", runtime: .live), observer: observer, skip: { _, _ in }
        ).run()
    }

    /// What an account has that it should not, or lacks; empty where it has exactly what is wanted.
    func faults(_ account: String) throws -> [String] {
        let hashes = Dictionary(uniqueKeysWithValues: try library.items(of: account).map { ($0.id, $0.sha256) })
        let albums = try library.albums(of: account)
        let titles = wanted.keys
        var faults: [String] = []
        for title in titles.sorted() {
            let found = albums.filter { $0.title == title }
            if found.count != 1 { faults.append("\(found.count) albums \(title)") }
            let has = found.first?.items.map { hashes[$0] ?? "" } ?? []
            if has != wanted[title] {
                let order = has.map { item in wanted[title]?.firstIndex(of: item) ?? -1 }
                faults.append("\(title) has \(order) of \(wanted[title]?.count ?? 0)")
            }
        }
        if albums.count != titles.count { faults.append("\(albums.count) albums") }
        let contents = Set(wanted.values.joined())
        if hashes.count != contents.count || Set(hashes.values) != contents {
            faults.append("\(hashes.count) items of \(contents.count)")
        }
        return faults
    }
}

/// Remembers what failed.
final class TestObserver: RunObserver {
    private let state = Box<[ConnectorError]>([])

    var errors: [ConnectorError] { state.value }

    func progress(_ progress: RunProgress) {}
    func failed(_ pathname: Pathname, _ error: ConnectorError) { state.change { $0.append(error) } }
}

/// A value that several tasks change.
final class Box<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }
    @discardableResult
    func change<Result: Sendable>(_ body: @Sendable (inout Value) -> Result) -> Result { state.withLock { body(&$0) } }
}
