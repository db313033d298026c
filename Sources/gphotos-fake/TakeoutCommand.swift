import ArgumentParser
import FakePhotos

/// `gphotos-fake takeout`.
struct TakeoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "takeout", abstract: "Write the library of the account demo as Takeout exports it.",
        discussion: """
            With the same seed it is the library that "serve" has. Look at it with `gphotos takeout inspect DIRECTORY` and \
            back it up with `gphotos backup takeout://DIRECTORY`.
            """)

    @OptionGroup var library: LibraryOptions
    @Argument(help: "Where the parts go; made where it is not there.") var directory: String
    @Option(help: "How parts are packed: zip, tgz or folder.") var packing = TakeoutPlan.Packing.zip
    @Option(help: "Parts of each export.") var parts = 2
    @Option(help: "Exports after the first, each of what has changed in a month.") var incremental = 0
    @Option(help: "The language of the account: en, de, fr, es, it, ja or ru.") var language = TakeoutLanguage.english
    @Option(help: "The moment of the first export, as its name has it.") var stamp = "20260301T101500Z"
    @Flag(help: "Name sidecars as until autumn 2024.") var oldNames = false
    @Flag(help: "Leave out edited copies, motion photos and files without metadata.") var plain = false

    func run() async throws {
        var options = FakeOptions()
        options.plan = library.plan
        var plan = TakeoutPlan()
        plan.seed = library.seed
        plan.packing = packing
        plan.parts = parts
        plan.increments = incremental
        plan.language = language
        plan.stamp = stamp
        plan.hasOldNames = oldNames
        plan.hasExtras = !plain
        let summary = try FakeLibrary(options: options).writeTakeout(to: directory, plan: plan)
        print("\(summary.files) files of \(summary.items) items, \(summary.bytes) bytes, in \(directory)")
    }
}

extension TakeoutPlan.Packing: ExpressibleByArgument {}
extension TakeoutLanguage: ExpressibleByArgument {}
