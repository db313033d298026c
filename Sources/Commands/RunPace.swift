import ConnectorKit
import HostEngine
import StrictJSON

/// Where a run stands, how fast it goes, and when it may be done.
struct RunPace: Sendable {
    private(set) var run = RunProgress()
    /// What the connector does; nil until it has said anything.
    private(set) var work: ConnectorKit.Progress?
    private let start: Timestamp
    /// When the connector began to hand out items, of which the total is known.
    private var reading: Timestamp?
    /// How many bytes had been read at some moments of late, the oldest first.
    private var samples: [(time: Timestamp, bytes: Int64)] = []

    /// The speed is that of the last seconds: what it was an hour ago, nobody wants to know.
    private static let window = Duration.seconds(10)
    /// Before this, nobody can tell how long it takes.
    private static let leastTime = Duration.seconds(5)

    init(start: Timestamp) { self.start = start }

    mutating func take(_ progress: RunProgress, at now: Timestamp) {
        run = progress
        guard samples.last.map({ now - $0.time >= .seconds(1) }) ?? true else { return }
        samples.append((now, progress.bytesRead))
        while samples.count > 2, now - samples[1].time > Self.window { samples.removeFirst() }
    }

    mutating func hear(_ progress: ConnectorKit.Progress, at now: Timestamp) {
        if progress.itemsTotal != nil, work?.itemsTotal == nil { reading = now }
        work = progress
    }

    /// Such as `12,345 files, 31.2 GiB, 24.1 MiB/s, 41% of 80,000 items, 1h 20m left`.
    func text(at now: Timestamp) -> String {
        if run.files == 0, let work, work.itemsTotal == nil {
            return work.items == 0 ? work.phase : "\(work.phase), \(HumanFormat.count(work.items, "item")) so far"
        }
        var parts = [HumanFormat.count(run.files, "file"), HumanFormat.size(run.bytes)]
        if run.errors > 0 { parts.append(HumanFormat.count(run.errors, "error")) }
        if let speed = speed(at: now) { parts.append("\(HumanFormat.size(speed))/s") }
        if let share, let total = work?.itemsTotal {
            parts.append("\(Int(share * 100))% of \(HumanFormat.count(total, "item"))")
        }
        if let left = timeLeft(at: now) { parts.append("\(HumanFormat.duration(left)) left") }
        return parts.joined(separator: ", ")
    }

    var json: JSON {
        var line: JSONObject = [
            "type": "progress", "files": .integer(Int64(run.files)), "bytes": .integer(run.bytes),
            "errors": .integer(Int64(run.errors)),
        ]
        if let work {
            line["phase"] = .string(work.phase)
            line["items"] = .integer(Int64(work.items))
            line["items_total"] = work.itemsTotal.map { .integer(Int64($0)) } ?? .null
        }
        return .object(line)
    }

    /// Bytes a second; nil where nothing is read.
    private func speed(at now: Timestamp) -> Int64? {
        guard let first = samples.first, case let seconds = (now - first.time) / .seconds(1), seconds >= 1 else {
            return nil
        }
        let speed = Int64(Double(run.bytesRead - first.bytes) / seconds)
        return speed > 0 ? speed : nil
    }

    /// How much is done, from 0 to 1. The connector is ahead by what it has handed out and nobody has settled yet.
    private var share: Double? {
        guard let work, let total = work.itemsTotal, total > 0, work.items <= total else { return nil }
        if run.files == 0 { return 0 }
        let settled = run.filesSeen > run.files ? Double(run.files) / Double(run.filesSeen) : 1
        return Double(work.items) / Double(total) * settled
    }

    /// By the share that is done: how large the others are, nobody knows.
    private func timeLeft(at now: Timestamp) -> Duration? {
        guard let share, share > 0, share < 1, let reading else { return nil }
        let time = now - reading
        return time < Self.leastTime ? nil : time / share * (1 - share)
    }
}
