import ConnectorKit
import Foundation
import PhotosLibrary
import Takeout

/// What is known of a source on this machine, without a word to the network.
public enum SourceKnowledge: Sendable {
    /// The last listing of the Library API, nil where there was none; and the Picker, where it is a part of the source.
    case library(IndexSummary?, picks: Picks?)
    case picker(Picks)
    /// What was learnt of the exports; nil where nobody has looked yet.
    case takeout(TakeoutReport?)

    /// What is remembered of the Picker.
    public struct Picks: Sendable, Hashable {
        /// Items that were chosen and read.
        public var items = 0
        /// When the last one was.
        public var last: Timestamp?
        /// Whether a session is still to be read.
        public var isUnfinished = false
    }

    /// - Parameter reporter: is told where something of it is damaged, and set aside.
    /// - Throws: ``ConnectorError``: `config` where the settings make no sense or there is no sign-in.
    public init(
        of settings: Settings, environment: [String: String], reporter: any ConnectorReporter
    ) async throws {
        switch SourceKind(location: settings["location"]) {
        case .library:
            let settings = try LibrarySettings(settings)
            self = .library(
                try await Index.summary(
                    path: Index.path(for: settings, environment: environment), reporter: reporter),
                picks: settings.showsPicks ? try await Self.picks(settings, environment, reporter) : nil)
        case .picker:
            self = .picker(try await Self.picks(PickerSettings(settings).library, environment, reporter))
        case .takeout:
            self = .takeout(try await Self.report(of: try settings.require("location"), environment, reporter))
        }
    }

    private static func picks(
        _ settings: LibrarySettings, _ environment: [String: String], _ reporter: any ConnectorReporter
    ) async throws -> Picks {
        let path = PickerSettings.indexPath(settings, environment: environment)
        guard FileManager.default.fileExists(atPath: path) else { return Picks() }
        let memory = PickerMemory(try Index(path: path, reporter: reporter, of: .picker))
        return Picks(
            items: try await memory.count(of: nil), last: try await memory.lastRead(),
            isUnfinished: try await !memory.sessions(of: settings.api.clientID).isEmpty)
    }

    private static func report(
        of location: String, _ environment: [String: String], _ reporter: any ConnectorReporter
    ) async throws -> TakeoutReport? {
        let directory = try TakeoutSettings.directory(location)
        let catalog = TakeoutSettings.catalogPath(directory, environment: environment)
        guard FileManager.default.fileExists(atPath: catalog) else { return nil }
        let report = try await TakeoutLibrary(directory: directory, catalog: catalog, reporter: reporter).report()
        return report.parts.isEmpty ? nil : report
    }
}
