import ArgumentParser
import ConnectorKit
import Foundation
import PhotosAPI
import PhotosExporter
import PhotosImporter
import PhotosLibrary
import PluginJSONL
import PluginPlakar

/// `gphotos plugin`: a connector, for a backup host that speaks its protocol over the standard streams.
struct PluginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plugin", abstract: "Run as a connector of a backup host.",
        discussion:
            "The host starts this and talks to it over stdin and stdout. See docs/protocol.md and docs/plakar.md.")

    enum Role: String, ExpressibleByArgument, CaseIterable, Sendable {
        case importer, exporter

        var connectorRole: ConnectorRole { self == .importer ? .importer : .exporter }
    }

    enum Wire: String, ExpressibleByArgument, CaseIterable, Sendable {
        case jsonl, plakar
    }

    @Argument(help: "importer (a source) or exporter (a destination).")
    var role: Role

    @Option(name: .customLong("protocol"), help: "The protocol of the host.")
    var wire: Wire = .jsonl

    @Flag(help: "Print the JSON Schema of its settings, and do no more.")
    var schema = false

    /// Who keeps the settings, where the host is this program: then its configuration may hold a newer sign-in.
    @Option(help: .hidden)
    var keptAs: RemoteKind?

    /// The exit status is the protocol's, not that of the other commands.
    func run() async throws {
        if schema { return try CommandContext.current.stdout.write(Self.schemaText) }
        let streams: (input: Int32, output: Int32)
        do {
            streams = try StandardStreams.takeOver()
        } catch {
            throw ExitCode(StandardStreams.noHostStatus)
        }
        let runtime = CommandContext.current.runtime
        let plugin = Self.plugin(runtime, keptAs: keptAs)
        let status =
            switch wire {
            case .jsonl:
                await runConnector(
                    plugin, role: role.connectorRole, input: streams.input, output: streams.output,
                    runtime: runtime, watchesSignals: false)
            case .plakar:
                await runPlakarConnector(
                    plugin, role: role.connectorRole, input: streams.input, output: streams.output)
            }
        throw ExitCode(status)
    }

    /// Indented, since it is kept beside the package's manifest and read there.
    private static var schemaText: String {
        get throws {
            let plugin = plugin(.live)
            let schema = SettingDefinition.jsonSchema(of: plugin.settings, title: plugin.title)
            let object = try JSONSerialization.jsonObject(with: Data(schema.text.utf8))
            let options: JSONSerialization.WritingOptions = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let text = try JSONSerialization.data(withJSONObject: object, options: options)
            return String(decoding: text, as: UTF8.self) + "\n"
        }
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
                try SourceKind.makeImporter(
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
