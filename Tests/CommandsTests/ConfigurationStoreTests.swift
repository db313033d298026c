import Foundation
import StrictJSON
import Synchronization
import Testing

@testable import Commands

struct ConfigurationStoreTests {
    private func files(in directory: String) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: directory))
    }

    @Test func changesOfTwoAtATimeAllSurvive() async throws {
        let sandbox = try Sandbox()
        let rounds = 100
        let directory = sandbox.configDirectory
        try ConfigurationStore(directory: directory).edit { $0[.source]["shared"] = ["count": "0"] }
        try await withThrowingTaskGroup { group in
            for writer in 0..<2 {
                group.addTask {
                    for round in 0..<rounds {
                        // A store of its own each time, as two processes have: the lock is the file's.
                        let store = ConfigurationStore(directory: directory)
                        try store.update(.source, "shared") { settings in
                            settings["count"] = "\((Int(settings["count"] ?? "") ?? 0) + 1)"
                        }
                        try store.edit { $0[.destination]["\(writer)-\(round)"] = [:] }
                    }
                }
            }
            try await group.waitForAll()
        }
        let store = ConfigurationStore(directory: directory)
        #expect(try store.settings(of: "shared", .source) == ["count": "\(2 * rounds)"])
        #expect(try store.remotes(.destination).count == 2 * rounds)
        #expect(try files(in: directory) == ["config.json", "config.lock"])
    }

    @Test func failedWriteLeavesTheOldFile() throws {
        let sandbox = try Sandbox()
        try ConfigurationStore(directory: sandbox.configDirectory).edit { $0[.source]["demo"] = ["a": "1"] }
        let full = AtomicFile { bytes, descriptor throws(SystemError) in
            try Descriptor.write(Array(bytes.prefix(3)), to: descriptor)
            throw SystemError(number: ENOSPC)
        }
        let store = ConfigurationStore(directory: sandbox.configDirectory, atomicFile: full)
        let failure = #expect(throws: Failure.self) { try store.update(.source, "demo") { $0["a"] = "2" } }
        #expect(failure?.status == .cannotWrite)
        #expect(failure?.message.contains("no space left") == true)
        #expect(try store.settings(of: "demo", .source) == ["a": "1"])
        #expect(try files(in: sandbox.configDirectory) == ["config.json", "config.lock"])
    }

    @Test func aChangeThatThrowsChangesNothing() throws {
        let sandbox = try Sandbox()
        let store = ConfigurationStore(directory: sandbox.configDirectory)
        try store.edit { $0[.source]["demo"] = ["a": "1"] }
        #expect(throws: CancellationError.self) {
            try store.update(.source, "demo") { settings in
                settings["a"] = "2"
                throw CancellationError()
            }
        }
        #expect(try store.settings(of: "demo", .source) == ["a": "1"])
    }

    @Test func symbolicLinkStaysOne() throws {
        let sandbox = try Sandbox()
        let store = ConfigurationStore(directory: sandbox.configDirectory)
        try store.edit { $0[.source]["demo"] = ["a": "1"] }
        let real = sandbox.home + "/dotfiles.json"
        try FileManager.default.moveItem(atPath: store.file, toPath: real)
        try FileManager.default.createSymbolicLink(atPath: store.file, withDestinationPath: real)
        try store.update(.source, "demo") { $0["a"] = "2" }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: store.file) == real)
        #expect(try ConfigurationStore(directory: sandbox.configDirectory).settings(of: "demo", .source) == ["a": "2"])
    }

    @Test func whatIsNotKnownStays() throws {
        let sandbox = try Sandbox()
        try FileManager.default.createDirectory(atPath: sandbox.configDirectory, withIntermediateDirectories: true)
        let text = #"{"sources":{"demo":{"odd key":"ü"}},"vaults":{"a":[1,null]}}"#
        try Data(text.utf8).write(to: URL(fileURLWithPath: sandbox.configFile))
        try ConfigurationStore(directory: sandbox.configDirectory).update(.source, "demo") { $0["new"] = "x" }
        #expect(try sandbox.config()["vaults"] == ["a": [1, nil]])
        #expect(try sandbox.config()["sources"] == ["demo": ["new": "x", "odd key": "ü"]])
        #expect(try sandbox.mode(sandbox.configFile) == 0o600)
    }

    @Test(arguments: [
        "", "{", "[]", #"{"sources":[]}"#, #"{"sources":{"a":1}}"#, #"{"sources":{"a":{"tokenKey":17}}}"#,
        #"{"sources":{},"sources":{}}"#, #"{"sources":{"a":{"token":"fileSECRET"}}"#,
    ]) func damagedFileIsNamedAndKept(text: String) async throws {
        let sandbox = try Sandbox()
        try FileManager.default.createDirectory(atPath: sandbox.configDirectory, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: sandbox.configFile))
        for arguments in ["list", "show", "rm a", "add a googlephotos://", "set a views=all"] {
            let outcome = await sandbox.run("source \(arguments)")
            #expect(outcome.status == 65)
            #expect(outcome.err.contains(sandbox.configFile))
            #expect(!outcome.err.contains("SECRET"))
        }
        #expect(try String(contentsOfFile: sandbox.configFile, encoding: .utf8) == text)
    }

    @Test func fileOthersCanReadIsWarnedOf() async throws {
        let sandbox = try Sandbox()
        _ = await sandbox.run("source add demo googlephotos://")
        #expect(await sandbox.run("source list").err == "")
        chmod(sandbox.configFile, 0o644)
        let outcome = await sandbox.run("source list")
        #expect(outcome.status == 0)
        #expect(outcome.err.contains("others can read \(sandbox.configFile)"))
        // What is written anew is for the owner alone again.
        _ = await sandbox.run("source set demo views=all")
        #expect(try sandbox.mode(sandbox.configFile) == 0o600)
    }

    @Test func placeThatIsNoDirectoryCannotBeWritten() async throws {
        let sandbox = try Sandbox()
        let file = try sandbox.write("x", to: "plain")
        let outcome = await sandbox.run("source add demo googlephotos://", environment: ["XDG_CONFIG_HOME": file])
        #expect(outcome.status == 73)
        #expect(outcome.err.contains("cannot write \(file)/gphotos/config.json"))
    }

    @Test func placesFollowTheEnvironment() throws {
        let home = try BaseDirectories(environment: ["HOME": "/h", "XDG_STATE_HOME": "relative"])
        #expect(home.configuration == "/h/.config/gphotos")
        #expect(home.state == "/h/.local/state/gphotos")
        #expect(home.data == "/h/.local/share/gphotos")
        let given = try BaseDirectories(environment: [
            "XDG_CONFIG_HOME": "/c", "XDG_STATE_HOME": "/s", "XDG_DATA_HOME": "/d",
        ])
        #expect(given.configuration == "/c/gphotos")
        #expect(given.state == "/s/gphotos")
        #expect(given.data == "/d/gphotos")
        #expect(throws: Failure.self) { try BaseDirectories(environment: [:]) }
    }
}
