import ArgumentParser
import ConnectorKit
import Foundation
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
            Self.plugin(runtime), role: role.connectorRole, input: streams.input, output: streams.output,
            runtime: runtime, watchesSignals: false)
        throw ExitCode(status)
    }

    static func plugin(_ runtime: Runtime) -> ConnectorPlugin {
        ConnectorPlugin(
            name: "gphotos", version: VersionCommand.version, title: "Google Photos",
            settings: LibrarySettings.definitions,
            makeImporter: { settings, options, reporter in
                try SourceKind.makeImporter(
                    settings: settings, options: options, reporter: reporter, runtime: runtime)
            },
            makeExporter: { settings, options, reporter in
                try PhotosExporter(settings: settings, options: options, reporter: reporter, runtime: runtime)
            })
    }
}
