import ConnectorKit
import Dispatch
import Glibc

/// Runs a connector for the host on the other end of two descriptors, until the session ends.
///
/// SIGINT and SIGTERM end the session in order while it runs, and so does the cancellation of the task. Five seconds
/// after the end was asked for it returns, whatever the connector does.
/// - Parameters:
///   - input: where the host's messages come from; closed at the end.
///   - output: where the connector's messages go; closed at the end.
///   - runtime: its clock paces progress.
///   - watchesSignals: false in a program that watches them itself and cancels the task: a process has one watcher.
/// - Returns: the exit status (docs/protocol.md, "Exit status").
public func runConnector(
    _ plugin: ConnectorPlugin, role: ConnectorRole, input: Int32, output: Int32, runtime: Runtime,
    watchesSignals: Bool = true
) async -> Int32 {
    Descriptors.prepare(input, output)
    let session: ConnectorSession
    do {
        session = try ConnectorSession(plugin, role: role, input: input, output: output, runtime: runtime)
    } catch {
        Descriptors.close(input, output)
        return 1
    }
    let watches = (watchesSignals ? [SIGINT, SIGTERM] : []).map { number in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number)
        source.setEventHandler { session.end(.signalled(number)) }
        source.resume()
        return source
    }
    let status = await withTaskCancellationHandler {
        await session.run()
    } onCancel: {
        session.end(.signalled(SIGTERM))
    }
    for watch in watches { watch.cancel() }
    return status
}
