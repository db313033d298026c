import ConnectorKit
import FakePhotos
import Foundation
import StrictJSON
import Synchronization
import Testing

@testable import Commands

/// `gphotos login` against the service, with a script for a browser.
@Suite(.timeLimit(.minutes(2)))
struct LoginTests {
    /// A service without a sign-in, and a home with a "browser" in its PATH that follows the link.
    struct Stage {
        var service: FakePhotosServer
        var sandbox: Sandbox

        var library: FakeLibrary { service.library }
        var environment: [String: String] {
            ["PATH": sandbox.home + "/bin:/usr/bin:/bin", "DISPLAY": ":0", "NO_PROXY": "127.0.0.1"]
        }

        /// Writes the browser: a line of shell, where `$1` is the link.
        func browser(_ line: String = #"exec curl -s -L -D "$HOME/headers" -o "$HOME/page" "$1""#) throws {
            try sandbox.writeProgram("#!/bin/sh\n\(line)\n", to: "bin/xdg-open")
        }

        func add(_ kind: String = "source", _ more: String = "") async throws {
            let outcome = await sandbox.run(
                "\(kind) add mine googlephotos:// client_id=\(FakeLibrary.clientID) auth_url=\(service.baseURL)/auth "
                    + "token_url=\(service.baseURL)/token api_url=\(service.baseURL) \(more)")
            try #require(outcome.status == 0, "\(outcome.err)")
            let secret = await sandbox.run("\(kind) set mine client_secret=-", stdin: FakeLibrary.clientSecret)
            try #require(secret.status == 0, "\(secret.err)")
        }

        func login(_ more: String = "", stdin: String? = nil) async -> Sandbox.Outcome {
            await sandbox.run("login mine \(more)", stdin: stdin, environment: environment)
        }

        func settings(_ kind: String = "sources") throws -> JSON {
            try #require(try sandbox.config()[kind]?["mine"])
        }

        func token(_ kind: String = "sources") throws -> OAuthToken {
            try OAuthToken(parsing: try #require(try settings(kind)["token"]?.stringValue))
        }
    }

    private func onStage(_ body: (Stage) async throws -> Void) async throws {
        let service = try await FakePhotosServer.start(options: .empty)
        do {
            let stage = Stage(service: service, sandbox: try Sandbox())
            try stage.browser()
            try await body(stage)
        } catch {
            try? await service.stop()
            throw error
        }
        try await service.stop()
    }

    // MARK: A browser here

    @Test func aSourceWithoutATokenIsSignedInAndUsed() async throws {
        try await onStage { stage in
            try await stage.add()
            #expect(await stage.sandbox.run("source ping mine").err.contains("gphotos login mine"))
            let outcome = await stage.login()
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(outcome.out == "signed in mine (source): read\n")
            #expect(outcome.err.contains("Since 31 March 2025"))
            #expect(outcome.err.contains("\n    \(stage.service.baseURL)/auth?client_id="))
            #expect(try stage.sandbox.mode(stage.sandbox.configFile) == 0o600)
            #expect(try stage.settings()["client_id"]?.stringValue == FakeLibrary.clientID)
            #expect(await stage.sandbox.run("source ping mine").status == 0)
            // The token is new: nobody had to renew it.
            #expect(stage.library.tokenRefreshes == 0)
        }
    }

    @Test func itWorksAsAProcess() async throws {
        try await onStage { stage in
            try await stage.add()
            let program = try Subprocess(stage, ["login", "mine", "--json", "-vv"])
            let (status, out, err) = try await program.end()
            #expect(status == 0, "\(err)")
            #expect(
                try JSON(parsing: out) == ["name": "mine", "signed_in": ["source"], "scopes": ["read"], "missing": []])
            let lines = try err.split(separator: "\n").map { try JSON(parsing: String($0)) }
            #expect(lines.contains { $0["type"]?.stringValue == "ask" && $0["url"]?.stringValue != nil })
            let page = try String(contentsOfFile: stage.sandbox.home + "/page", encoding: .utf8)
            #expect(page.contains("You can close this window"))
        }
    }

