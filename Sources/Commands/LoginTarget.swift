import ConnectorKit
import PhotosAPI
import PhotosImporter
import PhotosLibrary

/// What a sign-in is for: a source, a destination, or both where they use the same app and the same account.
struct LoginTarget: Sendable {
    let name: String
    let kinds: [RemoteKind]
    let settings: SignInSettings
    /// What each role needs, and no more.
    let scopes: Set<OAuthScope>
    /// What has the same name and needs a sign-in of its own.
    let other: RemoteKind?

    /// - Parameter chosen: the only kind that is meant; nil for all that has the name.
    /// - Throws: ``Failure``, 66 where nothing has the name; ``ConnectorError``, `config`, where the settings do not allow a
    ///   sign-in.
    init(_ name: String, only chosen: RemoteKind?, withPicker: Bool, in store: ConfigurationStore) throws {
        var found: [(kind: RemoteKind, settings: Settings)] = []
        for kind in RemoteKind.allCases where chosen == nil || chosen == kind {
            if let values = try store.remotes(kind)[name] { found.append((kind, Settings(values))) }
        }
        let isExports = { SourceKind(location: $0["location"]) == .takeout } as (Settings) -> Bool
        if !found.isEmpty, found.allSatisfy({ isExports($0.settings) }) {
            throw Failure(
                .badConfiguration, "the source \(name.quoted) is made of Takeout exports, which need no sign-in",
                hint: "back it up: gphotos backup @\(name)")
        }
        found.removeAll { isExports($0.settings) }
        guard let first = found.first else {
            if let chosen { _ = try store.settings(of: name, chosen) }
            throw Failure(
                .notFound, "there is no source or destination \(name.quoted)",
                hint: "make one with `gphotos source add NAME googlephotos:// client_id=ID`")
        }
        let settings = try SignInSettings(first.settings)
        // The other one may lack what a sign-in needs; then it is not signed in, and said.
        let same = found.filter {
            (try? SignInSettings($0.settings))?.client == settings.client
                && $0.settings["account"] == first.settings["account"]
        }
        self.name = name
        self.settings = settings
        kinds = same.map(\.kind)
        other = found.map(\.kind).first { !same.map(\.kind).contains($0) }
        var scopes: Set<OAuthScope> = withPicker ? [.picker] : []
        for (kind, settings) in same { scopes.formUnion(try Self.scopes(kind, settings)) }
        self.scopes = scopes
    }

    private static func scopes(_ kind: RemoteKind, _ settings: Settings) throws -> Set<OAuthScope> {
        if SourceKind(location: settings["location"]) == .picker { return [.picker] }
        let isWritten = try kind == .destination && !settings.bool("read_only", default: false)
        let hasPicks = try kind == .source && settings.bool("picker", default: false)
        let scopes: Set<OAuthScope> = isWritten ? [.read, .append, .edit] : [.read]
        return hasPicks ? scopes.union([.picker]) : scopes
    }

    /// Such as `source and destination`.
    var nouns: String { kinds.map(\.noun).joined(separator: " and ") }

    /// Keeps a token where the settings are.
    /// - Throws: ``Failure``: 66 where they are gone, 78 where they are another app's by now, 73 as for any change.
    func keep(_ token: OAuthToken, in store: ConfigurationStore) throws {
        try store.edit { configuration in
            for kind in kinds {
                guard var values = configuration[kind][name] else {
                    throw ConfigurationStore.missing(name, kind, known: Array(configuration[kind].keys))
                }
                guard try SignInSettings(Settings(values)).client == settings.client else {
                    throw Failure(
                        .badConfiguration, "the \(kind.noun) \(name.quoted) was given another client meanwhile",
                        hint: "run gphotos login \(name) again")
                }
                values["token"] = token.json.reveal()
                configuration[kind][name] = values
            }
        }
    }
}
