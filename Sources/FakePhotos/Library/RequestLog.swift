import Foundation
import StrictJSON

/// A request whose answer was delivered, or broken off.
public struct LoggedRequest: Sendable, Hashable {
    public var method: String
    public var endpoint: Endpoint
    /// Path and query without what gives access: tokens, upload sessions, the grants of download URLs.
    public var path: String
    /// Nil where the connection ended before an answer.
    public var status: Int?
    /// Of the answer's body that were sent.
    public var bytes: Int64
    /// When it came, in milliseconds since 1970, by the service's clock.
    public var start: Int64
    /// How long it took, by the service's clock.
    public var milliseconds: Int64
    /// What went wrong with it.
    public var fault: FakeFault.Kind?
}

/// The last requests: a ring, so that no run can fill the memory.
struct RequestLog: Sendable {
    /// The head of a request that is under way. Its path is made readable only when somebody reads the log.
    struct Entry: Sendable {
        var method: String
        var route: Route
        var path: String
        var query: [(name: String, value: String)]
        var start: Int64
        var fault: FakeFault.Kind?
        var status: Int?
        var bytes: Int64 = 0
        var end: Int64 = 0

        init(_ request: FakeRequest, _ route: Route, start: Int64, fault: FakeFault.Kind?) {
            (method, path, query) = (request.method, request.path, request.query)
            self.route = route
            self.start = start
            self.fault = fault
        }
    }

    static let capacity = 1000

    private var ring: [Entry] = []
    /// Where the oldest entry is once the ring is full.
    private var oldest = 0

    mutating func append(_ entry: Entry) {
        if ring.count < Self.capacity {
            ring.append(entry)
        } else {
            ring[oldest] = entry
            oldest = (oldest + 1) % Self.capacity
        }
    }

    mutating func clear() { self = RequestLog() }

    /// From the oldest to the newest.
    var requests: [LoggedRequest] { (ring[oldest...] + ring[..<oldest]).map(LoggedRequest.init) }
}

extension LoggedRequest {
    init(_ entry: RequestLog.Entry) {
        self.init(
            method: entry.method, endpoint: entry.route.endpoint, path: Self.harmless(entry), status: entry.status,
            bytes: entry.bytes, start: entry.start, milliseconds: entry.end - entry.start, fault: entry.fault)
    }

    private static let secrets: Set = ["access_token", "code", "state", "token", "upload_id"]

    private static func harmless(_ entry: RequestLog.Entry) -> String {
        var path = entry.path
        if entry.route.endpoint == .download, let start = path.range(of: entry.route.argument) {
            let end = path.lastIndex(of: "=") ?? path.endIndex
            path.replaceSubrange(start.lowerBound..<max(start.lowerBound, end), with: "***")
        }
        if entry.query.isEmpty { return path }
        return path + "?"
            + entry.query.map { "\($0.name)=\(secrets.contains($0.name) ? "***" : $0.value)" }.joined(separator: "&")
    }

    var json: JSON {
        var members: JSONObject = [
            "method": .string(method), "endpoint": .string(endpoint.rawValue), "path": .string(path),
            "bytes": .integer(bytes), "start": .integer(start), "milliseconds": .integer(milliseconds),
        ]
        members["status"] = status.map { .integer(Int64($0)) }
        members["fault"] = fault.map { .string($0.rawValue) }
        return .object(members)
    }
}
