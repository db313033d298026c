import ArgumentParser
import ConnectorKit
import HostEngine
import PhotosLibrary
import StrictJSON
import Vault

/// `gphotos compare`.
struct CompareCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Compare a folder with a source: what is missing, extra or double.",
        discussion: """
            A file is an item of the library by its content, where the vault or the folder's own mirror knows the item's \
            hash; else by its name, with size, date or dimensions. Nothing is downloaded and nothing is changed. Ends \
            with 1 where there are differences.
            """)

    @OptionGroup var global: GlobalOptions
    @OptionGroup var vaultOptions: VaultOptions

    @Option(help: ArgumentHelp("Make a folder of links to what differs.", valueName: "folder"))
    var links: String?

    @Argument(help: "@NAME, @NAME:/PATH or a location such as googlephotos:///album/Lisbon.")
    var source: String

    @Argument(help: "The folder.")
    var directory: String

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let reference = try RemoteReference(source).withoutChoosing()
        let folder = try context.folder(directory)
        let hashes = try KnownHashes(vaultOptions, context)
        let report = RunReport("comparing", console: console, runtime: context.runtime)
        defer { report.finish() }
        let link = try await Connection.open(
            reference, kind: .source, context: context, console: console, report: report)
        let result: (comparison: Comparison, errors: Int)
        do {
            let known = try hashes.of(link.identity.origin)
            result = try await FolderComparison(
                link: link, folder: folder, observer: report, ignoring: { CatalogPath.holds($0) },
                warn: { console.warn($0) }
            ) { record in
                try known(record)
            }.run()
        } catch {
            await link.close()
            throw error
        }
        await link.close()
        report.finish()
        if let links { try result.comparison.writeLinks(to: context.absolutePath(links), comparing: folder) }
        try tell(result.comparison, console: console)
        if result.errors > 0 {
            _ = report.listFailures("could not be listed")
            throw ExitCode(.someItemsFailed)
        }
        if !result.comparison.isEqual { throw ExitCode(.failed) }
    }

    private func tell(_ comparison: Comparison, console: Console) throws {
        if console.isJSON { return try console.print(comparison.json) }
        for item in comparison.missing { try console.print("missing    \(item.pathnames[0])") }
        for file in comparison.extra { try console.print("extra      \(file.path)") }
        for match in comparison.duplicates {
            try console.print("duplicate  \(match.file.path) = \(match.item.pathnames[0]) (\(match.evidence.rawValue))")
        }
        for match in comparison.matches {
            console.detail("same  \(match.file.path) = \(match.item.pathnames[0]) (\(match.evidence.rawValue))")
        }
        let counts = Comparison.Evidence.allCases.compactMap { evidence in
            let count = comparison.matches.count { $0.evidence == evidence }
            return count == 0 ? nil : "\(HumanFormat.number(count)) by \(evidence.rawValue)"
        }
        let how = counts.isEmpty ? "" : ": " + counts.joined(separator: "; ")
        try console.print("\(HumanFormat.count(comparison.matches.count, "file")) in both\(how)")
        try console.print(
            "\(HumanFormat.number(comparison.missing.count)) missing, "
                + "\(HumanFormat.number(comparison.extra.count)) extra, "
                + HumanFormat.count(comparison.duplicates.count, "duplicate"))
    }
}

/// The hashes that the vault knows of a source.
private struct KnownHashes {
    private let vault: Vault?

    /// A vault that is not there knows nothing, unless it was asked for.
    init(_ options: VaultOptions, _ context: CommandContext) throws {
        do {
            vault = try options.open(context)
        } catch let error as VaultError where error.kind == .noVault && options.vault == nil {
            vault = nil
        }
    }

    /// What is known of the records of an account, by its latest snapshot.
    func of(_ origin: String) throws -> @Sendable (Record) throws -> FolderComparison.Knowledge {
        let snapshot = try vault?.snapshots().last { $0.origin == origin }
        return { [vault] record in
            var known = FolderComparison.Knowledge()
            known.name = record.attributes[Attribute.filename]
            known.dimensions = record.attributes[Attribute.dimensions].flatMap { ImageDimensions($0) }
            if let vault, let snapshot, let entry = try vault.entry(of: snapshot, at: record.pathname),
                let object = entry.object, record.fingerprint != nil, entry.record.fingerprint == record.fingerprint
            {
                known.sha256 = object.hex
                known.size = entry.record.size
            }
            return known
        }
    }
}

extension Comparison {
    fileprivate var json: JSON {
        [
            "missing": .array(
                missing.map { item in
                    [
                        "path": .string(item.pathnames[0].string), "size": item.size.map { .integer($0) } ?? .null,
                        "mtime": .string(item.modificationTime.description),
                        "sha256": item.sha256.map { .string($0) } ?? .null,
                    ]
                }),
            "extra": .array(
                extra.map { file in
                    [
                        "path": .string(file.path), "size": .integer(file.size),
                        "mtime": .string(file.modificationTime.description),
                    ]
                }),
            "duplicates": .array(duplicates.map(\.json)), "matches": .array(matches.map(\.json)),
        ]
    }
}

extension Comparison.Match {
    fileprivate var json: JSON {
        [
            "path": .string(file.path), "library": .string(item.pathnames[0].string),
            "by": .string(evidence.rawValue),
        ]
    }
}
