import ArgumentParser
import ConnectorKit
import Foundation
import PhotosAPI
import PhotosLibrary
import StrictJSON

/// `gphotos login`: gives a source or destination its sign-in.
struct LoginCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Sign in to the account of a source or destination.",
        discussion: """
            It opens Google's page in a browser and takes the answer on 127.0.0.1. Where a source and a destination have \
            the name, both are signed in. It needs a client id of your own: docs/google-client.md has the ten steps.
            """)

    @Argument(help: "Its name.")
    var name: String

    /// Taken, so that a token that is given here is not repeated by the parser's error.
    @Argument(help: .hidden)
    var rest: [String] = []

    @Flag(help: "Sign in the source only.")
    var source = false

    @Flag(help: "Sign in the destination only.")
    var destination = false

    @Flag(help: "Print the link for a browser elsewhere, and read the address that it ends at, or rclone's token.")
    var noBrowser = false

    @Flag(help: "Ask for Picker sessions too.")
    var picker = false

    @OptionGroup var global: GlobalOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        if !rest.isEmpty {
            throw Failure(
                .usage, "login takes one name and nothing else",
                hint:
                    "a token is never given on the command line, where others can read it; --no-browser reads it from "
                    + "the standard input")
        }
        let store = try context.configurationStore(console)
        let target = try LoginTarget(
            name.hasPrefix("@") ? String(name.dropFirst()) : name, only: chosen, withPicker: picker, in: store)
        if target.scopes != [.picker] { console.note(Self.limits) }
        if let other = target.other {
            console.warn(
                "the \(other.noun) \(target.name.quoted) has another client or account and is left as it is; "
                    + "--\(other.noun) signs that in")
        }
        let signIn = try target.settings.signIn(context.runtime)
        defer { signIn.shutdown() }
        let outcome = try await BrowserSignIn(
            context: context, console: console, signIn: signIn, scopes: target.scopes, isPasted: noBrowser
        ).outcome(isRenewable: target.settings.token?.refreshToken != nil)
        try target.keep(outcome.token, in: store)
        try report(outcome, of: target, to: console)
    }

    /// Nil for whatever has the name.
    private var chosen: RemoteKind? { source == destination ? nil : source ? .source : .destination }

    /// Said before the sign-in, since many people learn it only after hours of work.
    /// <https://developers.google.com/photos/support/updates>
    private static let limits =
        "Since 31 March 2025 Google shows an app only what this very app (its client id) uploaded. This sign-in reaches "
        + "that and nothing else in the account. The official ways to the rest are Takeout (https://takeout.google.com) "
        + "and the Picker."

    private func report(_ outcome: SignIn.Outcome, of target: LoginTarget, to console: Console) throws {
        for scope in outcome.missing.ordered {
            console.warn("the permission \(scope.name.quoted) was not given: \(scope.withoutIt)")
        }
        let granted = outcome.granted.ordered.map(\.name)
        if console.isJSON {
            return try console.print([
                "name": .string(target.name), "signed_in": .array(target.kinds.map { .string($0.noun) }),
                "scopes": .array(granted.map { .string($0) }),
                "missing": .array(outcome.missing.ordered.map { .string($0.name) }),
            ])
        }
        try console.print("signed in \(target.name) (\(target.nouns)): \(granted.joined(separator: ", "))")
    }
}
