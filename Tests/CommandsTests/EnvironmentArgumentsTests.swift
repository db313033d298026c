import ArgumentParser
import StrictJSON
import Testing

@testable import Commands

struct EnvironmentArgumentsTests {
    /// One option of each form.
    struct Sample: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "sample", aliases: ["alias"])
        @Option(name: .shortAndLong) var readData: String?
        @Option var album: [String] = []
        @Flag var favorites = false
        @Flag(name: .shortAndLong) var verbose: Int
        @Flag(inversion: .prefixedNo) var browser = true
        @Flag(help: .hidden) var secretWish = false
        @Argument var names: [String] = []
    }

    struct Root: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "root", subcommands: [Sample.self])
    }

    private func parse(_ arguments: [String], _ environment: [String: String]) throws -> Sample {
        let all = try EnvironmentArguments(root: Root.self, environment: environment).adding(to: arguments)
        return try #require(try Root.parseAsRoot(all) as? Sample)
    }

    @Test(arguments: ["sample", "alias"]) func everyFormHasItsVariable(name: String) throws {
        let sample = try parse(
            [name, "x"],
            [
                "GPHOTOS_READ_DATA": "--odd value=1", "GPHOTOS_ALBUM": "a b\n-c", "GPHOTOS_FAVORITES": "TRUE",
                "GPHOTOS_VERBOSE": "2", "GPHOTOS_NO_BROWSER": "1", "GPHOTOS_SECRET_WISH": "yes",
                "GPHOTOS_HELP": "1", "GPHOTOS_VERSION": "1", "GPHOTOS_UNKNOWN": "1", "GPHOTOS_NAMES": "y",
            ])
        #expect(sample.readData == "--odd value=1")
        #expect(sample.album == ["a b", "-c"])
        #expect(sample.favorites)
        #expect(sample.verbose == 2)
        #expect(!sample.browser)
        #expect(sample.secretWish)
        #expect(sample.names == ["x"])
    }

    @Test(arguments: [
        ["--read-data", "arg"], ["--read-data=arg"], ["-r", "arg"], ["x", "--read-data", "arg"],
    ]) func flagComesBeforeTheVariable(given: [String]) throws {
        #expect(try parse(["sample"] + given, ["GPHOTOS_READ_DATA": "env"]).readData == "arg")
    }

    @Test func givenListsAndCountersReplaceTheirVariables() throws {
        let environment = ["GPHOTOS_ALBUM": "a\nb", "GPHOTOS_VERBOSE": "5"]
        let sample = try parse(["sample", "--album", "c", "-vv"], environment)
        #expect(sample.album == ["c"])
        #expect(sample.verbose == 2)
    }

    @Test func givenFlagReplacesTheVariableOfItsInversion() throws {
        #expect(try parse(["sample", "--browser"], ["GPHOTOS_NO_BROWSER": "1"]).browser)
        #expect(try !parse(["sample", "--no-browser"], ["GPHOTOS_BROWSER": "1"]).browser)
    }

    @Test func nothingBehindTheTerminatorCountsAsGiven() throws {
        let sample = try parse(["sample", "--", "--read-data"], ["GPHOTOS_READ_DATA": "env"])
        #expect(sample.readData == "env")
        #expect(sample.names == ["--read-data"])
    }

    @Test func emptyAndFalseAreDefault() throws {
        let sample = try parse(
            ["sample"], ["GPHOTOS_READ_DATA": "", "GPHOTOS_FAVORITES": "0", "GPHOTOS_VERBOSE": "off"])
        #expect(sample.readData == nil)
        #expect(!sample.favorites)
        #expect(sample.verbose == 0)
    }

    @Test(arguments: ["GPHOTOS_FAVORITES", "GPHOTOS_VERBOSE"]) func nonsense(variable: String) throws {
        let failure = #expect(throws: Failure.self) { try parse(["sample"], [variable: "maybe"]) }
        #expect(failure?.status == .usage)
        #expect(failure?.message.contains(variable) == true)
    }

    /// All commands by the words that name them.
    private static func leaves(
        of command: any ParsableCommand.Type = Gphotos.self, path: [String] = []
    ) -> [(path: [String], command: any ParsableCommand.Type)] {
        let subcommands = command.configuration.subcommands
        if subcommands.isEmpty { return [(path, command)] }
        return subcommands.flatMap { leaves(of: $0, path: path + [$0._commandName]) }
    }

    @Test func everyOptionOfEveryCommandHasItsVariable() throws {
        var count = 0
        for (path, command) in Self.leaves() {
            let declared = try JSON(parsing: command._dumpHelp())["command"]?["arguments"]?.arrayValue ?? []
            for argument in declared where argument["kind"] != "positional" {
                let names = argument["names"]?.arrayValue ?? []
                let name = try #require(names.first { $0["kind"] == "long" }?["name"]?.stringValue, "\(path)")
                if name == "help" || name == "version" { continue }
                let isFlag = argument["kind"] == "flag"
                let variable = "GPHOTOS_" + name.uppercased().replacing("-", with: "_")
                let environment = [variable: isFlag ? "1" : "value"]
                let added = try EnvironmentArguments(root: Gphotos.self, environment: environment).adding(to: path)
                #expect(added == path + [isFlag ? "--\(name)" : "--\(name)=value"])
                count += 1
            }
        }
        #expect(count > 40)
    }

    @Test func inWholeCommands() async throws {
        let sandbox = try Sandbox()
        let path = try sandbox.write(Rclone.remote("demo"), to: "rclone.conf")
        #expect(await sandbox.run("source import", environment: ["GPHOTOS_CONFIG": path]).status == 0)
        let json = await sandbox.run("source list", environment: ["GPHOTOS_JSON": "true"])
        #expect(try JSON(parsing: json.out)[0]["name"] == "demo")
        let secrets = await sandbox.run("source show", environment: ["GPHOTOS_SECRETS": "1"])
        #expect(secrets.out.contains(Rclone.clientSecret))
        let wrong = await sandbox.run("source list", environment: ["GPHOTOS_QUIET": "perhaps"])
        #expect(wrong.status == 64)
        #expect(wrong.err.contains("GPHOTOS_QUIET"))
    }
}

extension JSON {
    fileprivate subscript(index: Int) -> JSON { arrayValue?[index] ?? .null }
}
