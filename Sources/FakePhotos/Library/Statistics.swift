import StrictJSON

/// What clients did, for tests and benchmarks.
struct Statistics: Sendable {
    private var requests = [Int](repeating: 0, count: Endpoint.allCases.count)
    private var statuses: [Int: Int] = [:]
    private var faults: [FakeFault.Kind: Int] = [:]
    var bytesDownloaded: Int64 = 0
    var bytesUploaded: Int64 = 0
    /// Uploads that came with their hash.
    var checkedUploads = 0
    /// Downloads that carried an access token, which the download host has no business to see.
    var authorizedDownloads = 0
    var tokenRefreshes = 0
    var itemsCreated = 0
    /// The item that was downloaded most often.
    var mostDownloads: (count: UInt32, item: ObjectReference)?
    /// Requests whose answer is not given yet, and the most of them at a time.
    private(set) var inFlight = 0
    private(set) var mostInFlight = 0

    mutating func begin(_ endpoint: Endpoint) {
        requests[endpoint.index] += 1
        inFlight += 1
        mostInFlight = max(mostInFlight, inFlight)
    }

    mutating func befall(_ fault: FakeFault) { faults[fault.kind, default: 0] += 1 }

    /// - Parameter status: nil where the connection ended before an answer.
    mutating func end(status: Int?, bytesDownloaded: Int64) {
        inFlight -= 1
        if let status { statuses[status, default: 0] += 1 }
        self.bytesDownloaded += bytesDownloaded
    }

    /// Forgets all but the requests that are under way.
    mutating func reset() {
        let inFlight = inFlight
        self = Statistics()
        self.inFlight = inFlight
        mostInFlight = inFlight
    }

    func count(_ endpoint: Endpoint) -> Int { requests[endpoint.index] }

    var requestCount: Int { requests.reduce(0, +) }

    func count(_ kind: FakeFault.Kind) -> Int { faults[kind] ?? 0 }

    func json(sealer: Sealer) -> JSON {
        var counts = JSONObject()
        for endpoint in Endpoint.allCases where count(endpoint) > 0 {
            counts[endpoint.rawValue] = .integer(Int64(count(endpoint)))
        }
        var answers = JSONObject()
        for (status, count) in statuses.sorted(by: { $0.key < $1.key }) {
            answers["\(status)"] = .integer(Int64(count))
        }
        var befallen = JSONObject()
        for kind in FakeFault.Kind.allCases where count(kind) > 0 {
            befallen[kind.rawValue] = .integer(Int64(count(kind)))
        }
        var members: JSONObject = [
            "requests": .object(counts), "statuses": .object(answers), "faults": .object(befallen),
            "bytesDownloaded": .integer(bytesDownloaded), "bytesUploaded": .integer(bytesUploaded),
            "checkedUploads": .integer(Int64(checkedUploads)),
            "authorizedDownloads": .integer(Int64(authorizedDownloads)),
            "tokenRefreshes": .integer(Int64(tokenRefreshes)), "itemsCreated": .integer(Int64(itemsCreated)),
            "inFlight": .integer(Int64(inFlight)), "mostInFlight": .integer(Int64(mostInFlight)),
        ]
        if let mostDownloads {
            members["mostDownloaded"] = [
                "id": .string(sealer.id(.item, mostDownloads.item)), "downloads": .integer(Int64(mostDownloads.count)),
            ]
        }
        return .object(members)
    }
}
