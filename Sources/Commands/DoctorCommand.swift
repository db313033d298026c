import ArgumentParser
import ConnectorKit
import PhotosImporter
import PhotosLibrary
import StrictJSON
import Vault

/// `gphotos doctor`: looks at everything that a backup needs, before it is needed.
struct DoctorCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Check the configuration, the sign-ins, today's quota and the vault.",
        discussion: """
            Asks Google once for each source and destination, unless --offline. Exits with 1 where something would keep \
            a backup from working.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var vaultOptions: VaultOptions

    @Flag(help: "Ask nobody outside this machine.")
    var offline = false

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        var findings = Findings()
        let store = try context.configurationStore(console)
        var clients: Set<String> = []
        var count = 0
        for kind in RemoteKind.allCases {
            let remotes: [String: [String: String]]
            do {
                remotes = try store.remotes(kind)
            } catch {
                findings.fail("configuration", error)
                break
            }
            for (name, values) in remotes.sorted(by: { $0.key < $1.key }) {
                count += 1
                let subject = "\(kind.noun) \(name)"
                if kind == .source, SourceKind(location: values["location"]) == .takeout {
                    // Nobody outside this machine is asked.
                    await ask(name, kind, subject, "the exports are there", context, console, &findings)
                    continue
                }
                guard let settings = check(subject, name, kind, values, now: context.runtime.now(), &findings) else {
                    continue
                }
                if !offline {
                    await ask(
                        name, kind, subject, "Google was reached and lets it read", context, console, &findings)
                }
                // The Picker has no quota of the day.
                if SourceKind(location: values["location"]) == .library,
                    clients.insert(settings.api.apiURL + settings.api.clientID).inserted
                {
                    tellQuota(settings, context, &findings)
                }
            }
        }
        if count == 0, findings.isSound {
            findings.warn(
                "configuration", "there is no source and no destination yet",
                hint: "rclone config show NAME | gphotos source import, or gphotos source add")
        }
        checkVault(context, &findings)
        try tell(findings, console)
        if !findings.isSound { throw ExitCode(.failed) }
    }

    /// The settings, where they make sense.
    private func check(
        _ subject: String, _ name: String, _ kind: RemoteKind, _ values: [String: String], now: Timestamp,
        _ findings: inout Findings
    ) -> LibrarySettings? {
        do {
            try RemoteSettings.check(values, of: kind)
            var values = values
            values["name"] = name
            let settings = try SourceKind.signedIn(Settings(values))
            if settings.api.clientID.isEmpty {
                findings.warn(
                    subject, "it uses rclone's own client id, which is being switched off in 2026",
                    hint: "make a client id of your own; it sees only what it uploads itself")
            }
            let token = settings.api.token
            switch (token.expiry, token.refreshToken) {
            case (let expiry?, nil) where expiry <= now:
                findings.fail(subject, "the sign-in has ended and cannot be renewed", hint: "sign in again")
            case (let expiry?, nil):
                findings.warn(subject, "the sign-in ends at \(expiry.toTheSecond) and cannot be renewed")
            default: findings.pass(subject, "signed in, renewed by itself")
            }
            return settings
        } catch {
            findings.fail(subject, error)
            return nil
        }
    }

    private func ask(
        _ name: String, _ kind: RemoteKind, _ subject: String, _ answer: String, _ context: CommandContext,
        _ console: Console, _ findings: inout Findings
    ) async {
        do {
            let link = try await Connection.open(
                try RemoteReference("@" + name), kind: kind, context: context, console: console, isAwaited: true)
            do {
                try await link.ping()
                findings.pass(subject, answer)
            } catch {
                findings.fail(subject, error)
            }
            await link.close()
        } catch {
            findings.fail(subject, error)
        }
    }

    private func tellQuota(_ settings: LibrarySettings, _ context: CommandContext, _ findings: inout Findings) {
        let subject = "quota of \(settings.api.clientID.isEmpty ? "rclone's client id" : settings.api.clientID)"
        do {
            let balance = try QuotaLedger(settings, environment: context.environment).balance(at: context.runtime.now())
            let message =
                "\(HumanFormat.number(balance.requestsLeft)) of \(HumanFormat.number(balance.requests)) requests and "
                + "\(HumanFormat.number(balance.downloadsLeft)) of \(HumanFormat.number(balance.downloads)) downloads "
                + "left until \(balance.end.toTheSecond) UTC, by what this machine has asked for"
            if balance.requestsLeft == 0 || balance.downloadsLeft == 0 {
                findings.warn(subject, message, hint: "a run goes on after that time where it stopped")
            } else {
                findings.pass(subject, message)
            }
        } catch {
            findings.fail(subject, error)
        }
    }

    private func checkVault(_ context: CommandContext, _ findings: inout Findings) {
        do {
            let directory = try vaultOptions.directory(context)
            do {
                let snapshots = try Vault.open(at: directory, runtime: context.runtime).snapshots()
                findings.pass("vault \(directory)", HumanFormat.count(snapshots.count, "snapshot"))
            } catch let error as VaultError where error.kind == .noVault {
                findings.pass("vault \(directory)", "not there yet: the first backup makes it")
            }
        } catch {
            findings.fail("vault", error)
        }
    }

    private func tell(_ findings: Findings, _ console: Console) throws {
        if console.isJSON { return try console.print(.array(findings.list.map(\.json))) }
        for finding in findings.list {
            try console.print("\(finding.verdict.rawValue)  \(finding.subject): \(finding.message)")
            if let hint = finding.hint { try console.print("      \(hint)") }
        }
    }
}

/// What a doctor found, in the order in which it looked.
private struct Findings {
    enum Verdict: String {
        case good = "ok  "
        case doubtful = "warn"
        case bad = "FAIL"
    }

    struct Finding {
        var verdict: Verdict
        var subject: String
        var message: String
        var hint: String?

        var json: JSON {
            let status = verdict.rawValue.lowercased().filter { $0 != " " }
            return [
                "check": .string(subject), "status": .string(status), "message": .string(message),
                "hint": hint.map { .string($0) } ?? .null,
            ]
        }
    }

    private(set) var list: [Finding] = []

    var isSound: Bool { !list.contains { $0.verdict == .bad } }

    mutating func pass(_ subject: String, _ message: String) {
        list.append(Finding(verdict: .good, subject: subject, message: message))
    }

    mutating func warn(_ subject: String, _ message: String, hint: String? = nil) {
        list.append(Finding(verdict: .doubtful, subject: subject, message: message, hint: hint))
    }

    mutating func fail(_ subject: String, _ message: String, hint: String? = nil) {
        list.append(Finding(verdict: .bad, subject: subject, message: message, hint: hint))
    }

    mutating func fail(_ subject: String, _ error: any Error) {
        let failure = Failure(describing: error)
        fail(subject, failure.message, hint: failure.hint)
    }
}
