import ConnectorKit
import HostEngine
import StrictJSON
import Synchronization

/// What a backup or a mirror would do, file by file and in all.
final class PreviewLines: Sendable {
    typealias Change = MirrorPreview.Change

    private let command: String
    private let console: Console
    private let counts = Mutex<[Change: Int]>([:])

    init(command: String, console: Console) {
        self.command = command
        self.console = console
    }

    /// Tells of a file; for people, of none that stays as it is.
    func add(_ place: Pathname, _ change: Change) throws {
        counts.withLock { $0[change, default: 0] += 1 }
        if console.isJSON {
            try console.printLine([
                "type": "change", "path": .string(place.string), "change": .string(change.rawValue),
            ])
        } else if change != .unchanged {
            try console.print("\(change.rawValue)  \(place)")
        }
    }

    /// - Parameters:
    ///   - heading: what would be done, such as `would back up @demo`.
    ///   - counters: what the connector asked of its service.
    func finish(_ heading: String, counters: [String: Int64], seconds: Double) throws {
        let counts = counts.withLock { $0 }
        func count(_ change: Change) -> Int { counts[change] ?? 0 }
        let files = counts.values.reduce(0, +) - count(.remove) - count(.gone)
        let requests = counters["api_requests"] ?? 0
        if console.isJSON {
            func number(_ change: Change) -> JSON { .integer(Int64(count(change))) }
            var line: JSONObject = [
                "type": "summary", "command": .string(command), "dry_run": true, "files": .integer(Int64(files)),
                "files_new": number(.new), "files_unchanged": number(.unchanged), "files_changed": number(.changed),
                "errors": number(.failed), "api_requests": .integer(requests), "bytes_downloaded": 0,
                "seconds": .number(seconds),
            ]
            if command == "mirror" {
                line["files_compared"] = number(.compared)
                line["files_kept"] = number(.kept)
                line["to_remove"] = number(.remove)
                line["gone"] = number(.gone)
            }
            line.members += QuotaLine(counters: counters).members
            return try console.printLine(.object(line))
        }
        try console.print(heading)
        var parts = [
            "\(HumanFormat.number(count(.new))) new", "\(HumanFormat.number(count(.changed))) changed",
            "\(HumanFormat.number(count(.unchanged))) unchanged",
        ]
        for (change, words) in Self.rare where count(change) > 0 {
            parts.append("\(HumanFormat.number(count(change))) \(words)")
        }
        try console.print("  \(HumanFormat.count(files, "file")): " + parts.joined(separator: ", "))
        if count(.unchanged) + count(.gone) == counts.values.reduce(0, +) {
            try console.print("  nothing is to be done")
        }
        try console.print(
            "  \(HumanFormat.count(Int(requests), "API request")), \(HumanFormat.duration(.seconds(seconds)))")
    }

    private static let rare: [(Change, String)] = [
        (.compared, "to be compared"), (.kept, "kept as they are here"), (.remove, "to be removed"),
        (.gone, "gone from the library"), (.failed, "that cannot be read"),
    ]
}

extension RunProgress {
    /// Such as `3 new, 1 changed, 494 unchanged, 0 errors`; what is seldom is named where it is not nothing.
    var counts: String { counts() }

    /// - Parameter more: what a command counts beside it.
    func counts(_ more: [String] = []) -> String {
        var parts = ["\(HumanFormat.number(filesNew)) new"]
        if filesChanged > 0 { parts.append("\(HumanFormat.number(filesChanged)) changed") }
        parts.append("\(HumanFormat.number(filesUnchanged)) unchanged")
        if filesCarried > 0 { parts.append("\(HumanFormat.number(filesCarried)) kept from the snapshot before") }
        parts += more + [HumanFormat.count(errors, "error")]
        return parts.joined(separator: ", ") + (links > 0 ? "; \(HumanFormat.count(links, "link")) among them" : "")
    }
}
