import StrictJSON

/// What a run's connector says of the library since the listing before, as its summary shows it.
struct ChangeLine {
    private let counters: [String: Int64]

    private static let names = ["items_new", "items_changed", "items_moved", "items_removed"]
    private static let words = ["new", "changed", "moved between albums", "removed", "found to be one with another"]
    /// Told only where there is something to tell.
    private static let merged = "items_merged"

    /// - Parameter counters: without them where there is nothing to compare with, as in a first run.
    init(counters: [String: Int64]) { self.counters = counters }

    /// For people; nil where there is nothing to tell. The listing before may have been another command's, such as that of
    /// `source ls`: it says so, and what is new in the backup is told apart from it.
    var text: String? {
        var counts = Self.names.compactMap { counters[$0] }
        guard counts.count == Self.names.count else { return nil }
        counts.append(counters[Self.merged] ?? 0)
        if counts.allSatisfy({ $0 == 0 }) { return nil }
        let words = zip(counts, Self.words).filter { $0.0 > 0 }
        let list = words.map { "\(HumanFormat.number(Int($0.0))) \($0.1)" }.joined(separator: ", ")
        return "in the library since a command last listed it: \(list)"
    }

    var members: [JSONObject.Member] {
        (Self.names + [Self.merged]).compactMap { name in
            counters[name].map { JSONObject.Member(key: name, value: .integer($0)) }
        }
    }
}
