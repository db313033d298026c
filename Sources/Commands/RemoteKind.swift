/// The two kinds of places that have settings.
enum RemoteKind: String, Sendable, Hashable, CaseIterable {
    case source, destination

    /// The word for one, which is also the command's.
    var noun: String { rawValue }

    /// The member of the configuration file that has them.
    var plural: String { rawValue + "s" }
}

/// A kind as a type, so that the commands of both nouns are written once.
protocol RemoteNoun: Sendable {
    static var kind: RemoteKind { get }
}

enum SourceNoun: RemoteNoun {
    static let kind = RemoteKind.source
}

enum DestinationNoun: RemoteNoun {
    static let kind = RemoteKind.destination
}
