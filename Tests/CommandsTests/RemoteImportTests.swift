import StrictJSON
import Testing

@testable import Commands

struct RemoteImportTests {
    @Test(arguments: RemoteKind.allCases)
    func whatRcloneShowsIsImportedWithEverySetting(kind: RemoteKind) async throws {
        let sandbox = try Sandbox()
        let outcome = await sandbox.run("\(kind.noun) import", stdin: Rclone.remote("demo"))
        #expect(outcome.status == 0)
        #expect(outcome.out == "imported demo: google photos\n")
        #expect(outcome.err == "")
        let other = try #require(RemoteKind.allCases.first { $0 != kind })
        #expect(try sandbox.config()[kind.plural] == ["demo": Rclone.settings()])
        #expect(try sandbox.config()[other.plural] == [:])
    }

    @Test func fileAndDirectoryAreForTheOwnerOnly() async throws {
        let sandbox = try Sandbox()
        _ = await sandbox.run("source import", stdin: Rclone.remote("demo"))
        #expect(try sandbox.mode(sandbox.configFile) == 0o600)
        #expect(try sandbox.mode(sandbox.configDirectory) == 0o700)
        #expect(try sandbox.mode(sandbox.configDirectory + "/config.lock") == 0o600)
    }

    @Test(arguments: ["rclone.conf", "/rclone.conf"]) func fromAFile(name: String) async throws {
        let sandbox = try Sandbox()
        let path = try sandbox.write(Rclone.remote("demo"), to: "rclone.conf")
        let given = name.hasPrefix("/") ? path : name
        let outcome = await sandbox.run("source import --rclone --config \(given)")
        #expect(outcome.status == 0)
        #expect(try sandbox.config()["sources"] == ["demo": Rclone.settings()])
    }

    @Test func dashIsTheStandardInputAlsoOnATerminal() async throws {
        let sandbox = try Sandbox()
        let outcome = await sandbox.run("source import --config -", stdin: Rclone.remote("demo"))
        #expect(outcome.status == 0)
        let typed = await sandbox.run("source import --config -")
        #expect(typed.status == 65)
    }

    @Test func selectedAndRenamed() async throws {
        let sandbox = try Sandbox()
        let text = Rclone.remote("my photos") + Rclone.remote("b") + Rclone.remote("c")
        let outcome = await sandbox.run(["source", "import", "my photos:mine", "c", "--json"], stdin: text)
        #expect(outcome.status == 0)
        #expect(
            try JSON(parsing: outcome.out) == [
                ["name": "mine", "location": "googlephotos://", "account": nil],
                ["name": "c", "location": "googlephotos://", "account": nil],
            ])
        #expect(try sandbox.config()["sources"]?.objectValue?.members.map(\.key) == ["c", "mine"])
    }

    @Test func otherRemotesAreNamedOnStderr() async throws {
        let sandbox = try Sandbox()
        let outcome = await sandbox.run("source import", stdin: Rclone.remote("demo") + "[box]\ntype = dropbox\n")
        #expect(outcome.status == 0)
        #expect(outcome.err.hasPrefix("warning: ignored, not of type google photos: "))
        let json = await sandbox.run(
            "source import --json --overwrite", stdin: Rclone.remote("demo") + "[box]\ntype = dropbox\n")
        let line = try JSON(parsing: json.err)
        #expect(line["type"] == "log")
        #expect(line["level"] == "warning")
    }

    @Test func takenNameIsLeftAndOthersAreImported() async throws {
        let sandbox = try Sandbox()
        _ = await sandbox.run("source add demo googlephotos:///album/X")
        let text = Rclone.remote("demo") + Rclone.remote("new")
        let outcome = await sandbox.run("source import", stdin: text)
        #expect(outcome.status == 1)
        #expect(outcome.out == "imported new: google photos\n")
        #expect(outcome.err.contains(#"the source "demo" is already there and was left as it is"#))
        #expect(outcome.err.contains("--overwrite"))
        #expect(try sandbox.config()["sources"]?["demo"] == ["location": "googlephotos:///album/X"])
        #expect(try sandbox.config()["sources"]?["new"] == Rclone.settings())

        let both = await sandbox.run("source import", stdin: text)
        #expect(both.status == 1)
        #expect(both.out == "")
        #expect(both.err.contains("are already there"))

        let forced = await sandbox.run("source import --overwrite", stdin: text)
        #expect(forced.status == 0)
        #expect(try sandbox.config()["sources"] == ["demo": Rclone.settings(), "new": Rclone.settings()])
    }

    @Test func onATerminalItSaysWhatToPipe() async throws {
        let outcome = try await Sandbox().run("source import")
        #expect(outcome.status == 64)
        #expect(outcome.err.contains("rclone config show NAME | gphotos source import"))
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        var arguments = "source import"
        var input: String
        var status: Int32
        var saying: String
        var testDescription: String { saying }
    }

    @Test(arguments: [
        Refused(input: Rclone.remote("demo", token: nil), status: 78, saying: "has no token"),
        Refused(input: Rclone.remote("demo", token: "XXX"), status: 78, saying: "redacted"),
        Refused(input: Rclone.remote("demo", type: "drive"), status: 78, saying: "drive"),
        Refused(arguments: "source import other", input: Rclone.remote("demo"), status: 66, saying: "other"),
        Refused(input: "", status: 65, saying: "empty"),
        Refused(input: "<html>", status: 65, saying: "web page"),
        Refused(input: Rclone.remote("a b"), status: 78, saying: "does not fit as a name"),
        Refused(arguments: "source import demo:../x", input: Rclone.remote("demo"), status: 64, saying: "../x"),
        Refused(arguments: "source import a:b:c", input: Rclone.remote("demo"), status: 64, saying: "NAME:NEW"),
        Refused(arguments: "source import --config none", input: "", status: 66, saying: "no such file"),
        Refused(arguments: "source import --config .", input: "", status: 65, saying: "directory"),
        Refused(
            input: "RCLONE_ENCRYPT_V0:\n" + String(repeating: "QUJD", count: 30), status: 65, saying: "password"),
    ]) func refusal(_ refused: Refused) async throws {
        let sandbox = try Sandbox()
        let outcome = await sandbox.run(refused.arguments, stdin: refused.input)
        #expect(outcome.status == refused.status)
        #expect(outcome.out == "")
        #expect(outcome.err.contains(refused.saying))
        #expect(!outcome.err.contains("SECRET"))
        #expect(throws: (any Error).self) { try sandbox.config() }
    }

    @Test func passwordComesFromTheEnvironment() async throws {
        let input = "RCLONE_ENCRYPT_V0:\n" + String(repeating: "QUJD", count: 30)
        let outcome = try await Sandbox()
            .run("source import", stdin: input, environment: ["RCLONE_CONFIG_PASS": "hunter2SECRET"])
        #expect(outcome.status == 65)
        #expect(outcome.err.contains("the password does not open"))
        #expect(!outcome.err.contains("SECRET"))
    }
}
