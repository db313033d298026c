import ArgumentParser
import ConnectorKit
import Foundation
import PhotosLibrary
import RcloneConfig
import StrictJSON
import Testing

@testable import Commands

struct GphotosCLITests {
    @Test(arguments: ["version", "--version", "--json --version", "version --json", "--json version"])
    func version(arguments: String) async throws {
        let outcome = try await Sandbox().run(arguments)
        #expect(outcome.status == 0)
        #expect(outcome.err == "")
        if arguments.contains("json") {
            #expect(try JSON(parsing: outcome.out) == ["name": "gphotos", "version": "0.1.0"])
        } else {
            #expect(outcome.out == "gphotos 0.1.0\n")
        }
    }

    @Test(arguments: [
        "", "--help", "help", "source", "source --help", "help source", "help source import", "source list -h",
    ])
    func helpIsAResult(arguments: String) async throws {
        let outcome = try await Sandbox().run(arguments)
        #expect(outcome.status == 0)
        #expect(outcome.out.contains("USAGE: gphotos"))
        #expect(outcome.err == "")
    }

    @Test func helpIsOfTheCommandThatWasNamed() async throws {
        let outcome = try await Sandbox().run("help destination import")
        #expect(outcome.out.contains("USAGE: gphotos destination import"))
        #expect(!outcome.out.contains("--rclone"))
    }

    @Test func exitCodesAreTheTable() async throws {
        let outcome = try await Sandbox().run("help exit-codes")
        #expect(outcome.status == 0)
        let numbers = outcome.out.split(separator: "\n").dropFirst().compactMap { line in
            line.split(separator: " ").first.flatMap { Int($0) }
        }
        #expect(numbers == [0, 1, 3, 64, 65, 66, 69, 73, 75, 77, 78, 130, 143])
        let json = try JSON(parsing: await Sandbox().run("help exit-codes --json").out)
        #expect(json.arrayValue?.compactMap { $0["exit_status"]?.integerValue } == numbers.map(Int64.init))
    }

    @Test(arguments: ["bogus", "source bogus", "source list --bogus", "source list x", "source set", "help bogus"])
    func wrongUsage(arguments: String) async throws {
        let outcome = try await Sandbox().run(arguments)
        #expect(outcome.status == 64)
        #expect(outcome.out == "")
        #expect(!outcome.err.isEmpty)
        let json = try await Sandbox().run(arguments + " --json")
        #expect(json.status == 64)
        let error = try JSON(parsing: json.err)
        #expect(error["type"] == "error")
        #expect(error["code"] == "usage")
        #expect(error["exit_status"] == 64)
    }

    @Test(arguments: [
        ("bakup", "there is no command \"bakup\"", "did you mean `gphotos backup`?"),
        ("--json-lines", "", ""), ("source pin", "\"source pin\"", "did you mean `gphotos source ping`?"),
        ("-q Backup @x", "\"Backup\"", "did you mean `gphotos backup`?"),
        ("source frobnicate", "\"source frobnicate\"", "`gphotos help source` lists the commands"),
        ("help bakup", "no help on", "did you mean `gphotos help backup`?"),
        ("backup --dryrun @x", "", "--dry-run"),
    ])
    func whatIsMisspeltIsGuessed(arguments: String, message: String, hint: String) async throws {
        let outcome = try await Sandbox().run(arguments)
        #expect(outcome.status == 64)
        #expect(message.isEmpty || outcome.err.contains(message), "\(outcome.err)")
        #expect(hint.isEmpty || outcome.err.contains(hint), "\(outcome.err)")
    }

