import ConnectorKit
import PhotosImporter
import PhotosLibrary
import RcloneConfig

/// Whether settings that a person gives make sense to the connector: they are told at once, and not by the next run.
///
/// The connector's own definitions and readers judge. What rclone's file holds beside them is imported as it is.
enum SettingCheck {
    /// Settings that no connector reads and that belong to a source or destination all the same: rclone's own
    /// (`backend/googlephotos`, `lib/oauthutil`, `fs/config/configmap`), and who the account is.
    private static let others = ["type", "description", "account", "batch_commit_timeout", "client_credentials"]

    /// rclone takes options of its own for one remote by these.
    private static let prefixes = ["override.", "global."]

    /// - Throws: ``Failure``, 64, for a name that is not known, with the one that it looks like.
    static func name(_ key: String) throws(Failure) {
        let plain = plain(key)
        if prefixes.contains(where: plain.hasPrefix) || others.contains(plain) { return }
        let names = LibrarySettings.definitions.map(\.name)
        if names.contains(plain) { return }
        let meant = NearMiss.of(plain, among: names + others).map { "did you mean \($0)? " } ?? ""
        throw Failure(
            .usage, "there is no setting \(key.quoted)",
            hint: "\(meant)`gphotos help settings` lists them all")
    }

    /// Checks settings after a change of some.
    /// - Parameters:
    ///   - old: as they were before; nil for a new remote.
    ///   - keys: which of them the person gave.
    /// - Returns: what is wrong with the others, and was so before.
    /// - Throws: ``Failure``, 78.
    static func values(
        _ settings: [String: String], changedFrom old: [String: String]?, keys: some Sequence<String>
    ) throws -> Failure? {
        let keys = Set(keys.map(plain))
        let given = Settings(settings)
        for definition in LibrarySettings.definitions where keys.contains(definition.name) {
            do {
                try definition.check(given)
            } catch {
                throw refusal(error, definition, given)
            }
        }
        guard let error = error(in: given) else { return nil }
        let isOld = old.map { Self.error(in: Settings($0)) != nil } ?? false
        if isOld, !keys.contains(where: { names($0, error) }) { return error.failure }
        throw error.failure
    }

    /// Whether an error is about a setting: all of them begin alike.
    private static func names(_ key: String, _ error: ConnectorError) -> Bool {
        error.message.hasPrefix("the setting \(key) ") || error.message.hasPrefix("the setting \(key):")
    }

    /// As the connector reads them, but for the sign-in, which may come later.
    private static func error(in settings: Settings) -> ConnectorError? {
        var settings = settings
        if settings["token"] == nil { settings["token"] = #"{"access_token":"none"}"# }
        do {
            switch SourceKind(location: settings["location"]) {
            case .takeout: _ = try TakeoutSettings(settings)
            case .library, .picker: _ = try SourceKind.signedIn(settings)
            }
            return nil
        } catch {
            return error
        }
    }

    private static func refusal(
        _ error: ConnectorError, _ definition: SettingDefinition, _ settings: Settings
    ) -> Failure {
        var failure = error.failure
        let words: [String] =
            switch definition.kind {
            case .choice(let words): words
            case .flag: ["true", "false"]
            case .text, .integer: []
            }
        if let meant = NearMiss.of(settings[definition.name] ?? "", among: words) {
            failure.hint = "did you mean \(meant)?"
        }
        return failure
    }

    private static func plain(_ key: String) -> String {
        key.hasPrefix("rclone_") ? String(key.dropFirst("rclone_".count)) : key
    }
}
