import ArgumentParser
import ConnectorKit
import Foundation
import Vault

/// Which vault.
struct VaultOptions: ParsableArguments {
    @Option(help: "The directory of the vault (default: below $XDG_DATA_HOME/gphotos).")
    var vault: String?

    func directory(_ context: CommandContext) throws -> String {
        if let vault { return context.absolutePath(vault) }
        return try BaseDirectories(environment: context.environment).data + "/vault"
    }

    /// Opens a vault that must be there.
    /// - Throws: where the directory is something else, ``Failure`` with status `notFound`: only whoever would write into
    ///   it is kept from that.
    func open(_ context: CommandContext) throws -> Vault {
        do {
            return try Vault.open(at: try directory(context), runtime: context.runtime)
        } catch let error as VaultError where error.kind == .notAVault {
            throw Failure(.notFound, error.message, hint: "name the directory of a vault with --vault")
        }
    }
}

/// `SNAPSHOT[:PATH]`: an id, the beginning of one, or `latest`, and a part of it.
struct SnapshotReference: Sendable, Hashable {
    var snapshot: String
    var path: Pathname

    init(_ text: String) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        snapshot = String(parts[0])
        guard parts.count > 1 else {
            path = .root
            return
        }
        var place = String(parts[1]).precomposedStringWithCanonicalMapping
        while place.count > 1, place.hasSuffix("/") { place.removeLast() }
        do {
            path = try Pathname(place.hasPrefix("/") ? place : "/" + place)
        } catch {
            throw Failure(.usage, "\(text) does not name a part of a snapshot: \(error.message)")
        }
    }
}

extension VaultError: FailureDescribing {
    var failure: Failure {
        let status: ExitStatus =
            switch kind {
            case .noVault, .noSuchSnapshot, .noSuchPath: .notFound
            case .notAVault, .noAccess, .cannotWrite, .full: .cannotWrite
            case .newerFormat: .badConfiguration
            case .damaged, .cannotRead: .badInput
            case .inUse: .comeBackLater
            }
        return Failure(status, message, hint: hint)
    }
}
