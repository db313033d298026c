import ConnectorKit

extension RcloneConfig {
    /// A remote for Google Photos, checked.
    public struct Remote: Sendable, Hashable {
        /// The name, or the new one that the selector gave.
        public var name: String
        /// As rclone names them, without empty ones; `type` is `google photos` whichever way it was written, and the
        /// prefix `rclone_` is gone.
        public var settings: [String: String]
        public var token: OAuthToken
        /// What a person should know of it, one sentence each.
        public var warnings: [String]
    }

    /// The value of `type`, as rclone writes it.
    public static let googlePhotosType = "google photos"
    /// What rclone takes for the same: a backend's name, its prefix, and its name without blanks.
    private static let googlePhotosTypes: Set<String> = [googlePhotosType, "gphotos", "googlephotos"]

    /// The remotes of Google Photos.
    /// - Parameter selectors: which; none for all there are. Other remotes are then passed over, which the first
    ///   remote's warnings say.
    /// - Throws: ``RcloneConfigError``: `noSuchSection`, or `unsuitable`, where one of them cannot be used as it is.
    public func googlePhotosRemotes(selecting selectors: [Selector] = []) throws(RcloneConfigError) -> [Remote] {
        if selectors.isEmpty { return try allGooglePhotosRemotes() }
        var remotes: [Remote] = []
        var names: Set<String> = []
        for selector in selectors {
            let section = try section(named: selector.name)
            guard names.insert(selector.targetName).inserted else {
                throw RcloneConfigError(
                    .unsuitable, "two remotes would have the name \(selector.targetName.quotedForPeople)",
                    hint: "give one of them a new name with NAME:NEW")
            }
            var remote = try Self.remote(from: section)
            remote.name = selector.targetName
            remotes.append(remote)
        }
        return remotes
    }

    private func allGooglePhotosRemotes() throws(RcloneConfigError) -> [Remote] {
        var remotes: [Remote] = []
        for section in sections where section.isGooglePhotos { remotes.append(try Self.remote(from: section)) }
        let others = sections.filter { !$0.isGooglePhotos && $0.type != nil }
        if remotes.isEmpty {
            // The output of `rclone config show NAME` for a name that rclone does not know.
            if sections.count == 1, sections[0].settings.isEmpty { throw noSuchRemote(sections[0].name) }
            let found = others.isEmpty ? "" : ": \(Self.list(others.map(\.labelled)))"
            throw RcloneConfigError(
                .unsuitable, "there is no remote of type google photos in the configuration\(found)",
                hint: "make one with `rclone config`")
        }
        if !others.isEmpty {
            remotes[0].warnings.append("ignored, not of type google photos: \(Self.list(others.map(\.labelled)))")
        }
        return remotes
    }

    private func section(named name: String) throws(RcloneConfigError) -> Section {
        // What rclone prints of a remote that it does not know is a header with nothing below it.
        guard let section = sections.first(where: { $0.name == name }), !section.settings.isEmpty else {
            throw noSuchRemote(name)
        }
        return section
    }

    private func noSuchRemote(_ name: String) -> RcloneConfigError {
        let known = sections.filter(\.isGooglePhotos).map(\.name.quotedForPeople)
        return RcloneConfigError(
            .noSuchSection, "rclone's configuration has no remote \(name.quotedForPeople)",
            hint: known.isEmpty
                ? "`rclone listremotes` shows their names" : "of type google photos it has: \(Self.list(known))")
    }

    /// Checks one section.
    private static func remote(from section: Section) throws(RcloneConfigError) -> Remote {
        let name = section.name.quotedForPeople
        guard let type = section.type else {
            throw RcloneConfigError(
                .unsuitable, "the remote \(name) has no type",
                hint: "give the whole section; `rclone config show \(section.name.quotedForShell)` prints it")
        }
        guard googlePhotosTypes.contains(type) else {
            throw RcloneConfigError(
                .unsuitable, "the remote \(name) is of type \(type.quotedForPeople), not google photos",
                hint: "choose a remote of type google photos; of a remote that wraps another, choose the other")
        }
        var settings = Settings(section.settings)
        settings["type"] = googlePhotosType
        for key in ["token", "client_id", "client_secret"] where settings[key] == "XXX" {
            throw redacted("the remote \(name)")
        }
        try RemoteOptions.check(settings, of: section.name)
        let token = try OAuthToken(of: section.name, setting: settings["token"])
        return Remote(
            name: section.name, settings: settings.values, token: token,
            warnings: warnings(settings, token, name: section.name))
    }

    private static func warnings(_ settings: Settings, _ token: OAuthToken, name: String) -> [String] {
        var warnings: [String] = []
        let quoted = name.quotedForPeople
        if settings["client_id"] == nil {
            warnings.append(
                "the remote \(quoted) uses rclone's shared client, which is being switched off during 2026: make a client "
                    + "of your own in Google's cloud console, set client_id and client_secret, and sign in again; "
                    + "with the new client Google no longer shows what was uploaded with the old one")
        } else if settings["client_secret"] == nil {
            warnings.append(
                "the remote \(quoted) has a client_id and no client_secret, without which Google renews no token")
        }
        if token.refreshToken == nil {
            warnings.append(
                "the token of the remote \(quoted) cannot be renewed when it expires: sign in again, or use "
                    + "`rclone config reconnect \("\(name):".quotedForShell)`")
        }
        return warnings
    }

    private static func list(_ words: [String]) -> String {
        let shown = words.prefix(10).joined(separator: ", ")
        return words.count > 10 ? "\(shown) and \(words.count - 10) more" : shown
    }
}

extension RcloneConfig.Section {
    /// The type of the remote; nil where there is none.
    fileprivate var type: String? { Settings(settings)["type"] }

    fileprivate var isGooglePhotos: Bool { type.map(RcloneConfig.isGooglePhotos) ?? false }

    /// The name with its type, for a list.
    fileprivate var labelled: String { "\(name.quotedForPeople) (\((type ?? "").quotedForPeople))" }
}

extension RcloneConfig {
    fileprivate static func isGooglePhotos(_ type: String) -> Bool { googlePhotosTypes.contains(type) }
}

// Settings hold tokens.
extension RcloneConfig.Remote: CustomStringConvertible, CustomReflectable {
    public var description: String { "\(name) (\(settings.keys.sorted().joined(separator: ", ")))" }
    public var customMirror: Mirror {
        Mirror(self, children: ["name": name, "keys": settings.keys.sorted(), "warnings": warnings])
    }
}
