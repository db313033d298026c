import ConnectorKit

extension OAuthToken {
    /// The token of a remote, from its setting.
    init(of remote: String, setting: String?) throws(RcloneConfigError) {
        let quoted = remote.quotedForPeople
        let reconnect = "rclone config reconnect \("\(remote):".quotedForShell)"
        let hint = "get a new one with `\(reconnect)`"
        guard let setting else {
            throw RcloneConfigError(.unsuitable, "the remote \(quoted) has no token", hint: hint)
        }
        do throws(ConnectorError) {
            try self.init(parsing: setting)
        } catch {
            throw RcloneConfigError(.unsuitable, "the remote \(quoted) does not fit: \(error.message)", hint: hint)
        }
    }
}
