import ConnectorKit
import PhotosImporter
import PhotosLibrary
import StrictJSON
import Takeout
import Vault

/// How it stands with one source, by what this machine knows.
struct SourceStatus: Sendable {
    /// Nil for exports that have no name.
    let name: String?
    let way: SourceKind
    let location: String
    /// As it is written on a command line.
    private let reference: String
    private let account: String?
    /// Exports that are one library with what the API shows.
    private let exports: String?
    /// Whether what was chosen in the Picker is one library with that, too.
    let hasPicks: Bool
    private let knowledge: SourceKnowledge?
    /// Why nothing is known.
    private let failure: Failure?
    private let last: Snapshot?
    private let now: Timestamp

    /// An export that is older than this is worth another: Google makes them every two months at most by itself.
    /// <https://support.google.com/accounts/answer/3024190>
    private static let longestExportAge: Int64 = 61 * 86400

    init(
        name: String?, settings: [String: String], snapshots: [Snapshot], context: CommandContext, console: Console
    ) async {
        self.name = name
        var settings = Settings(settings)
        location = settings["location"] ?? RemoteSettings.defaultLocation
        way = SourceKind(location: location)
        account = settings["account"]
        exports = way == .library ? settings["takeout"] : nil
        hasPicks = way == .picker || (try? settings.bool("picker", default: false)) == true
        let reference = name.map { "@" + $0 } ?? location
        self.reference = reference
        now = context.runtime.now()
        settings["name"] = name
        do {
            knowledge = try await SourceKnowledge(
                of: settings, environment: context.environment, reporter: ConsoleReporter(console: console))
            failure = nil
        } catch {
            knowledge = nil
            failure = Failure(describing: error)
        }
        let spellings = [reference, location]
        last = snapshots.last { snapshot in
            // A path or filters may follow.
            spellings.contains { snapshot.source == $0 || snapshot.source.hasPrefix($0 + " ") }
                || name != nil && snapshot.source.hasPrefix(reference + ":")
        }
    }

    var title: String {
        let whose = account.map { ", account \($0)" } ?? ""
        let label = name.map { "\($0): " } ?? ""
        return way == .takeout
            ? "\(label)Takeout exports in \(location.dropFirst(TakeoutSettings.scheme.count))"
            : "\(label)\(way.title)\(whose)"
    }

    // MARK: - What there is

    var covers: [String] {
        switch knowledge {
        case .library(let summary?, let picks):
            [
                (summary.items.map { HumanFormat.count($0, "item") + (isMixed ? ": what" : " that") } ?? "what")
                    + " this client id uploaded\(others), as of \(when(summary.time))"
            ] + (picks.map(covers) ?? [])
        case .library(nil, let picks):
            ["what this client id uploaded\(others); it was not listed yet"] + (picks.map(covers) ?? [])
        case .picker(let picks): covers(picks)
        case .takeout(let report?):
            [
                "\(HumanFormat.count(report.items, "item")), \(HumanFormat.size(report.bytes)), in "
                    + HumanFormat.count(report.albums, "album"),
                exported(report).map { "the library as it was on \(when($0))" } ?? "an export without a date",
            ]
        case .takeout(nil): ["nobody has looked into it yet"]
        case nil: ["not known: \(failure?.message ?? "")"]
        }
    }

    private func covers(_ picks: SourceKnowledge.Picks) -> [String] {
        if picks.items == 0 {
            return [picks.isUnfinished ? "nothing yet; a choice is waiting to be read" : "nothing was chosen yet"]
        }
        let last = picks.last.map { ", the last on \(when($0))" } ?? ""
        return ["\(HumanFormat.count(picks.items, "item")) that you chose\(last)"]
            + (picks.isUnfinished ? ["a choice is waiting to be read to its end"] : [])
    }

    /// Whether another way is a part of it.
    private var isMixed: Bool { exports != nil || hasPicks }

    /// The other ways that are a part of it.
    private var others: String {
        let exports = exports.map { "the Takeout exports in \($0)" }
        let ways = [exports, way == .library && hasPicks ? "what you chose in the Picker" : nil].compactMap(\.self)
        return ways.isEmpty ? "" : (ways.count > 1 ? ", " : " and ") + ways.joined(separator: ", and ")
    }

    /// Whether Takeout is a part of it.
    var hasExports: Bool { way == .takeout || exports != nil }

    func backup(now: Timestamp) -> String {
        guard let last else { return "never backed up into this vault" }
        let errors = last.errors > 0 ? ", \(HumanFormat.count(last.errors, "error"))" : ""
        return "\(HumanFormat.count(last.files, "file")), \(HumanFormat.size(last.bytes))\(errors), backed up on "
            + when(last.time)
    }

    /// Such as `2026-03-01 10:15:00 (3 days ago)`.
    private func when(_ time: Timestamp) -> String {
        let days = max(0, now.seconds - time.seconds) / 86400
        let ago =
            switch days {
            case 0: "today"
            case 1: "1 day ago"
            default: "\(HumanFormat.number(Int(days))) days ago"
            }
        return "\(time.toTheSecond) (\(ago))"
    }

    private func exported(_ report: TakeoutReport) -> Timestamp? { report.parts.compactMap(\.date).max() }

    // MARK: - What is missing

