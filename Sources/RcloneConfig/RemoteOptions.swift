import ConnectorKit

/// Checks the settings of a remote that rclone defines and that have a form.
///
/// Source: the options of rclone's `backend/googlephotos` and `fs/config/configstruct`.
enum RemoteOptions {
    private static let flags = ["read_only", "read_size", "include_archived", "client_credentials"]
    private static let numbers = ["start_year": 1000...3000, "batch_size": 0...50]
    private static let batchModes: Set<String> = ["sync", "async", "off"]
    private static let addresses = ["auth_url", "token_url", "proxy"]

    static func check(_ settings: Settings, of remote: String) throws(RcloneConfigError) {
        do throws(ConnectorError) {
            for key in flags { _ = try settings.bool(key, default: false) }
            for (key, range) in numbers.sorted(by: { $0.key < $1.key }) {
                _ = try settings.integer(key, default: range.lowerBound, in: range)
            }
        } catch {
            throw unsuitable(error.message, remote)
        }
        if let mode = settings["batch_mode"], !batchModes.contains(mode) {
            throw unsuitable("the setting batch_mode must be one of: sync, async, off", remote)
        }
        for key in addresses {
            guard let address = settings[key]?.lowercased() else { continue }
            guard address.hasPrefix("https://") || address.hasPrefix("http://") else {
                throw unsuitable("the setting \(key) must be an address that starts with https:// or http://", remote)
            }
        }
    }

    private static func unsuitable(_ message: String, _ remote: String) -> RcloneConfigError {
        RcloneConfigError(
            .unsuitable, "the remote \(remote.quotedForPeople) does not fit: \(message)",
            hint: "correct it with `rclone config update`, or in the text that you give")
    }
}