    @Test func aSourceAndADestinationOfOneAppAreSignedInTogether() async throws {
        try await onStage { stage in
            try await stage.add("source")
            try await stage.add("destination")
            let outcome = await stage.login()
            #expect(outcome.out == "signed in mine (source and destination): read, upload, edit\n")
            #expect(try stage.token("sources") == stage.token("destinations"))
            let old = try stage.token("sources")
            #expect(
                await stage.login("--destination --picker").out
                    == "signed in mine (destination): read, upload, edit, picker\n")
            #expect(try stage.token("sources") == old)
            #expect(try stage.token("destinations") != old)
        }
    }

    @Test func aDestinationOfAnotherAppIsLeftAndNamed() async throws {
        try await onStage { stage in
            try await stage.add("source")
            try await stage.add("destination")
            _ = await stage.sandbox.run("destination set mine client_id=other")
            let outcome = await stage.login()
            #expect(outcome.out == "signed in mine (source): read\n")
            #expect(outcome.err.contains("--destination signs that in"))
            #expect(try stage.settings("destinations")["token"] == nil)
        }
    }

    @Test func aReadOnlyDestinationIsAskedToBeReadOnly() async throws {
        try await onStage { stage in
            try await stage.add("destination", "read_only=true")
            #expect(await stage.login().out == "signed in mine (destination): read\n")
        }
    }

    @Test func consentIsAskedForAgainOnlyWhereNoRefreshTokenComes() async throws {
        try await onStage { stage in
            try await stage.add()
            #expect(await stage.login().status == 0)
            #expect(stage.library.requestCount(.auth) == 1)
            // There is one, so the first try does without; the service gives no second one unasked.
            let again = await stage.login()
            #expect(again.status == 0)
            #expect(again.err.contains("allow it once more"))
            #expect(stage.library.requestCount(.auth) == 3)
            #expect(try stage.token().refreshToken != nil)
        }
    }

    @Test func whatWasUntickedIsSaid() async throws {
        try await onStage { stage in
            try await stage.add("destination")
            stage.library.updateSignIn { $0.unticked = [.append] }
            let outcome = await stage.login("--json")
            #expect(outcome.status == 0)
            #expect(try JSON(parsing: outcome.out)["missing"] == ["upload"])
            #expect(outcome.err.contains("nothing can be uploaded"))
        }
    }

    @Test func aRefusalInTheBrowserIsOne() async throws {
        try await onStage { stage in
            try await stage.add()
            stage.library.updateSignIn { $0.denies = true }
            let outcome = await stage.login()
            #expect(outcome.status == 77)
            #expect(outcome.err.contains("refused in the browser"))
            #expect(try stage.settings()["token"] == nil)
        }
    }

    @Test func aWishForAnIconAndAStrangersAnswerAreNoAnswers() async throws {
        try await onStage { stage in
            try await stage.add()
            try stage.browser(
                """
                address=$(printf %s "$1" | sed 's/.*redirect_uri=//; s/&.*//; s/%3A/:/g; s/%2F/\\//g')
                curl -s -o /dev/null -w '%{http_code} ' "${address}favicon.ico" > "$HOME/codes"
                curl -s -o /dev/null -w '%{http_code} ' "$address?code=4/0stranger&state=x" >> "$HOME/codes"
                curl -s -o /dev/null -w '%{http_code} ' -X POST "$address?code=4/0stranger&state=x" >> "$HOME/codes"
                curl -s -L -o /dev/null -w '%{http_code}' "$1" >> "$HOME/codes"
                """)
            let outcome = await stage.login()
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(outcome.err.contains("an answer to another sign-in came and was not used"))
            let codes = try String(contentsOfFile: stage.sandbox.home + "/codes", encoding: .utf8)
            #expect(codes.hasPrefix("404 400 405"))
        }
    }

    @Test func nobodyIsWaitedForLongerThanFiveMinutes() async throws {
        try await onStage { stage in
            try await stage.add()
            try stage.browser("exit 0")
            let slept = Mutex<[Duration]>([])
            var context = stage.sandbox.context(stdin: nil, environment: stage.environment)
            let err = Recorder()
            context.stderr = err.output
            context.runtime.sleep = { duration in slept.withLock { $0.append(duration) } }
            #expect(await GphotosCLI.run(["login", "mine"], in: context) == 77)
            #expect(err.text.contains("nobody signed in within 5 minutes"))
            #expect(slept.withLock { $0 } == [.seconds(300)])
        }
    }

    @Test func itCanBeInterrupted() async throws {
        try await onStage { stage in
            try await stage.add()
            try stage.browser("exit 0")
            let program = try Subprocess(stage, ["login", "mine"])
            _ = try await program.link()
            program.interrupt()
            #expect(try await program.end().status == 130)
            #expect(try stage.settings()["token"] == nil)
        }
    }

    // MARK: A browser elsewhere

    @Test func theAddressOfABrowserElsewhereIsPasted() async throws {
        try await onStage { stage in
            try await stage.add()
            let program = try Subprocess(stage, ["login", "mine", "--no-browser"])
            let link = try await program.link()
            try program.type(try await stage.redirect(link) + "\n")
            let (status, out, err) = try await program.end()
            #expect(status == 0, "\(err)")
            #expect(out == "signed in mine (source): read\n")
            #expect(!FileManager.default.fileExists(atPath: stage.sandbox.home + "/page"))
            #expect(await stage.sandbox.run("source ping mine").status == 0)
        }
    }

    @Test(arguments: [
        ("http://127.0.0.1:53682/?code=4/0SECRET&state=x\n", Int32(77), "another sign-in"),
        ("http://127.0.0.1:53682/\n", 77, "holds no answer"), ("", 65, "neither the address"),
        ("nonsense SECRET\n", 65, "neither the address"), (#"{"token":"SECRET"}"#, 65, "neither the address"),
        (#"{"access_token":"ya29.SECRET"}"#, 77, "no refresh token"),
        (#"{"access_token":"ya29.SECRET","refresh_token":"1//SECRET"}"#, 77, "expired or was revoked"),
        (#"{"client_id":"other","token":"{\"refresh_token\":\"1//SECRET\"}"}"#, 78, "another client id"),
    ])
    func whatIsPastedAndMakesNoSenseIsRefused(text: String, status: Int32, part: String) async throws {
        try await onStage { stage in
            try await stage.add()
            let outcome = await stage.login("--no-browser", stdin: text)
            #expect(outcome.status == status)
            #expect(outcome.err.contains(part), "\(outcome.err)")
            #expect(!outcome.err.replacing("CLIENT_SECRET", with: "").contains("SECRET"))
            #expect(try stage.settings()["token"] == nil)
        }
    }

    @Test(arguments: ["plain", "marked", "encoded", "padded", "wrapped", "pretty"])
    func whatRcloneAuthorizePrintsWillDo(form: String) async throws {
        try await onStage { stage in
            try await stage.add("destination")
            let refreshToken = try stage.library.credentials(account: "demo").refreshToken
            let token =
                #"{"access_token":"ya29.x","token_type":"Bearer","refresh_token":"\#(refreshToken)","#
                + #""expiry":"2026-01-02T03:04:05.1+01:00"}"#
            let padded = Data(JSON.object(["token": .string(token)]).bytes).base64EncodedString()
            let encoded = padded.replacing("=", with: "")
            let text =
                switch form {
                case "marked":
                    "Paste the following into your remote machine --->\n\(encoded)\n<---End paste\n"
                case "encoded": encoded
                case "padded": padded + "\n"
                case "wrapped": "\n \(encoded.prefix(76))\r\n\(encoded.dropFirst(76))\n"
                case "pretty": try JSON(parsing: token).prettyText
                default: token
                }
            let outcome = await stage.login("--no-browser", stdin: text)
            #expect(outcome.status == 0, "\(outcome.err)")
            #expect(outcome.out.hasPrefix("signed in mine (destination): read, upload, edit"))
            let stored = try stage.token("destinations")
            #expect(stored.refreshToken?.reveal() == refreshToken)
            #expect(stage.library.tokenRefreshes == 1)
            // Neither what was pasted nor what became of it is printed.
            let secrets = [refreshToken, encoded, token, stored.accessToken?.reveal() ?? "", "CLIENT_SECRET", "ya29."]
            for secret in secrets where !secret.isEmpty {
                #expect(!(outcome.out + outcome.err).contains(secret))
            }
        }
    }

    // MARK: What it refuses

    @Test func whatCannotBeSignedInIsSaid() async throws {
        try await onStage { stage in
            #expect(await stage.login().status == 66)
            _ = await stage.sandbox.run("source add mine googlephotos://")
            let noClient = await stage.login()
            #expect(noClient.status == 78)
            #expect(noClient.err.contains("docs/google-client.md"))
            #expect(await stage.login("--destination").status == 66)
            _ = await stage.sandbox.run("source set mine client_id=x client_credentials=true")
            let machine = await stage.login()
            #expect(machine.status == 78)
            #expect(machine.err.contains("client_credentials"))
            #expect(stage.library.requestCount(.auth) == 0)
        }
    }

    @Test(arguments: ["ya29.SECRET", "token=ya29.SECRET", "--token ya29.SECRET", "--token=ya29.SECRET"])
    func aTokenOnTheCommandLineIsRefusedAndNotRepeated(argument: String) async throws {
        try await onStage { stage in
            try await stage.add()
            let outcome = await stage.login(argument)
            #expect(outcome.status == 64)
            #expect(!outcome.err.contains("SECRET"))
            #expect(try stage.settings()["token"] == nil)
        }
    }

    @Test func noOutputHoldsASecret() async throws {
        try await onStage { stage in
            try await stage.add("destination")
            var output = ""
            for arguments in [["login", "mine", "-vv"], ["login", "mine", "-vv", "--json"]] {
                // Chance that counts, so that the test knows the verifier.
                let count = Mutex(0)
                let recorder = Recorder()
                var context = stage.sandbox.context(stdin: nil, environment: stage.environment)
                context.stdout = recorder.output
                context.stderr = recorder.output
                context.runtime.random = {
                    count.withLock { count in
                        count += 1
                        return Double((count - 1) % 256) / 256
                    }
                }
                #expect(await GphotosCLI.run(arguments, in: context) == 0, "\(recorder.text)")
                output += recorder.text
            }
            output += await stage.sandbox.run("destination ping mine -vv").err
            func text(_ bytes: Range<UInt8>) -> String {
                Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_")
                    .replacing("=", with: "")
            }
            // State and verifier are made in this order; the state is in the link.
            #expect(output.contains(text(0..<32)))
            let token = try stage.token("destinations")
            let headers = try String(contentsOfFile: stage.sandbox.home + "/headers", encoding: .utf8)
            let code = try #require(headers.firstMatch(of: /[?&]code=([^&\s]+)/)?.1)
            let secrets = [
                text(32..<64), text(96..<128), FakeLibrary.clientSecret, try #require(token.accessToken).reveal(),
                try #require(token.refreshToken).reveal(), String(code), String(code).removingPercentEncoding ?? "",
            ]
            for secret in secrets { #expect(secret.utf8.count > 10 && !output.contains(secret)) }
        }
    }

    // MARK: What the connector reads again

    private struct SilentReporter: ConnectorReporter {
        func progress(_ progress: ConnectorKit.Progress) {}
        func log(_ level: LogLevel, _ message: String, pathname: Pathname?) {}
        func configChanged(_ values: [String: String]) {}
    }

    @Test func aConnectorOfOurOwnHostTakesTheTokenThatIsKeptAndNoOther() async throws {
        try await onStage { stage in
            try await stage.add()
            #expect(await stage.login().status == 0)
            var settings = Settings(try stage.sandbox.settings("sources", "mine"))
            settings["name"] = "mine"
            // As it was when the host started the connector: over by now.
            let refreshToken = try stage.token().refreshToken
            settings["token"] =
                OAuthToken(accessToken: Secret("old"), refreshToken: refreshToken, expiry: Timestamp(seconds: 1))
                .json.reveal()
            let runtime = stage.sandbox.context(stdin: nil, environment: [:]).runtime
            for (kind, renewals) in [(RemoteKind.source, 0), (nil, 1), (.destination, 2)] {
                let make = try #require(PluginCommand.plugin(runtime, keptAs: kind).makeImporter)
                let importer = try await make(
                    settings, ConnectorOptions(hostname: "h", workingDirectory: "/", maxConcurrency: 4),
                    SilentReporter())
                try await importer.ping()
                try await importer.close()
                #expect(stage.library.tokenRefreshes == renewals)
            }
        }
    }

    @Test func theConnectorFindsANewerTokenOfItsOwnSettingsOnly() async throws {
        let sandbox = try Sandbox()
        #expect(await sandbox.run("source import", stdin: Rclone.remote("mine")).status == 0)
        let store = ConfigurationStore(directory: sandbox.configDirectory)
        var settings = Settings(["name": "mine", "client_id": "1.apps.googleusercontent.com"])
        #expect(store.token(for: settings, .source)?.accessToken?.reveal() == Rclone.accessToken)
        #expect(store.token(for: settings, .destination) == nil)
        settings["client_id"] = "2.apps.googleusercontent.com"
        #expect(store.token(for: settings, .source) == nil)
        settings["client_id"] = "1.apps.googleusercontent.com"
        settings["name"] = "other"
        #expect(store.token(for: settings, .source) == nil)
    }
}

extension LoginTests.Stage {
    /// Where the service sends a browser that opens the link.
    func redirect(_ link: String) async throws -> String {
        let target = String(link.dropFirst(service.baseURL.count))
        return try #require(await library.respond(to: FakeRequest("GET", target)).headers.first(name: "Location"))
    }
}

/// The program as a process of its own.
private final class Subprocess: Sendable {
    private let process: Process
    private let input = Pipe()
    private let out = Pipe()
    private let exits: AsyncStream<Int32>
    private let lines: Mutex<String> = Mutex("")
    private let errors: AsyncStream<String>

    init(_ stage: LoginTests.Stage, _ arguments: [String]) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: Sandbox.program)
        process.arguments = arguments
        process.environment = ["HOME": stage.sandbox.home, "XDG_CONFIG_HOME": stage.sandbox.home + "/config"]
            .merging(stage.environment) { $1 }
        process.standardInput = input
        process.standardOutput = out
        let error = Pipe()
        process.standardError = error
        let (exits, exit) = AsyncStream.makeStream(of: Int32.self)
        self.exits = exits
        process.terminationHandler = {
            exit.yield($0.terminationStatus)
            exit.finish()
        }
        let (errors, pieces) = AsyncStream.makeStream(of: String.self)
        self.errors = errors
        error.fileHandleForReading.readabilityHandler = { handle in
            let data = handle.availableData
            if data.isEmpty {
                handle.readabilityHandler = nil
                pieces.finish()
            } else {
                pieces.yield(String(decoding: data, as: UTF8.self))
            }
        }
        try process.run()
    }

    /// The link that it prints.
    func link() async throws -> String {
        for await piece in errors {
            let text = lines.withLock { lines in
                lines += piece
                return lines
            }
            if let match = text.firstMatch(of: /\n {4}(http\S+)\n/) { return String(match.1) }
        }
        throw ConnectorError(.internalDefect, "no link: \(lines.withLock { $0 })")
    }

    func type(_ text: String) throws { try input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

    func interrupt() { process.interrupt() }

    func end() async throws -> (status: Int32, out: String, err: String) {
        for await piece in errors { lines.withLock { $0 += piece } }
        let output = try out.fileHandleForReading.readToEnd() ?? Data()
        var status: Int32 = -1
        for await value in exits { status = value }
        return (status, String(decoding: output, as: UTF8.self), lines.withLock { $0 })
    }
}
