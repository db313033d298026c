import ConnectorKit
import Foundation
import PhotosLibrary
import Takeout

/// What is known of a source on this machine, without a word to the network.
public enum SourceKnowledge: Sendable {
    /// The last listing of the Library API; nil where there was none.
    case library(IndexSummary?)
    /// Items that were chosen and read, when the last one was, and whether a session is still to be read.
    case picker(items: Int, last: Timestamp?, isUnfinished: Bool)
    /// What was learnt of the exports; nil where nobody has looked yet.
    case takeout(TakeoutReport?)

    /// - Throws: ``ConnectorError``: `config` where the settings make no sense or there is no sign-in.
    public init(of settings: Settings, environment: [String: String]) async throws {
        switch SourceKind(location: settings["location"]) {
        case .library:
            let settings = try LibrarySettings(settings)
            self = .library(try await Index.summary(path: Index.path(for: settings, environment: environment)))
        case .picker:
            let settings = try PickerSettings(settings).library
            let path = PickerSettings.indexPath(settings, environment: environment)
            guard FileManager.default.fileExists(atPath: path) else {
                self = .picker(items: 0, last: nil, isUnfinished: false)
                return
            }
            let memory = PickerMemory(try Index(path: path))
            self = .picker(
                items: try await memory.count(of: nil), last: try await memory.lastRead(),
                isUnfinished: try await !memory.sessions(of: settings.api.clientID).isEmpty)
        case .takeout:
            self = .takeout(try await Self.report(of: try settings.require("location"), environment: environment))
        }
    }

    private static func report(of location: String, environment: [String: String]) async throws -> TakeoutReport? {
        let directory = try TakeoutSettings.directory(location)
        let catalog = TakeoutSettings.catalogPath(directory, environment: environment)
        guard FileManager.default.fileExists(atPath: catalog) else { return nil }
        let report = try await TakeoutLibrary(directory: directory, catalog: catalog).report()
        return report.parts.isEmpty ? nil : report
    }
}
