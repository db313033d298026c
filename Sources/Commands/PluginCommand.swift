import ArgumentParser
import ConnectorKit
import Foundation
import PhotosAPI
import PhotosExporter
import PhotosImporter
import PhotosLibrary
import PluginJSONL

/// `gphotos plugin`: a connector, for a backup host that speaks its protocol over the standard streams.
struct PluginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "Run as a connector of a backup host.",
        discussion: "The host starts this and talks to it over stdin and stdout. See docs/protocol.md.")

    enum Role: String, ExpressibleByArgument, CaseIterable, Sendable {
        case importer, exporter

        var connectorRole: ConnectorRole { self == .importer ? .importer : .exporter }
    }

    enum Wire: String, ExpressibleByArgument, CaseIterable, Sendable {
        case jsonl
    }

    @Argument(help: "importer (a source) or exporter (a destination).")
    var role: Role

    @Option(name: .customLong("protocol"), help: "The protocol of the host.")
    var wire: Wire = .jsonl

    /// Who keeps the settings, where the host is this program: then its configuration may hold a newer sign-in.
    @Option(help: .hidden)
    var keptAs: RemoteKind?

    /// The exit status is the protocol's, not that of the other commands.
    func run() async throws {
        let streams: (input: Int32, output: Int32)
        do {
            streams = try StandardStreams.takeOver()
        } catch {
            throw ExitCode(StandardStreams.noHostStatus)
        }
        let runtime = CommandContext.current.runtime
        let status = await runConnector(
            Self.plugin(runtime, keptAs: keptAs), role: role.connectorRole, input: streams.input,
            output: streams.output,
            runtime: runtime, watchesSignals: false)
        throw ExitCode(status)
    }

    static func plugin(_ runtime: Runtime, keptAs kind: RemoteKind? = nil) -> ConnectorPlugin {
        let directories = try? BaseDirectories(environment: runtime.environment)
        @Sendable func reload(_ settings: Settings) -> TokenReload {
            guard let kind, let directories else { return { nil } }
            let store = ConfigurationStore(directory: directories.configuration)
            return { store.token(for: settings, kind) }
        }
        return ConnectorPlugin(
            name: "gphotos", version: VersionCommand.version, title: "Google Photos",
            settings: LibrarySettings.definitions,
            makeImporter: { settings, options, reporter in
                try PhotosImporter(
                    settings: settings, options: options, reporter: reporter, runtime: runtime,
                    reload: reload(settings))
            },
            makeExporter: { settings, options, reporter in
                try PhotosExporter(
                    settings: settings, options: options, reporter: reporter, runtime: runtime,
                    reload: reload(settings))
            })
    }
}

extension ConfigurationStore {
    /// The token that is kept for a connector's settings; nil where there is none, or where it is another app's.
    func token(for settings: Settings, _ kind: RemoteKind) -> OAuthToken? {
        guard let name = settings["name"], let values = try? remotes(kind)[name] else { return nil }
        let kept = Settings(values)
        guard kept["client_id"] == settings["client_id"], kept["account"] == settings["account"],
            let token = kept["token"]
        else { return nil }
        return try? OAuthToken(parsing: token)
    }
}

extension RemoteKind: ExpressibleByArgument {}
