import Foundation
import Testing

@testable import Commands

struct InterruptionTests {
    /// Returns when the task is cancelled.
    private static func cancellation() async {
        let (stream, continuation) = AsyncStream<Never>.makeStream()
        await withTaskCancellationHandler {
            for await _ in stream {}
        } onCancel: {
            continuation.finish()
        }
    }

    /// The one test that sends a signal: it goes to the whole process.
    @Test func signalCancels() async {
        let result = await Interruption.watching {
            kill(getpid(), SIGTERM)
            await Self.cancellation()
            return 1
        }
        #expect(result == 143)
    }

    @Test func interruptionWhileItRuns() async {
        let run = InterruptibleRun()
        let task = Task<Int32, Never> {
            run.interrupt(SIGINT)
            await Self.cancellation()
            return 1
        }
        #expect(await run.result(of: task) == 130)
    }

    /// As from timeout(1), which signals a process and its group. Else this would end the tests.
    @Test func aSecondSignalAtTheSameTimeIsTheFirstOne() async {
        let run = InterruptibleRun()
        let now = ContinuousClock.now
        run.interrupt(SIGTERM, at: now)
        run.interrupt(SIGTERM, at: now + .milliseconds(900))
        #expect(await run.result(of: Task { 1 }) == 143)
    }

    @Test func interruptionBeforeItRuns() async {
        let run = InterruptibleRun()
        run.interrupt(SIGTERM)
        let task = Task<Int32, Never> {
            await Self.cancellation()
            return 1
        }
        #expect(await run.result(of: task) == 143)
    }

    @Test func whatWasDoneInSpiteOfASignalIsDone() async {
        let run = InterruptibleRun()
        run.interrupt(SIGTERM)
        #expect(await run.result(of: Task { 0 }) == 0)
    }

    @Test func withoutASignalTheStatusStays() async {
        #expect(await InterruptibleRun().result(of: Task { 66 }) == 66)
    }
}
