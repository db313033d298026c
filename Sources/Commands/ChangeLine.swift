import StrictJSON

/// What a run's connector says of the library since the listing before, as its summary shows it.
struct ChangeLine {
    private let counters: [String: Int64]

    private static let names = ["items_new", "items_changed", "items_moved", "items_removed"]

    /// - Parameter counters: without them where there is nothing to compare with, as in a first run.
    init(counters: [String: Int64]) { self.counters = counters }

    /// For people; nil where there is nothing to tell. The listing before may have been another command's.
    var text: String? {
        let counts = Self.names.compactMap { counters[$0] }
        guard counts.count == Self.names.count else { return nil }
        if counts.allSatisfy({ $0 == 0 }) { return nil }
        let words = zip(counts, ["new", "changed", "moved between albums", "removed"]).filter { $0.0 > 0 }
        let list = words.map { "\(HumanFormat.number(Int($0.0))) \($0.1)" }.joined(separator: ", ")
        return "in the library since it was last listed: \(list)"
    }

    var members: [JSONObject.Member] {
        Self.names.compactMap { name in counters[name].map { JSONObject.Member(key: name, value: .integer($0)) } }
    }
}
