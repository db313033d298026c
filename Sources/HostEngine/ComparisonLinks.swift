import ConnectorKit
import Vault

extension Comparison {
    /// Makes a folder in which a person can look through the differences: `extra_files` and `duplicates` hold links to
    /// the files, `missing_files.txt` the pathnames of what there is no file to link to.
    /// - Parameters:
    ///   - path: of a folder that is empty or not there yet.
    ///   - folder: the absolute path of what was compared.
    /// - Throws: ``VaultError`` of kind `notAVault` where something is in it.
    public func writeLinks(to path: String, comparing folder: String) throws {
        let top = try LocalFolder(making: path).root
        if try !top.names().isEmpty {
            throw VaultError(.notAVault, "\(path) is not empty", hint: "choose a folder that is not there yet")
        }
        for (name, files) in [("extra_files", extra), ("duplicates", duplicates.map(\.file))] where !files.isEmpty {
            try top.makeSubdirectory(name)
            for file in files {
                var directory = try top.subdirectory(name)
                let parts = file.path.split(separator: "/").map(String.init)
                for part in parts.dropLast() {
                    try directory?.makeSubdirectory(part)
                    directory = try directory?.subdirectory(part)
                }
                try directory?.makeLink(parts.last ?? "", to: folder + file.path)
            }
        }
        if missing.isEmpty { return }
        let list = try TemporaryOutput(in: top, prefix: ".gphotos-", mode: 0o666)
        for item in missing { try list.write(Array("\(item.pathnames[0])\n".utf8)) }
        _ = try list.finish()
        try list.publish(as: "missing_files.txt")
    }
}
