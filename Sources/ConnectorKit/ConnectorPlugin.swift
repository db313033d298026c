/// One connector as a process: what it is called, what it takes, and how it is made. The wires run it.
public struct ConnectorPlugin: Sendable {
    /// What the host's `config` and `options` become.
    public typealias Make<Made> = @Sendable (Settings, ConnectorOptions, any ConnectorReporter) async throws -> Made

    public var name: String
    /// The version of the connector.
    public var version: String
    /// The title of its schema.
    public var title: String
    public var settings: [SettingDefinition]
    public var makeImporter: Make<any Importer>?
    public var makeExporter: Make<any Exporter>?

    public init(
        name: String, version: String, title: String, settings: [SettingDefinition],
        makeImporter: Make<any Importer>?, makeExporter: Make<any Exporter>?
    ) {
        self.name = name
        self.version = version
        self.title = title
        self.settings = settings
        self.makeImporter = makeImporter
        self.makeExporter = makeExporter
    }
}

/// Which half of a protocol a connector process plays.
public enum ConnectorRole: String, Sendable { case importer, exporter }