    @Test func theSettingsAreListed() async throws {
        let text = try await Sandbox().run("help settings").out
        let json = try JSON(parsing: await Sandbox().run("help settings --json").out)
        let names = json.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []
        #expect(Set(names) == Set(LibrarySettings.definitions.map(\.name)))
        for name in names { #expect("\n\(text)".contains("\n\(name)  (")) }
        #expect(text.contains("albums  (copies or links, default: copies)"))
    }

    @Test func errorsForPeopleAndForPrograms() async throws {
        let sandbox = try Sandbox()
        let text = await sandbox.run("source show demo")
        #expect(
            text.err == """
                gphotos: there is no source "demo"
                hint: there is none yet: `gphotos source import` takes what rclone has

                """)
        let json = await sandbox.run("source show demo --json")
        #expect(json.out == "")
        #expect(json.err.hasSuffix("}\n") && json.err.count { $0 == "\n" } == 1)
        #expect(
            try JSON(parsing: json.err) == [
                "type": "error", "code": "not-found", "message": #"there is no source "demo""#,
                "hint": "there is none yet: `gphotos source import` takes what rclone has", "exit_status": 66,
            ])
    }

    @Test func quietSaysNoMoreThanWarnings() async throws {
        let sandbox = try Sandbox()
        #expect(await sandbox.run("source list").err.contains("there is no source yet"))
        #expect(await sandbox.run("source list -q").err == "")
    }

    @Test func closedOutputEndsQuietly() async throws {
        signal(SIGPIPE, SIG_IGN)
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        close(ends[0])
        defer { close(ends[1]) }
        for arguments in ["version", "help", "source --help"] {
            let outcome = try await Sandbox().run(arguments, stdout: .descriptor(ends[1]))
            #expect(outcome.status == 1)
            #expect(outcome.err == "")
        }
    }

    @Test func fullDiskIsTold() async throws {
        let descriptor = open("/dev/full", O_WRONLY)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let outcome = try await Sandbox().run("version", stdout: .descriptor(descriptor))
        #expect(outcome.status == 73)
        #expect(outcome.err == "gphotos: cannot write the output: no space left on device\n")
    }

    @Test(
        arguments: [
            (.config, 78), (.auth, 77), (.permission, 77), (.notFound, 66), (.quota, 75), (.rateLimited, 75),
            (.network, 69), (.unavailable, 69), (.corrupt, 65), (.readOnly, 77), (.rejected, 1), (.tooLarge, 1),
            (.cancelled, 130), (.protocolViolation, 1), (.version, 1), (.unsupported, 1), (.internalDefect, 1),
            (ConnectorError.Code(rawValue: "brand-new"), 1),
        ] as [(ConnectorError.Code, Int32)])
    func connectorErrors(code: ConnectorError.Code, status: Int32) {
        let error = ConnectorError(code, "a message", hint: "a hint")
        let failure = Failure(describing: error)
        #expect(failure.status.rawValue == status)
        #expect(failure.code == code.rawValue)
        #expect(failure.message == "a message")
        #expect(failure.hint == "a hint")
    }

    @Test(
        arguments: [(.unreadable, 65), (.noSuchSection, 66), (.unsuitable, 78)] as [(RcloneConfigError.Reason, Int32)])
    func rcloneErrors(reason: RcloneConfigError.Reason, status: Int32) {
        #expect(Failure(describing: RcloneConfigError(reason, "m", hint: "h")).status.rawValue == status)
    }

    private func ending(with error: any Error) throws -> (status: Int32, err: String) {
        var context = try Sandbox().context(stdin: nil, environment: [:])
        let recorder = Recorder()
        context.stderr = recorder.output
        return (FailureReport(context: context, isJSON: false).end(with: error), recorder.text)
    }

    @Test func otherEndings() throws {
        #expect(try ending(with: CancellationError()) == (130, "gphotos: cancelled\n"))
        #expect(try ending(with: ExitCode(.someItemsFailed)) == (3, ""))
        #expect(try ending(with: ExitCode(2)) == (2, ""))
        #expect(try ending(with: ClosedOutput()) == (1, ""))
        let defect = try ending(with: CocoaError(.coderInvalidValue))
        #expect(defect.status == 1)
        #expect(defect.err.hasPrefix("gphotos: an unexpected failure"))
        let hostile = try ending(with: Failure(.failed, "a\u{1B}[2J\nb", hint: "c\nd"))
        #expect(hostile.err == "gphotos: a\u{FFFD}[2J\u{FFFD}b\nhint: c\u{FFFD}d\n")
    }
}
