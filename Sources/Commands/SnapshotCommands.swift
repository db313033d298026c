import ArgumentParser
import ConnectorKit
import StrictJSON
import Vault

/// `gphotos snapshots`.
struct SnapshotsCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "snapshots", abstract: "List the snapshots of the vault.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var vaultOptions: VaultOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let snapshots = try vaultOptions.open(context).snapshots()
        if console.isJSON {
            return try console.print(
                .array(
                    snapshots.map { snapshot in
                        [
                            "id": .string(snapshot.id), "time": .string(snapshot.time.description),
                            "source": .string(snapshot.source), "origin": .string(snapshot.origin),
                            "files": .integer(Int64(snapshot.files)), "bytes": .integer(snapshot.bytes),
                            "errors": .integer(Int64(snapshot.errors)),
                        ]
                    }))
        }
        var table = TextTable(
            ("ID", .left), ("TIME", .left), ("SOURCE", .left), ("FILES", .right), ("SIZE", .right), ("ERRORS", .right))
        for snapshot in snapshots {
            table.add(
                String(snapshot.id.prefix(8)), snapshot.time.toTheSecond, snapshot.source,
                HumanFormat.number(snapshot.files), HumanFormat.size(snapshot.bytes),
                HumanFormat.number(snapshot.errors))
        }
        try console.write(table.text)
    }
}

/// `gphotos ls`.
struct LsCommand: GphotosCommand {
    static let configuration = CommandConfiguration(commandName: "ls", abstract: "List what is in a snapshot.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var vaultOptions: VaultOptions

    @Flag(name: .shortAndLong, help: "Also what is in the folders below.")
    var recursive = false

    @Argument(help: "SNAPSHOT[:PATH]; SNAPSHOT is an id, the beginning of one, or latest.")
    var snapshot: String

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let reference = try SnapshotReference(snapshot)
        let vault = try vaultOptions.open(context)
        let found = try vault.snapshot(matching: reference.snapshot)
        let entries = try vault.entries(of: found, under: reference.path, recursive: recursive)
        let listing = RecordListing(console: console)
        try listing.begin()
        for try await entry in entries {
            try listing.add(entry.record, sha256: entry.object?.hex)
        }
        try listing.end()
    }
}

/// `gphotos cat`.
struct CatCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "cat", abstract: "Write a file of a snapshot to stdout.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var vaultOptions: VaultOptions

    @Argument(help: "SNAPSHOT:PATH")
    var file: String

    func run(_ context: CommandContext) async throws {
        let reference = try SnapshotReference(file)
        let vault = try vaultOptions.open(context)
        let found = try vault.snapshot(matching: reference.snapshot)
        guard let entry = try vault.entry(of: found, at: reference.path) else {
            throw Failure(.notFound, "the snapshot \(found.id.prefix(8)) has no \(reference.path)")
        }
        guard let object = entry.object else {
            throw Failure(
                .notFound, entry.record.error?.message ?? "\(reference.path) has no content",
                hint: entry.record.error?.hint)
        }
        let content = try vault.object(object)
        while let chunk = try await content.read() { try context.stdout.write(chunk) }
    }
}

/// `gphotos diff`.
struct DiffCommand: GphotosCommand {
    static let configuration = CommandConfiguration(commandName: "diff", abstract: "Compare two snapshots.")

    @OptionGroup var global: GlobalOptions
    @OptionGroup var vaultOptions: VaultOptions

    @Argument(help: "The earlier snapshot.")
    var first: String

    @Argument(help: "The later snapshot.")
    var second: String

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let vault = try vaultOptions.open(context)
        let old = try vault.snapshot(matching: first)
        let new = try vault.snapshot(matching: second)
        var left = try vault.entries(of: old).makeAsyncIterator()
        var right = try vault.entries(of: new).makeAsyncIterator()
        var changes: [JSON] = []
        func tell(_ entry: SnapshotEntry, _ change: String) throws {
            if console.isJSON {
                changes.append(["path": .string(entry.record.pathname.string), "change": .string(change)])
            } else {
                try console.print("\(change)  \(entry.record.pathname)")
            }
        }
        // Both come in the order of their pathnames.
        var before = try await left.next()
        var after = try await right.next()
        while before != nil || after != nil {
            let order = before.map(\.record.pathname).precedes(after.map(\.record.pathname))
            if let entry = before, order == true {
                try tell(entry, "removed")
                before = try await left.next()
            } else if let entry = after, order == false {
                try tell(entry, "added")
                after = try await right.next()
            } else if let earlier = before, let later = after {
                if earlier.object != later.object || earlier.record.kind != later.record.kind
                    || earlier.record.target != later.record.target
                {
                    try tell(later, "modified")
                } else if later.record.kind != .directory, earlier.record.isDescribed(otherwiseThan: later.record) {
                    try tell(later, "metadata")
                }
                before = try await left.next()
                after = try await right.next()
            }
        }
        if console.isJSON { try console.print(.array(changes)) }
    }
}

extension Pathname? {
    /// Whether it comes before another; nil where both are the same. What is not there comes last.
    fileprivate func precedes(_ other: Pathname?) -> Bool? {
        guard let self else { return false }
        guard let other else { return true }
        return self == other ? nil : self < other
    }
}

extension Record {
    /// Whether what is said of the same content differs.
    fileprivate func isDescribed(otherwiseThan other: Record) -> Bool {
        attributes != other.attributes || modificationTime != other.modificationTime
            || permissions != other.permissions || mimeType != other.mimeType
    }
}
