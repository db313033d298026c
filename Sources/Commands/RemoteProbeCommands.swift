import ArgumentParser
import ConnectorKit
import StrictJSON

/// `gphotos source ping` and `gphotos destination ping`.
struct RemotePing<Noun: RemoteNoun>: RemoteCommand {
    static var name: String { "ping" }
    static var summary: String { "Check that the account of a NOUN can be reached and used." }

    @Argument(help: "Its name.")
    var name: String

    @OptionGroup var global: GlobalOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let reference = try RemoteReference(name.hasPrefix("@") ? name : "@" + name)
        let link = try await Connection.open(
            reference, kind: Self.kind, context: context, console: console, isAwaited: true)
        do {
            try await link.ping()
        } catch {
            await link.close()
            throw error
        }
        await link.close()
        if console.isJSON {
            try console.print(["name": .string(name), "origin": .string(link.identity.origin), "ok": true])
        } else {
            let isSignedIn = link.identity.kind != "takeout"
            try console.print("\(name): reached, \(isSignedIn ? "signed in, " : "")readable")
        }
    }
}

/// `gphotos source ls` and `gphotos destination ls`.
struct RemoteLs<Noun: RemoteNoun>: RemoteCommand {
    static var name: String { "ls" }
    static var summary: String { "List what a NOUN shows now." }

    @Argument(help: "NAME[:PATH]")
    var name: String

    @Flag(name: .shortAndLong, help: "Also what is in the folders below.")
    var recursive = false

    @OptionGroup var global: GlobalOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let reference = try RemoteReference(name.hasPrefix("@") ? name : "@" + name).withoutChoosing()
        // A destination is read by the importer too.
        let link = try await Connection.open(
            reference, kind: Self.kind, role: .source, context: context, console: console, isAwaited: true)
        let listing = RecordListing(console: console)
        let root = link.identity.root
        do {
            try listing.begin()
            let summary = try await link.records { record in
                guard let below = root.relativeParts(of: record.pathname), recursive || below.count <= 1 else { return }
                try listing.add(record, sha256: nil)
            }
            try listing.end()
            await link.close()
            if summary.errors > 0 { throw ExitCode(.someItemsFailed) }
        } catch {
            await link.close()
            throw error
        }
    }
}
