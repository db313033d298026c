import ConnectorKit
import StrictJSON
import Testing

@testable import Commands

struct OutputHelperTests {
    @Test(
        arguments: [
            (0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1_258_291, "1.2 MiB"), (1_048_575, "1.0 MiB"),
            (-2048, "-2.0 KiB"), (.max, "8.0 EiB"), (.min, "-8.0 EiB"), (5_497_558_138_880, "5.0 TiB"),
        ] as [(Int64, String)]) func sizes(bytes: Int64, text: String)
    {
        #expect(HumanFormat.size(bytes) == text)
    }

    @Test(arguments: [
        (0, "0 files"), (1, "1 file"), (999, "999 files"), (1_004_031, "1,004,031 files"), (-1000, "-1,000 files"),
    ]) func counts(number: Int, text: String) {
        #expect(HumanFormat.count(number, "file") == text)
    }

    @Test func plural() { #expect(HumanFormat.count(2, "directory", "directories") == "2 directories") }

    @Test(
        arguments: [
            (.milliseconds(0), "0.0s"), (.milliseconds(440), "0.4s"), (.milliseconds(9960), "10s"),
            (.seconds(59), "59s"),
            (.milliseconds(59_700), "1m 00s"), (.seconds(185), "3m 05s"), (.seconds(7200), "2h 00m"),
            (.seconds(3 * 86400 + 4 * 3600), "3d 04h"),
        ] as [(Duration, String)]) func durations(duration: Duration, text: String)
    {
        #expect(HumanFormat.duration(duration) == text)
    }

    @Test func table() {
        var table = TextTable(("NAME", .left), ("SIZE", .right), ("NOTE", .left))
        table.add("a\nb", "1 B", "")
        table.add("longer", "1000 B", "x\u{1B}")
        #expect(
            table.text == """
                NAME      SIZE  NOTE
                a\u{FFFD}b        1 B
                longer  1000 B  x\u{FFFD}

                """)
    }

    @Test(arguments: [
        ("plain ü 👩‍👩‍👧", true), ("a\tb", false), ("a\u{2028}", false), ("\u{202E}", false), ("\u{9B}", false),
    ])
    func printable(text: String, isKept: Bool) {
        #expect((text.printable == text) == isKept)
    }

    @Test func documentsAreIndentedForPeopleOnly() throws {
        for isTerminal in [false, true] {
            let recorder = Recorder()
            var output = recorder.output
            output.isTerminal = isTerminal
            let console = Console(stdout: output, stderr: Recorder().output, isJSON: true, level: .info)
            try console.print(["a": [1]])
            #expect(recorder.text == (isTerminal ? "{\n  \"a\": [\n    1\n  ]\n}\n" : "{\"a\":[1]}\n"))
        }
    }

    @Test func inputByLines() async throws {
        let input = Sandbox.input("first line\r\nsecond\n\nlast")
        var lines: [String] = []
        while let line = try await input.readLine() { lines.append(line) }
        #expect(lines == ["first line", "second", "", "last"])
    }

    @Test func longLinesAndInputsAreBounded() async throws {
        let text = String(repeating: "x", count: 1000)
        await #expect(throws: Failure.self) { try await Sandbox.input(text).readLine(limit: 100) }
        let bytes = try await Sandbox.input(text).readAll(limit: 100)
        #expect(bytes.count > 100 && bytes.count < 120)
    }
}
