import ConnectorKit
import HostEngine
import StrictJSON
import Synchronization
import Testing

@testable import Commands

/// How a long run is shown while it goes on.
struct RunReportTests {
    private func progress(_ files: Int, bytes: Int64, read: Int64? = nil, errors: Int = 0) -> RunProgress {
        var progress = RunProgress()
        (progress.files, progress.bytes, progress.bytesRead, progress.errors) = (files, bytes, read ?? bytes, errors)
        return progress
    }

    @Test func itSaysHowFarItIsHowFastAndForHowLong() {
        let start = Timestamp(seconds: 1000)
        var pace = RunPace(start: start)
        pace.hear(Progress(phase: "listing"), at: start)
        #expect(pace.text(at: start) == "listing")
        pace.hear(Progress(phase: "listing", items: 12_400), at: start)
        #expect(pace.text(at: start) == "listing, 12,400 items so far")
        // From now on the total is known; the rest takes as long for each item.
        pace.hear(Progress(phase: "reading", items: 0, itemsTotal: 80_000), at: start)
        for second in 1...60 {
            let now = start.adding(seconds: Int64(second))
            pace.take(progress(second * 100, bytes: Int64(second) << 20), at: now)
            pace.hear(Progress(phase: "reading", items: second * 80, itemsTotal: 80_000), at: now)
            if second == 3 { #expect(!pace.text(at: now).contains(" left")) }
        }
        let text = pace.text(at: start.adding(seconds: 60))
        #expect(text == "6,000 files, 60.0 MiB, 1.0 MiB/s, 6% of 80,000 items, 15m 40s left")
        pace.take(progress(6001, bytes: 60 << 20, errors: 2), at: start.adding(seconds: 90))
        #expect(pace.text(at: start.adding(seconds: 90)).contains("6,001 files, 60.0 MiB, 2 errors, 6% of"))
    }

    @Test func whatIsHandedOutAndNotSettledIsNotDone() {
        let start = Timestamp(seconds: 1000)
        var pace = RunPace(start: start)
        pace.hear(Progress(phase: "reading", items: 300, itemsTotal: 300), at: start)
        #expect(pace.text(at: start) == "0 files, 0 B, 0% of 300 items")
        var progress = progress(50, bytes: 0)
        progress.filesSeen = 500
        pace.take(progress, at: start.adding(seconds: 10))
        #expect(pace.text(at: start.adding(seconds: 10)) == "50 files, 0 B, 10% of 300 items, 1m 30s left")
        progress.files = 500
        pace.take(progress, at: start.adding(seconds: 20))
        #expect(pace.text(at: start.adding(seconds: 20)) == "500 files, 0 B, 100% of 300 items")
    }

    @Test func whatIsNotReadHasNoSpeed() {
        let start = Timestamp(seconds: 1000)
        var pace = RunPace(start: start)
        for second in 1...5 {
            pace.take(progress(second, bytes: Int64(second) << 30, read: 0), at: start.adding(seconds: Int64(second)))
        }
        #expect(pace.text(at: start.adding(seconds: 5)) == "5 files, 5.0 GiB")
    }

    /// A terminal of some columns, on which a line is rewritten.
    private func console(_ recorder: Recorder, columns: Int = 40, isJSON: Bool = false) -> Console {
        var output = recorder.output
        output.isTerminal = true
        output.columns = { columns }
        return Console(
            stdout: Recorder().output, stderr: output, isJSON: isJSON, level: .info, rewritesLine: !isJSON)
    }

    @Test func theLineFitsTheTerminalAndGivesWayToOthers() {
        let recorder = Recorder()
        let console = console(recorder)
        let seconds = Counter()
        let runtime = Runtime(
            now: { Timestamp(seconds: seconds.next()) }, sleep: { _ in }, random: { 0.5 }, environment: [:])
        let report = RunReport("backing up", console: console, runtime: runtime)
        report.heard(Progress(phase: "listing\u{1B}[2J of a very long name indeed", items: 123_456))
        #expect(recorder.text.hasPrefix("\r\u{1B}[Kbacking up: listing\u{FFFD}[2J of a very"))
        #expect(recorder.text.dropFirst(4).count <= 39)
        console.warn("something")
        #expect(recorder.text.hasSuffix("\r\u{1B}[Kwarning: something\n"))
        report.progress(progress(1, bytes: 1))
        report.finish()
        #expect(recorder.text.hasSuffix("backing up: 1 file, 1 B\r\u{1B}[K"))
        report.failed(.root, ConnectorError(.corrupt, "no good", hint: "look\nat it"))
        #expect(report.listFailures("could not be read") == 1)
        #expect(
            recorder.text.hasSuffix("error: 1 item could not be read:\n\r\u{1B}[K  /: no good (look\u{FFFD}at it)\n"))
    }

    @Test func anInterruptionIsExplainedAndOtherErrorsAreNot() {
        let report = RunReport("backing up", console: console(Recorder()), runtime: .live)
        report.progress(progress(1204, bytes: 1))
        let failure = report.explained(CancellationError(), kept: "what was read is kept") as? Failure
        #expect(failure?.status == .interrupted)
        #expect(failure?.message == "ended before its end after 1,204 files: what was read is kept")
        let other = ConnectorError(.network, "no connection")
        #expect(report.explained(other, kept: "") as? ConnectorError == other)
    }
}

private final class Counter: Sendable {
    private let value = Mutex<Int64>(0)

    func next() -> Int64 {
        value.withLock { value in
            value += 1
            return value
        }
    }
}
