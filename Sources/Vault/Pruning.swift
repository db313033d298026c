import Foundation

/// Removes the files below `objects/` that the catalog does not know.
struct Pruning: Sendable {
    let layout: VaultLayout
    let catalog: Catalog

    func removeUnknownFiles() async throws -> VaultWriter.Pruned {
        var pruned = VaultWriter.Pruned(objects: 0, bytes: 0)
        for directory in try names(in: layout.objects) {
            try Task.checkCancellation()
            let path = layout.objects + "/" + directory
            for name in (try? names(in: path)) ?? [] {
                guard let size = OpenFile.size(at: path + "/" + name), try !isKnown(name) else { continue }
                if unlink(path + "/" + name) != 0 {
                    throw VaultError(errno: errno, trying: "remove \(path)/\(name)")
                }
                pruned.objects += 1
                pruned.bytes += size
            }
            await Task.yield()
        }
        return pruned
    }

    private func names(in directory: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: directory)
        } catch {
            throw VaultError(.cannotRead, "cannot read \(directory): \(error.localizedDescription)")
        }
    }

    /// A file whose name is not that of an object is not ours, and left alone.
    private func isKnown(_ name: String) throws -> Bool {
        let isCompressed = name.hasSuffix(VaultLayout.compressedSuffix)
        let hex = isCompressed ? String(name.dropLast(VaultLayout.compressedSuffix.count)) : name
        guard let id = ObjectID(hex: hex) else { return true }
        return try catalog.form(of: id)?.isCompressed == isCompressed
    }
}
