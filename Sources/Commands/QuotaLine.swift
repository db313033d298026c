import StrictJSON

/// What a run's connector says of today's quotas, as its summary shows it.
struct QuotaLine {
    private let requests: Int64?
    private let downloads: Int64?

    init(counters: [String: Int64]) {
        requests = counters["api_requests_left"]
        downloads = counters["downloads_left"]
    }

    /// For people; nil where the connector does not count.
    var text: String? {
        guard let requests, let downloads else { return nil }
        return "\(HumanFormat.number(Int(requests))) API requests and \(HumanFormat.number(Int(downloads))) downloads "
            + "left today"
    }

    var members: [JSONObject.Member] {
        [
            requests.map { JSONObject.Member(key: "api_requests_left", value: .integer($0)) },
            downloads.map { JSONObject.Member(key: "downloads_left", value: .integer($0)) },
        ].compactMap { $0 }
    }
}
