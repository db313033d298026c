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
