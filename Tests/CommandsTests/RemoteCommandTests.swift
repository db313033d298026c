import Foundation
import StrictJSON
import Testing

@testable import Commands

struct RemoteCommandTests {
    private func imported() async throws -> Sandbox {
        let sandbox = try Sandbox()
        _ = await sandbox.run("source import", stdin: Rclone.remote("demo"))
        return sandbox
    }

    @Test func addListShowRemove() async throws {
        let sandbox = try Sandbox()
        let added = await sandbox.run(
            ["source", "add", "demo", "googlephotos:///album/X", "account=me@example.com", "views=album"])
        #expect(added.status == 0)
        #expect(added.out == "added demo: googlephotos:///album/X\n")
        let list = await sandbox.run("source list")
        #expect(
            list.out == """
                NAME  LOCATION                 ACCOUNT
                demo  googlephotos:///album/X  me@example.com

                """)
        let json = await sandbox.run("source list --json")
        #expect(
            try JSON(parsing: json.out) == [
                ["name": "demo", "location": "googlephotos:///album/X", "account": "me@example.com"]
            ])
        let shown = await sandbox.run("source show demo")
        #expect(
            shown.out == """
                [demo]
                location = googlephotos:///album/X
                account = me@example.com
                views = album


                """)
        let removed = await sandbox.run("source rm demo")
        #expect(removed.status == 0)
        #expect(removed.out == "")
        #expect(try sandbox.config()["sources"] == [:])
        #expect(await sandbox.run("source list --json").out == "[]\n")
        #expect(await sandbox.run("source show --json").out == "{}\n")
    }

    @Test func addLeavesWhatIsThere() async throws {
        let sandbox = try Sandbox()
        _ = await sandbox.run("destination add demo gphotos:///album/A")
        let again = await sandbox.run("destination add demo gphotos:///album/B")
        #expect(again.status == 1)
        #expect(again.err.contains("already there"))
        #expect(try sandbox.config()["destinations"]?["demo"]?["location"] == "gphotos:///album/A")
        let forced = await sandbox.run("destination add demo gphotos:///album/B --overwrite --json")
        #expect(forced.status == 0)
        #expect(try JSON(parsing: forced.out) == ["name": "demo", "location": "gphotos:///album/B", "account": nil])
        #expect(try sandbox.config()["destinations"]?["demo"] == ["location": "gphotos:///album/B"])
    }

    @Test func setAndUnset() async throws {
        let sandbox = try await imported()
        let set = await sandbox.run("source set demo start_year=1999 description=a=b")
        #expect(set.status == 0)
        #expect(set.out + set.err == "")
        #expect(try sandbox.config()["sources"]?["demo"]?["start_year"] == "1999")
        #expect(try sandbox.config()["sources"]?["demo"]?["description"] == "a=b")
        #expect(try sandbox.config()["sources"]?["demo"]?["token"] == .string(Rclone.token))
        let unset = await sandbox.run("source unset demo start_year description some_new_option none")
        #expect(unset.status == 0)
        #expect(unset.err.contains(#"no setting "none""#))
        #expect(try sandbox.config()["sources"]?["demo"]?["start_year"] == nil)
        #expect(try sandbox.config()["sources"]?["demo"]?["description"] == nil)
        #expect(try sandbox.config()["sources"]?["demo"]?["some_new_option"] == nil)
    }

    @Test(arguments: ["token", "client_secret", "rclone_token", "Client_Secret", "my_password"])
    func secretsAreNotTakenFromTheCommandLine(key: String) async throws {
        let sandbox = try await imported()
        let before = try sandbox.config()
        for command in ["set demo", "add new googlephotos://"] {
            let outcome = await sandbox.run("source \(command) \(key)=argvSECRET")
            #expect(outcome.status == 64)
            #expect(outcome.err.contains("cannot be given on the command line"))
            #expect(outcome.err.contains("\(key)=-"))
            #expect(!outcome.err.contains("SECRET"))
        }
        #expect(try sandbox.config() == before)
    }

    @Test func secretsAreReadFromTheStandardInput() async throws {
        let sandbox = try await imported()
        let token = "{\n  \"access_token\": \"new\",\n  \"refresh_token\": \"r\"\n}\n"
        #expect(await sandbox.run("source set demo token=-", stdin: token).status == 0)
        #expect(
            try sandbox.config()["sources"]?["demo"]?["token"] == #"{"access_token":"new","refresh_token":"r"}"#)
        #expect(await sandbox.run("source set demo client_secret=- views=all", stdin: " s3 cr\r\n").status == 0)
        #expect(try sandbox.config()["sources"]?["demo"]?["client_secret"] == "s3 cr")
        #expect(try sandbox.config()["sources"]?["demo"]?["views"] == "all")
    }

    @Test func wrongSecretsChangeNothing() async throws {
        let sandbox = try await imported()
        let before = try sandbox.config()
        let cases: [(String, String, Int32)] = [
            ("token=-", "no SECRET json", 78), ("token=-", "{}", 78), ("token=-", " \n", 64),
            ("client_secret=-", "aSECRET\nb", 78), ("token=- client_secret=-", Rclone.token, 64),
            ("client_secret=-", String(repeating: "x", count: 70_000), 78),
        ]
        for (arguments, input, status) in cases {
            let outcome = await sandbox.run("source set demo \(arguments)", stdin: input)
            #expect(outcome.status == status, "\(arguments)")
            #expect(!outcome.err.contains("SECRET"))
        }
        #expect(try sandbox.config() == before)
    }

    @Test func showMasksSecretsUnlessAsked() async throws {
        let sandbox = try Sandbox()
        let remote = Rclone.remote("demo") + "proxy = https://user:proxySECRET@proxy:3128/x\nother_secret = oSECRET\n"
        #expect(await sandbox.run("source import", stdin: remote).status == 0)
        for arguments in ["show", "show demo", "show --json", "show demo --json"] {
            let outcome = await sandbox.run("source \(arguments)")
            #expect(outcome.status == 0)
            #expect(!outcome.out.contains("SECRET"))
        }
        let masked = try JSON(parsing: await sandbox.run("source show demo --json").out)
        #expect(masked["demo"]?["token"] == "***")
        #expect(masked["demo"]?["client_secret"] == "***")
        #expect(masked["demo"]?["other_secret"] == "***")
        #expect(masked["demo"]?["proxy"] == "https://***@proxy:3128/x")
        #expect(masked["demo"]?["client_id"] == "1.apps.googleusercontent.com")
        let open = try JSON(parsing: await sandbox.run("source show --json --secrets").out)
        #expect(open == (try sandbox.config()["sources"]))
    }

    @Test func whatShowPrintsCanBeImported() async throws {
        let sandbox = try await imported()
        _ = await sandbox.run("source set demo location=googlephotos:///album/X")
        let shown = await sandbox.run("source show --secrets")
        let other = try Sandbox()
        #expect(await other.run("source import", stdin: shown.out).status == 0)
        #expect(try other.config() == sandbox.config())
    }

    @Test(arguments: ["show x", "set x views=all", "unset x views", "rm x", "show ../x", "rm -- -x"])
    func whatIsNotThereIsToldWithWhatIs(arguments: String) async throws {
        let sandbox = try await imported()
        let outcome = await sandbox.run("source \(arguments)")
        #expect(outcome.status == 66)
        #expect(outcome.out == "")
        #expect(outcome.err.contains("there is no source"))
        #expect(outcome.err.contains("there is: demo"))
        let none = await sandbox.run("destination \(arguments)")
        #expect(none.status == 66)
        #expect(none.err.contains("gphotos destination import"))
    }

    @Test(arguments: ["a/b", "../a", ".a", "-a", "a b", "", "a:b", "@a", "a\u{1B}[2J", "a\u{202E}b", "a\nb", "a*"])
    func hostileNames(name: String) async throws {
        let sandbox = try Sandbox()
        let outcome = await sandbox.run(["source", "add", "--", name, "googlephotos://"])
        #expect(outcome.status == 64)
        #expect(outcome.err.contains("does not fit as a name"))
        #expect(!outcome.err.contains("\u{1B}") && !outcome.err.contains("\u{202E}"))
        #expect(outcome.err.split(separator: "\n").count == 2)
        #expect(!FileManager.default.fileExists(atPath: sandbox.configFile))
    }

    @Test(arguments: ["a", "A-b_c.d", "2024", "Müller", "写真", String(repeating: "x", count: 100)])
    func goodNames(name: String) async throws {
        let sandbox = try Sandbox()
        #expect(await sandbox.run(["source", "add", name, "googlephotos://"]).status == 0)
        #expect(await sandbox.run(["source", "show", name]).status == 0)
    }

    @Test func nameTooLong() async throws {
        let name = String(repeating: "x", count: 101)
        #expect(try await Sandbox().run(["source", "add", name, "googlephotos://"]).status == 64)
    }

    @Test(
        arguments: [
            ("googlephotos://", nil, 0), ("gphotos:///album/A", nil, 0), ("rclone://", "type=google photos", 0),
            ("rclone://", nil, 78), ("rclone://", "type=drive", 78), ("googlephotos://", "type=drive", 78),
            ("googlephotos://", "rclone_type=drive", 78), ("s3://bucket", nil, 78), ("album", nil, 78), ("", nil, 78),
            ("googlephotos://\u{1B}[2J", nil, 78),
        ] as [(String, String?, Int32)])
    func locations(location: String, setting: String?, status: Int32) async throws {
        let arguments = ["source", "add", "demo", location] + (setting.map { [$0] } ?? [])
        let outcome = try await Sandbox().run(arguments)
        #expect(outcome.status == status)
        #expect(!outcome.err.contains("\u{1B}"))
    }

    @Test(arguments: ["location=s3://x", "type=drive"]) func setKeepsTheSettingsSound(setting: String) async throws {
        let sandbox = try await imported()
        let before = try sandbox.config()
        #expect(await sandbox.run("source set demo \(setting)").status == 78)
        #expect(try sandbox.config() == before)
    }

    @Test(arguments: ["views", "=x", "views=", "a/b=x", "-v=x", "views=a views=b", "a\u{7}=x"])
    func wrongSettings(arguments: String) async throws {
        let sandbox = try await imported()
        let outcome = await sandbox.run(
            ["source", "set", "demo", "--"] + arguments.split(separator: " ").map(String.init))
        #expect(outcome.status == 64)
        #expect(!outcome.err.contains("\u{7}"))
    }

    @Test func unsetKeepsTheSettingsSound() async throws {
        let sandbox = try Sandbox()
        _ = await sandbox.run(["source", "add", "demo", "rclone://", "type=google photos"])
        #expect(await sandbox.run("source unset demo type").status == 78)
        #expect(try sandbox.config()["sources"]?["demo"]?["type"] == "google photos")
    }
}