    var missing: [String] {
        switch way {
        case .library where exports != nil:
            return [
                "whatever came since the last export, but for what this client id uploaded"
                    + (hasPicks ? " and what you chose" : ""),
                "of what is in no export: the place of photos, and the originals of videos",
            ]
        case .library:
            return [
                "everything that this client id did not upload\(hasPicks ? " and you did not choose" : ""): Google does not "
                    + "show it",
                "the place of photos, and the originals of videos",
            ]
        case .picker:
            return [
                "what you did not choose", "albums, descriptions, favourites, the place of photos, original videos",
            ]
        case .takeout:
            var missing = ["whatever came since the export"]
            guard case .takeout(let report?) = knowledge else { return missing }
            if let date = exported(report) { missing = ["whatever came since \(when(date))"] }
            if report.unmatched > 0 {
                missing.append("the metadata of \(HumanFormat.count(report.unmatched, "item"))")
            }
            if let problem = report.problems.first {
                let more = report.problems.count > 1 ? " (and \(report.problems.count - 1) more)" : ""
                missing.append("\(problem.description)\(more)")
            }
            return missing
        }
    }

    // MARK: - What to do

    var next: [String] {
        let backUp = "gphotos backup \(reference)"
        guard let knowledge else {
            return failure.map { [$0.hint ?? "gphotos source show \(name ?? "")"] } ?? []
        }
        switch knowledge {
        case .library(_, nil): return [backUp]
        case .library(_, let picks?):
            return [
                backUp + (picks.isUnfinished ? "    goes on with what was chosen" : ""),
                backUp + " --choose    shows a link to choose with",
            ]
        case .picker(let picks):
            return [
                backUp + (picks.isUnfinished ? "    goes on with what was chosen" : "    shows a link to choose with")
            ]
        case .takeout(nil):
            return ["gphotos takeout inspect \(directory)", backUp]
        case .takeout(let report?):
            var steps: [String] = []
            if !report.problems.isEmpty {
                steps.append("download again what is damaged or missing: gphotos takeout inspect \(directory) lists it")
            }
            if exported(report).map({ now.seconds - $0.seconds > Self.longestExportAge }) ?? false {
                steps.append(
                    "order an incremental export at https://takeout.google.com and put its parts into \(directory)")
            }
            let isStored = last.map { backup in exported(report).map { $0 < backup.time } ?? true } ?? false
            if !isStored || !steps.isEmpty { steps.append(backUp) }
            return steps.isEmpty ? ["nothing until the next export"] : steps
        }
    }

    private var directory: String { String(location.dropFirst(TakeoutSettings.scheme.count)) }

    // MARK: - For programs

    var json: JSON {
        var object: JSONObject = [
            "name": name.map { .string($0) } ?? .null, "way": .string(way.rawValue), "location": .string(location),
        ]
        switch knowledge {
        case .library(let summary, let picks):
            object["items"] = summary?.items.map { .integer(Int64($0)) }
            object["as_of"] = summary.map { .string($0.time.description) }
            object["chosen"] = picks.map { .integer(Int64($0.items)) }
            object["unfinished"] = picks.map { .bool($0.isUnfinished) }
        case .picker(let picks):
            object["items"] = .integer(Int64(picks.items))
            object["as_of"] = picks.last.map { .string($0.description) }
            object["unfinished"] = .bool(picks.isUnfinished)
        case .takeout(let report?):
            object["items"] = .integer(Int64(report.items))
            object["as_of"] = exported(report).map { .string($0.description) }
            object["problems"] = .integer(Int64(report.problems.count))
        default: break
        }
        if let failure { object["error"] = ["code": .string(failure.code), "message": .string(failure.message)] }
        object["last_backup"] =
            last.map { snapshot in
                [
                    "snapshot": .string(snapshot.id), "time": .string(snapshot.time.description),
                    "files": .integer(Int64(snapshot.files)), "bytes": .integer(snapshot.bytes),
                    "errors": .integer(Int64(snapshot.errors)),
                ]
            } ?? .null
        object["covers"] = .array(covers.map { .string($0) })
        object["missing"] = .array(missing.map { .string($0) })
        object["next"] = .array(next.map { .string($0) })
        return .object(object)
    }
}

extension SourceKind {
    var title: String {
        switch self {
        case .takeout: "Takeout"
        case .picker: "Picker"
        case .library: "Library API"
        }
    }

    /// What it reaches, and with how much work.
    var reach: String {
        switch self {
        case .takeout:
            "the whole library as it is on the day of the export: originals, places, albums, people. No sign-in."
        case .picker: "whatever you choose on a page of Google Photos, up to 2,000 at a time."
        case .library: "by itself every night, but only what gphotos, or rclone with your client id, uploaded."
        }
    }

    /// What to do to have it, command by command.
    var steps: [String] {
        let client = "make a client id of your own (docs/google-client.md), once"
        switch self {
        case .takeout:
            return [
                "order an export of Google Photos at https://takeout.google.com (.zip, 50 GB), and download all parts "
                    + "into one folder",
                "gphotos takeout inspect FOLDER", "gphotos backup takeout:///FOLDER",
            ]
        case .picker:
            return [
                client, "gphotos source add chosen picker:// client_id=ID", "gphotos source set chosen client_secret=-",
                "gphotos login chosen", "gphotos backup @chosen",
            ]
        case .library:
            return [
                client, "gphotos source add mine googlephotos:// client_id=ID",
                "gphotos source set mine client_secret=-", "gphotos login mine", "gphotos backup @mine",
            ]
        }
    }
}
