import ConnectorKit
import StrictJSON
import Synchronization

/// A listing of files as `ls` prints it, line by line: it may be as long as a library.
final class RecordListing: Sendable {
    private let console: Console
    private let isFirst = Mutex(true)

    init(console: Console) { self.console = console }

    func begin() throws { if console.isJSON { try console.write("[") } }

    func add(_ record: Record, sha256: String?) throws {
        guard console.isJSON else {
            let size = record.kind == .file ? record.size.map { "\($0)" } ?? "?" : "-"
            let padding = String(repeating: " ", count: max(0, 10 - size.count))
            let suffix =
                record.kind == .directory && !record.pathname.isRoot
                ? "/" : record.target.map { " -> \($0)" } ?? ""
            let failure = record.error.map { "  (\($0.message))" } ?? ""
            try console.print(
                "\(padding)\(size)  \(record.modificationTime.toTheSecond)  \(record.pathname)\(suffix)\(failure)")
            return
        }
        let separator = isFirst.withLock { isFirst in
            defer { isFirst = false }
            return isFirst ? "" : ",\n"
        }
        var line: JSONObject = [
            "path": .string(record.pathname.string), "kind": .string(record.kind.rawValue),
            "size": record.size.map { .integer($0) } ?? .null, "mtime": .string(record.modificationTime.description),
            "sha256": sha256.map { .string($0) } ?? .null, "mime_type": record.mimeType.map { .string($0) } ?? .null,
        ]
        line["target"] = record.target.map { .string($0) }
        if !record.caveats.isEmpty { line["caveats"] = .array(record.caveats.map { .string($0.rawValue) }) }
        try console.write(separator + JSON.object(line).text)
    }

    func end() throws { if console.isJSON { try console.write("]\n") } }
}

extension Timestamp {
    /// `2024-05-06 07:08:09`, in UTC.
    var toTheSecond: String {
        Timestamp(seconds: seconds).description.replacing("T", with: " ").replacing("Z", with: "")
    }
}
