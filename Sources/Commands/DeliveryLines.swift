import ArgumentParser
import ConnectorKit
import HostEngine
import StrictJSON

/// How a restore or a push tells what it did, or would do.
struct DeliveryLines {
    /// The command, and what it says that it has done, such as `restored`.
    var command: String
    var past: String
    /// Such as `latest to @demo2`.
    var subject: String
    var isDryRun = false
    /// Whether a service was asked, and not the disk alone.
    var asksService = true
    var summary: DeliverySummary
    var seconds: Double

    private func counter(_ name: String) -> Int { Int(summary.counters[name] ?? 0) }

    /// - Parameter more: members of the one command.
    func json(_ more: JSONObject = [:]) -> JSON {
        func number(_ count: Int) -> JSON { .integer(Int64(count)) }
        var line: JSONObject = [
            "type": "summary", "command": .string(command), "files": number(summary.files),
            "stored": number(summary.stored), "unchanged": number(summary.unchanged),
            "skipped": number(summary.skipped), "failed": number(summary.failed), "left": number(summary.left),
            "bytes": .integer(summary.bytes), "bytes_left": .integer(summary.bytesLeft),
            "api_requests": number(counter("api_requests")), "seconds": .number(seconds),
        ]
        if isDryRun { line["dry_run"] = true }
        for name in Self.passed where summary.counters[name] != nil { line[name] = number(counter(name)) }
        line.members += more.members + QuotaLine(counters: summary.counters).members
        return .object(line)
    }

    /// Counters of a destination that programs may want to know.
    private static let passed = [
        "albums_to_create", "uploads", "bytes_to_upload", "requests_expected", "days_by_quota", "to_remove",
        "verified", "verify_failed", "verify_unknown", "misplaced",
    ]

    /// - Parameter more: lines of the one command.
    func text(_ more: [String] = []) -> [String] {
        let words = isDryRun ? ("to store", "would \(command)") : ("stored", past)
        var lines = [
            "\(words.1) \(subject)",
            "  \(HumanFormat.count(summary.files, "file")), \(HumanFormat.size(summary.bytes + summary.bytesLeft)): "
                + "\(HumanFormat.number(summary.stored)) \(words.0), \(HumanFormat.number(summary.unchanged)) unchanged, "
                + "\(HumanFormat.number(summary.skipped)) skipped, \(HumanFormat.number(summary.failed)) failed",
        ]
        if summary.left > 0 {
            lines.append(
                "  \(HumanFormat.count(summary.stored, "file")), \(HumanFormat.size(summary.bytesStored)) went in; "
                    + "\(HumanFormat.count(summary.left, "file")), \(HumanFormat.size(summary.bytesLeft)) are left")
        }
        lines += forecast + verification + more
        if isDryRun, summary.stored + counter("to_remove") + counter("albums_to_create") == 0 {
            lines.append("  there is nothing to do")
        }
        let asked = asksService ? HumanFormat.count(counter("api_requests"), "API request") + ", " : ""
        lines.append("  \(asked)\(HumanFormat.duration(.seconds(seconds)))")
        if let quota = QuotaLine(counters: summary.counters).text { lines.append("  \(quota)") }
        return lines
    }

    private var forecast: [String] {
        guard isDryRun, asksService, summary.counters["requests_expected"] != nil else { return [] }
        var lines = [
            "  \(HumanFormat.count(counter("albums_to_create"), "album")) to create, "
                + "\(HumanFormat.count(counter("uploads"), "upload")) of "
                + HumanFormat.size(summary.counters["bytes_to_upload"] ?? 0),
            "  about \(HumanFormat.count(counter("requests_expected"), "API request")): "
                + "\(HumanFormat.count(counter("days_by_quota"), "day")) by the quota",
        ]
        if let count = summary.counters["to_remove"] {
            lines.append("  \(HumanFormat.count(Int(count), "item")) to remove from the album")
        }
        return lines
    }

    private var verification: [String] {
        guard summary.counters["verified"] != nil else { return [] }
        return [
            "  \(HumanFormat.number(counter("verified"))) verified, "
                + "\(HumanFormat.number(counter("verify_failed"))) not as sent, "
                + "\(HumanFormat.number(counter("verify_unknown"))) that cannot be told"
        ]
    }

    func print(to console: Console, json members: JSONObject = [:], lines: [String] = []) throws {
        if console.isJSON { return try console.printLine(json(members)) }
        for line in text(lines) { try console.print(line) }
    }
}

extension RunReport {
    /// Ends a restore or a push: lists what failed, or says the one reason for which nothing went on.
    /// - Throws: what decides the exit status.
    func conclude(_ summary: DeliverySummary, _ what: String) throws {
        if summary.end == nil, summary.failed > 0, summary.stored + summary.unchanged == 0, let reason = sharedFailure {
            throw reason
        }
        let failed = listFailures(what)
        if let end = summary.end { throw end }
        // The destination has named these as it found them.
        let found = ["verify_failed", "links_failed", "albums_failed"].contains { summary.counters[$0, default: 0] > 0 }
        if failed > 0 || found { throw ExitCode(.someItemsFailed) }
    }
}
