import ArgumentParser
import ConnectorKit
import PhotosAPI
import PhotosImporter

/// What a command that reads a source can be told of the Picker.
struct PickerOptions: ParsableArguments {
    @Flag(help: "With a source that has the setting picker: choose more of its library.")
    var choose = false

    @Option(help: "The most items to choose at a time, 1 to 2000.")
    var maxItems: Int?

    @Flag(help: "To choose, open no browser on this machine.")
    var noBrowser = false

    func validate() throws {
        if let maxItems, !PhotosClient.pickerLimit.contains(maxItems) {
            throw ValidationError("--max-items takes 1 to 2000")
        }
    }

    /// The source with what is given here in place of its settings.
    func applied(to reference: RemoteReference) -> RemoteReference {
        var chosen = reference
        chosen.settings["max_items"] = maxItems.map(String.init)
        if choose { chosen.settings["choose"] = "true" }
        return chosen
    }

    /// - Throws: ``Failure`` with status `usage` for an option that the source does not have.
    func dialogue(
        _ config: [String: String], context: CommandContext, console: Console
    ) throws(Failure) -> PickerDialogue {
        let way = SourceKind(location: config["location"])
        let isMixed = (try? Settings(config).bool("picker", default: false)) == true
        let hasPicker = way == .picker || way == .library && isMixed
        if !hasPicker, maxItems != nil || choose {
            throw Failure(
                .usage, "\(choose ? "--choose" : "--max-items") is for the Picker alone: other sources are read whole",
                hint: "narrow this one with --since, --until, --album or --include; "
                    + "gphotos source set NAME picker=true adds what you choose to a library")
        }
        return PickerDialogue(
            context: context, console: console, opensBrowser: !noBrowser,
            asksForMore: hasPicker && (config["choose"] ?? (way == .picker ? "true" : "false")) != "false")
    }
}

/// The person who chooses in the Picker: shows them the link, and asks them for more.
struct PickerDialogue: Sendable {
    let context: CommandContext
    let console: Console
    var opensBrowser = false
    var asksForMore = false

    /// Whether somebody sits at a terminal.
    private var isAttended: Bool { context.stdin.isTerminal && context.stderr.isTerminal && !console.isJSON }

    /// Shows a person what to do. On a terminal with a code for the camera of a phone, and in the browser of this machine
    /// where there is one.
    func show(_ message: String, link: String) {
        let words = message.hasSuffix(link) ? String(message.dropLast(link.count)) : message
        console.ask(words.trimmingSuffix(while: \.isWhitespace), link: link)
        guard isAttended else { return }
        let colours = (context.environment["NO_COLOR"] ?? "").isEmpty
        if let code = QRCode(link) { try? console.stderr.write(code.text(colours: colours) + "\n") }
        // The page closes itself after Done.
        // <https://developers.google.com/photos/picker/guides/get-started-picker>
        if opensBrowser { _ = Browser(environment: context.environment)?.open(link + "/autoclose") }
    }

    /// Runs a body once; at a terminal, and where a person chooses, again as long as they want to choose more.
    /// - Returns: the sum of what the body returned: how many items failed.
    func rounds(_ body: () async throws -> Int) async throws -> Int {
        var failed = try await body()
        while asksForMore, isAttended, try await wantsMore() {
            do {
                failed += try await body()
            } catch let error as ConnectorError where error.code == .notPicked {
                console.note(error.message)
                break
            }
        }
        return failed
    }

    private func wantsMore() async throws -> Bool {
        try console.stderr.write("Choose the next ones? [y/N] ")
        guard let answer = try await context.stdin.readLine() else {
            try console.stderr.write("\n")
            return false
        }
        return ["y", "yes"].contains(answer.lowercased().trimmingSuffix(while: \.isWhitespace))
    }
}

extension String {
    fileprivate func trimmingSuffix(while isLeftOut: (Character) -> Bool) -> String {
        var text = self[...]
        while let last = text.last, isLeftOut(last) { text.removeLast() }
        return String(text)
    }
}
