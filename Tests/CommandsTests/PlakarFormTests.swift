import ConnectorKit
import Foundation
import StrictJSON
import Testing

@testable import Commands

/// What Plakar reads of this program: settings as YAML, and the package's manifest and schema.
struct PlakarFormTests {
    private static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// A line `"key": "value"`, read as JSON, which this YAML is as well.
    private func settings(_ yaml: String) throws -> [String: [String: String]] {
        var found: [String: [String: String]] = [:]
        var name = ""
        for line in yaml.split(separator: "\n") {
            if line.hasPrefix("  ") {
                let object = try JSON(parsing: "{\(line)}").objectValue
                for member in object?.members ?? [] { found[name]?[member.key] = member.value.stringValue }
            } else {
                name = try #require(try JSON(parsing: "[\(line.dropLast())]").arrayValue?.first?.stringValue)
                found[name] = [:]
            }
        }
        return found
    }

    @Test func showPrintsWhatPlakarImportsWithTheTokenAsAText() async throws {
        let sandbox = try Sandbox()
        _ = await sandbox.run("source import", stdin: Rclone.remote("demo"))
        _ = await sandbox.run("source set demo location=rclone:///album/X batch_size=10")
        let outcome = await sandbox.run("source show demo --plakar")
        #expect(outcome.status == 0)
        let printed = try settings(outcome.out)
        #expect(
            printed == [
                "demo": [
                    "batch_size": "10", "client_id": "1.apps.googleusercontent.com",
                    "client_secret": Rclone.clientSecret, "location": "googlephotos:///album/X", "name": "demo",
                    "some_new_option": "of = a ; later # rclone", "start_year": "2001", "token": Rclone.token,
                    "type": "google photos",
                ]
            ])
        #expect(outcome.out.hasPrefix("\"demo\":\n  \"location\": \"googlephotos:///album/X\"\n"))
    }

    /// The same remote of rclone's, imported by either: what the connector gets to see is the same.
    @Test func ourImportAndPlakarsEndInTheSameSettings() async throws {
        // Plakar's reader of INI cuts a value at a semicolon: that is no secret of ours to keep.
        let remote = Rclone.remote("demo").replacing("some_new_option = of = a ; later # rclone\n", with: "empty =\n")
        let sandbox = try Sandbox()
        #expect(await sandbox.run("source import", stdin: remote).status == 0)
        var ours = try sandbox.settings("sources", "demo")
        ours["name"] = nil
        // As `plakar source import -rclone` keeps it (1.1.4).
        var plakars = ["location": "rclone://"]
        for line in remote.split(separator: "\n") where !line.hasPrefix("[") {
            let parts = line.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if parts.count == 2, !parts[1].isEmpty { plakars["rclone_" + parts[0]] = parts[1] }
        }
        #expect(plakars.count == 6)
        let (first, second) = (Settings(ours), Settings(plakars))
        #expect(first.values.filter { $0.key != "location" } == second.values.filter { $0.key != "location" })
        #expect(Set([first["location"], second["location"]]).isSubset(of: ["googlephotos://", "rclone://"]))
    }

    @Test func thereIsOneFormAtATime() async throws {
        let sandbox = try Sandbox()
        #expect(await sandbox.run("source show --plakar --json").status == 64)
        #expect(await sandbox.run("source show --plakar").out == "")
    }

    /// The schema in the package is generated: `make schema` renews it.
    @Test(arguments: ["importer", "exporter"])
    func theSchemaOfThePackageIsCurrent(role: String) async throws {
        let sandbox = try Sandbox()
        let outcome = await sandbox.run("plugin \(role) --schema")
        let file = Self.package.appendingPathComponent("packaging/plakar/settings.schema.json")
        #expect(try outcome.out == String(contentsOf: file, encoding: .utf8))
        #expect(outcome.status == 0)
    }

    @Test func theManifestNamesWhatThePackageHoldsAndWhatTheProgramTakes() async throws {
        let manifest = try String(
            contentsOf: Self.package.appendingPathComponent("manifest.yaml"), encoding: .utf8)
        func values(_ key: String) -> [String] {
            manifest.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
                .filter { $0.hasPrefix("\(key):") }
                .map { $0.dropFirst(key.count + 1).trimmingCharacters(in: .whitespaces) }
        }
        #expect(values("executable") == ["./gphotos", "./gphotos"])
        #expect(values("validator") == ["./settings.schema.json", "./settings.schema.json"])
        #expect(
            values("protocols") == [
                "[googlephotos, gphotos, rclone, takeout, picker]", "[googlephotos, gphotos, rclone]",
            ])
        let sandbox = try Sandbox()
        for arguments in values("args") {
            let words = arguments.trimmingCharacters(in: CharacterSet(charactersIn: "[]"))
                .replacingOccurrences(of: ",", with: "")
            // Understood: only the schema is asked for.
            #expect(await sandbox.run(words + " --schema").status == 0)
        }
        #expect(values("args").count == 2)
        // A key of this name is ignored by Plakar without a word.
        #expect(values("flags").isEmpty)
    }
}
