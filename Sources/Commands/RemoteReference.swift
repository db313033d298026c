import ConnectorKit
import Foundation
import HostEngine
import PhotosImporter
import PhotosLibrary

/// A source or destination as a person names it on the command line: `@NAME`, `@NAME:/PATH` or a location.
struct RemoteReference: Sendable, Hashable {
    /// As it was written.
    var text: String
    /// Nil for a location.
    var name: String?
    /// The part of it that is meant; nil for what the configuration says.
    var path: String?
    /// Settings that take the place of what the configuration says.
    var settings: [String: String] = [:]

    init(_ text: String) throws(Failure) {
        self.text = text
        if text.hasPrefix("@") {
            let parts = text.dropFirst().split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            name = String(parts[0])
            path = parts.count > 1 && !parts[1].isEmpty ? String(parts[1]) : nil
            if parts[0].isEmpty { throw Failure(.usage, "\(text) names nothing", hint: "write @NAME or @NAME:/PATH") }
        } else if text.contains("://") {
            path = nil
        } else {
            throw Failure(.usage, "\(text) is no source", hint: "write @NAME, @NAME:/PATH or a location")
        }
    }

    /// The settings that a connector is started with.
    ///
    /// A location alone has no sign-in: it uses the only configured remote, where there is just one.
    func config(_ kind: RemoteKind, store: ConfigurationStore) throws -> (name: String, config: [String: String]) {
        var chosen = name
        // Exports are nobody's account.
        if name == nil, SourceKind(location: text) == .takeout {
            try RemoteSettings.check(["location": text], of: kind)
            return (text, settings.merging(["location": text]) { $1 })
        }
        if chosen == nil { chosen = try onlyName(kind, in: store) }
        let name = chosen ?? ""
        var config = try store.settings(of: name, kind)
        config["name"] = name
        if self.name == nil { config["location"] = text }
        config.merge(settings) { $1 }
        if let path {
            let path = path.hasPrefix("/") ? path : "/" + path
            switch SourceKind(location: config["location"]) {
            case .library: config["location"] = "googlephotos://" + path
            case .takeout, .picker: config["path"] = path
            }
        }
        try Self.checkSignIn(config, name, kind)
        return (name, config)
    }

    /// A sign-in that is not there is none of the settings' mistakes.
    private static func checkSignIn(_ config: [String: String], _ name: String, _ kind: RemoteKind) throws(Failure) {
        if SourceKind(location: config["location"]) == .takeout || Settings(config)["token"] != nil { return }
        throw Failure(
            .notAllowed, code: ConnectorError.Code.auth.rawValue, "the \(kind.noun) \(name.quoted) is not signed in",
            hint: "run gphotos login \(name)")
    }

    /// Whose library a location means: the only one of its way, else the only one that there is.
    private func onlyName(_ kind: RemoteKind, in store: ConfigurationStore) throws -> String {
        let remotes = try store.remotes(kind)
        let way = SourceKind(location: text)
        let ofThisWay = remotes.filter { SourceKind(location: $0.value["location"]) == way }.keys.sorted()
        let names = ofThisWay.count == 1 ? ofThisWay : remotes.keys.sorted()
        guard names.count == 1 else {
            throw Failure(
                .usage, "\(text) does not say whose library: there are \(names.count) \(kind.noun)s",
                hint: way == .picker ? "write @NAME" : "write @NAME:/PATH")
        }
        return names[0]
    }

    /// The same source, at which nobody is asked to choose: what is known of a Picker is shown.
    func withoutChoosing() -> RemoteReference {
        var reference = self
        reference.settings["choose"] = "false"
        return reference
    }
}

/// A running connector for a command, and everything that it says on the way.
enum Connection {
    /// Starts this very program as the connector of a remote.
    ///
    /// - Parameters:
    ///   - role: how it is used, where that is not what its kind says: a destination is read by the importer.
    ///   - dialogue: shows what a person has to do; nil for one that opens no browser.
    ///   - keepsState: whether the state of an import is kept, and handed back.
    ///   - report: shows the connector's progress.
    ///   - isAwaited: whether a person sits there and waits for a short answer: then a service that is not there is given
    ///     up soon.
    static func open(
        _ reference: RemoteReference, kind: RemoteKind, role: RemoteKind? = nil, context: CommandContext,
        console: Console, dialogue: PickerDialogue? = nil, keepsState: Bool = false, report: RunReport? = nil,
        isAwaited: Bool = false
    ) async throws -> ConnectorLink {
        let store = try context.configurationStore(console)
        var (name, config) = try reference.config(kind, store: store)
        if console.showsTrace { config["trace"] = "true" }
        if isAwaited, Settings(config)["patience"] == nil { config["patience"] = patience }
        let command = ConnectorCommand(
            executable: context.executable,
            arguments: [
                "plugin", (role ?? kind) == .source ? "importer" : "exporter", "--kept-as", kind.noun,
            ],
            environment: context.environment)
        let options = ConnectorOptions(
            hostname: ProcessInfo.processInfo.hostName, workingDirectory: context.workingDirectory,
            maxConcurrency: try transfers(config), keepsState: keepsState)
        return try await ConnectorLink.open(
            command, config: config, options: options, version: VersionCommand.version,
            runtime: context.runtime
        ) { [name] event in
            switch event {
            case .log(_, let message, _, let link?):
                (dialogue ?? PickerDialogue(context: context, console: console)).show(message, link: link)
            case .log(let level, let message, let pathname, nil):
                console.log(level, pathname.map { "\($0): \(message)" } ?? message)
            case .progress(let progress):
                report?.heard(progress)
                console.detail("\(progress.phase): \(HumanFormat.number(progress.items)) items")
            case .configUpdate(let values):
                do {
                    try store.update(kind, name) { settings in settings.merge(values) { $1 } }
                } catch {
                    console.warn("a renewed sign-in could not be kept: \(Failure(describing: error).message)")
                }
            case .error(let error):
                console.log(.error, error.message)
            }
        }
    }

    /// Seconds for which somebody who waits goes on waiting.
    static let patience = "20"

    /// Runs a body with a connector, which is ended in order afterwards.
    static func with<Value: Sendable>(
        _ reference: RemoteReference, kind: RemoteKind, context: CommandContext, console: Console,
        _ body: (ConnectorLink) async throws -> Value
    ) async throws -> Value {
        let link = try await open(reference, kind: kind, context: context, console: console)
        do {
            let value = try await body(link)
            await link.close()
            return value
        } catch {
            await link.close()
            throw error
        }
    }

    /// How many transfers a remote's settings allow at a time.
    static func transfers(_ config: [String: String]) throws -> Int {
        try Settings(config).integer("transfers", default: 16, in: 1...128)
    }
}
