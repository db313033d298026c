import PhotosLibrary
import StrictJSON

/// What an import leaves with a host that keeps it: who the host is, and how much it has. A memory that knows the host
/// needs only its name; one that does not can tell that something was lost.
struct PickerState: Sendable, Hashable {
    var host: String
    /// Items that the host had, or was to read, at that time.
    var items: Int

    init(host: String, items: Int) {
        self.host = host
        self.items = items
    }

    /// - Returns: nil for what is none of these.
    init?(_ text: String) {
        guard let picker = (try? JSON(parsing: text))?["picker"], let host = picker["host"]?.stringValue, !host.isEmpty
        else { return nil }
        self.init(host: host, items: Int(clamping: picker["items"]?.integerValue ?? 0))
    }

    var text: String {
        JSON.object(["picker": ["host": .string(host), "items": .integer(Int64(items))]]).text
    }
}
