import ArgumentParser
import ConnectorKit
import StrictJSON

/// What all commands for sources and destinations share.
protocol RemoteCommand: GphotosCommand {
    associatedtype Noun: RemoteNoun
    static var name: String { get }
    /// One sentence; where it says NOUN, the kind is put.
    static var summary: String { get }
    /// What there is to say beside it, in the same way.
    static var discussion: String { get }
}

extension RemoteCommand {
    static var kind: RemoteKind { Noun.kind }
    static var discussion: String { "" }

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: name, abstract: summary.replacing("NOUN", with: kind.noun),
            discussion: discussion.replacing("NOUN", with: kind.noun))
    }
}

/// `gphotos source` and `gphotos destination`.
struct RemoteGroup<Noun: RemoteNoun>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: Noun.kind.noun, abstract: "The settings of \(Noun.kind.plural).",
            subcommands: [
                RemoteImport<Noun>.self, RemoteAdd<Noun>.self, RemoteSet<Noun>.self, RemoteUnset<Noun>.self,
                RemoteList<Noun>.self, RemoteShow<Noun>.self, RemotePing<Noun>.self, RemoteLs<Noun>.self,
                RemoteRemove<Noun>.self,
            ])
    }
}

/// A source or destination in a listing.
struct RemoteSummary: Sendable {
    var name: String
    var location: String
    /// The account, where it is known.
    var account: String?

    init(name: String, settings: [String: String]) {
        let settings = Settings(settings)
        self.name = name
        location = settings["location"] ?? RemoteSettings.defaultLocation
        account = settings["account"]
    }

    var json: JSON {
        [
            "name": .string(name), "location": .string(location), "account": account.map { .string($0) } ?? .null,
        ]
    }
}
