import ArgumentParser
import ConnectorKit
import HostEngine
import StrictJSON
import Synchronization
import Vault

extension BackupCommand {
    /// Tells what a backup would read, and reads nothing.
    func preview(
        _ reference: RemoteReference, source: String, dialogue: PickerDialogue, context: CommandContext,
        console: Console
    ) async throws {
        let report = RunReport("looking", console: console, runtime: context.runtime)
        defer { report.finish() }
        let link = try await Connection.open(
            reference, kind: .source, context: context, console: console, dialogue: dialogue, report: report)
        do {
            let vault = try knownVault(context)
            let origin = link.identity.origin
            let snapshot = try vault?.snapshots().last { $0.source == source && $0.origin == origin }
            let lines = PreviewLines(command: "backup", console: console)
            let summary = try await link.records { record in
                if record.kind == .directory, record.error == nil { return }
                let old = try snapshot.flatMap { try vault?.entry(of: $0, at: record.pathname) }
                try lines.add(record.pathname, Self.change(record, since: old))
            }
            await link.close()
            report.finish()
            try lines.finish("would back up \(source)", counters: summary.counters, seconds: report.elapsed)
            if summary.errors > 0 { throw ExitCode(.someItemsFailed) }
        } catch {
            await link.close()
            throw error
        }
    }

    /// A vault that is not there yet knows nothing.
    private func knownVault(_ context: CommandContext) throws -> Vault? {
        do {
            return try vaultOptions.open(context)
        } catch let error as VaultError where error.kind == .noVault {
            return nil
        }
    }

    private static func change(_ record: Record, since old: SnapshotEntry?) -> PreviewLines.Change {
        if record.error != nil { return .failed }
        guard let old, old.record.kind == record.kind else { return .new }
        if record.kind == .symlink { return old.record.target == record.target ? .unchanged : .changed }
        let isSame =
            record.fingerprint != nil && old.record.fingerprint == record.fingerprint && old.object != nil
            && old.record.error == nil
        return isSame ? .unchanged : .changed
    }
}
