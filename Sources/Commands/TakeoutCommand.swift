import ArgumentParser
import ConnectorKit
import PhotosImporter
import StrictJSON
import Takeout

/// `gphotos takeout`.
struct TakeoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "takeout", abstract: "Look at Takeout exports.", subcommands: [TakeoutInspectCommand.self])
}

/// `gphotos takeout inspect`.
struct TakeoutInspectCommand: GphotosCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Tell what the exports in a directory hold, before anything is backed up.",
        discussion: """
            DIRECTORY holds the .zip or .tgz parts of one export or several, or what they unpack to. What is learnt is \
            kept for `gphotos backup takeout:///DIRECTORY`.
            """)

    @OptionGroup var global: GlobalOptions

    @Argument(help: "Where the exports are.")
    var directory: String

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        let directory = try TakeoutSettings.directory(TakeoutSettings.scheme + context.absolutePath(directory))
        let library = try TakeoutLibrary(
            directory: directory,
            catalog: TakeoutSettings.catalogPath(directory, environment: context.environment),
            runtime: context.runtime, reporter: ConsoleReporter(console: console))
        @Sendable func learn() async throws {
            try await library.update { step in
                if case .reading(let part, let files) = step {
                    console.detail("\(part): \(HumanFormat.count(files, "file"))")
                }
            }
        }
        do {
            try await learn()
        } catch {
            guard try library.replaceIfDamaged(after: error) else { throw error }
            try await learn()
        }
        let report = try await library.report()
        if report.items == 0, report.problems.isEmpty {
            let others = HumanFormat.count(report.otherFiles, "file")
            throw Failure(
                .notFound,
                "there is no export of Google Photos in \(directory)"
                    + (report.otherFiles > 0 ? ", only \(others) of other kinds" : ""),
                hint: "put the .zip or .tgz parts of a Takeout export there, or what they unpack to")
        }
        if console.isJSON { try console.print(report.json) } else { try tell(report, console) }
        if report.items == 0 {
            throw Failure(.badInput, "nothing of the exports can be read", hint: "download the parts again")
        }
        if !report.problems.isEmpty { throw ExitCode(.someItemsFailed) }
    }

    private func tell(_ report: TakeoutReport, _ console: Console) throws {
        var table = TextTable(("PART", .left), ("DATE", .left), ("FILES", .right), ("SIZE", .right))
        for part in report.parts {
            table.add(
                part.name, part.date?.toTheSecond ?? "?", HumanFormat.number(part.entries), HumanFormat.size(part.size))
        }
        try console.write(table.text)
        try console.print(
            "\(HumanFormat.count(report.items, "item")), \(HumanFormat.size(report.bytes)), in "
                + "\(HumanFormat.count(report.albums, "album")); \(HumanFormat.count(report.duplicates, "copy", "copies"))"
        )
        try console.print(
            "metadata: \(HumanFormat.number(report.matched)) matched, \(HumanFormat.number(report.guessed)) guessed, "
                + "\(HumanFormat.number(report.unmatched)) missing; "
                + "\(HumanFormat.number(report.sidecarsWithoutItem)) without an item")
        for kind in TakeoutItem.Dating.allCases {
            guard let count = report.dating[kind] else { continue }
            try console.print("dated \(kind.words), without metadata: \(HumanFormat.count(count, "item"))")
        }
        if report.otherFiles > 0 {
            try console.print("\(HumanFormat.count(report.otherFiles, "file")) of other products")
        }
        for problem in report.problems { try console.print("problem: \(problem.description)") }
    }
}

extension TakeoutReport {
    fileprivate var json: JSON {
        [
            "parts": .array(
                parts.map {
                    [
                        "name": .string($0.name), "kind": .string($0.kind), "size": .integer($0.size),
                        "entries": .integer(Int64($0.entries)),
                        "date": $0.date.map { .string($0.description) } ?? .null,
                    ]
                }),
            "items": .integer(Int64(items)), "bytes": .integer(bytes), "albums": .integer(Int64(albums)),
            "duplicates": .integer(Int64(duplicates)), "matched": .integer(Int64(matched)),
            "guessed": .integer(Int64(guessed)), "unmatched": .integer(Int64(unmatched)),
            "sidecars_without_item": .integer(Int64(sidecarsWithoutItem)), "other_files": .integer(Int64(otherFiles)),
            "dating": .object(
                JSONObject(
                    dating.sorted { $0.key.rawValue < $1.key.rawValue }.map {
                        .init(key: $0.key.rawValue, value: .integer(Int64($0.value)))
                    })),
            "problems": .array(
                problems.map {
                    ["part": .string($0.part), "path": .string($0.path), "message": .string($0.message)]
                }),
        ]
    }
}
