import ConnectorKit
import Foundation

/// A part of an export as it lies in the directory: an archive, or a folder with what was unpacked.
struct PartFile: Sendable, Hashable {
    enum Kind: String, Sendable { case zip, tgz, folder }

    /// Path within the directory; `.` for the directory itself.
    var name: String
    var kind: Kind
    var path: String

    /// The moment of the export, from its own name or from that of the folder it is in.
    var export: String {
        for part in name.split(separator: "/").reversed() {
            let stamp = PartName(String(part)).stamp
            if !stamp.isEmpty { return stamp }
        }
        return ""
    }

    /// When the file was last changed in any way, in nanoseconds; a folder's own says nothing of what is in it.
    var changed: Int64 {
        var status = stat()
        guard kind != .folder, stat(path, &status) == 0 else { return 0 }
        return Int64(status.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(status.st_ctim.tv_nsec)
    }

    var numbers: PartName { PartName((name as NSString).lastPathComponent) }
}

/// The directory that a person keeps exports in.
struct ExportFolder: Sendable {
    let path: String

    /// Files that an operating system or a browser leaves behind.
    static func isJunk(_ name: String) -> Bool {
        name.hasPrefix("._")
            || [".ds_store", "thumbs.db", "desktop.ini", "archive_browser.html"].contains(name.lowercased())
    }

    /// The parts in the order of their exports and numbers.
    ///
    /// Archives count where they lie in the directory itself, or by their names in a folder of it; everything else is what
    /// was unpacked, one part for each folder.
    func parts() throws(ConnectorError) -> [PartFile] {
        var parts: [PartFile] = []
        for child in try Self.children(of: path) {
            let childPath = path + "/" + child.name
            if !child.isDirectory {
                if let kind = Self.archiveKind(child.name) {
                    parts.append(PartFile(name: child.name, kind: kind, path: childPath))
                }
                continue
            }
            for inner in try Self.children(of: childPath) where !inner.isDirectory {
                guard let kind = Self.archiveKind(inner.name), !PartName(inner.name).stamp.isEmpty else { continue }
                parts.append(
                    PartFile(name: child.name + "/" + inner.name, kind: kind, path: childPath + "/" + inner.name))
            }
            parts.append(PartFile(name: child.name, kind: .folder, path: childPath))
        }
        return parts.sorted { left, right in
            let (one, other) = (left.numbers, right.numbers)
            return (left.export, one.series.count, one.series, one.number ?? 0, left.name)
                < (right.export, other.series.count, other.series, other.number ?? 0, right.name)
        }
    }

    private static func archiveKind(_ name: String) -> PartFile.Kind? {
        let name = name.lowercased()
        if name.hasSuffix(".zip") { return .zip }
        return name.hasSuffix(".tgz") || name.hasSuffix(".tar.gz") ? .tgz : nil
    }

    struct Child {
        var name: String
        var isDirectory: Bool
        var isFile: Bool
        var size: Int64
        var modified: Timestamp
    }

    /// What is in a directory, by name. Links are told as neither file nor directory: they are not followed.
    private static let whatIsWanted = "name the folder that holds the parts of the export, or what they unpack to"

    private static func children(of path: String) throws(ConnectorError) -> [Child] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: path).sorted()
        } catch {
            var isDirectory: ObjCBool = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
                throw ConnectorError(.notFound, "there is no folder \(path)", hint: Self.whatIsWanted)
            }
            throw isDirectory.boolValue
                ? ConnectorError(.permission, "\(path) cannot be read", hint: "look at its owner and permissions")
                : ConnectorError(.notFound, "\(path) is no folder", hint: Self.whatIsWanted)
        }
        return names.compactMap { name in
            var status = stat()
            guard lstat(path + "/" + name, &status) == 0 else { return nil }
            let type = status.st_mode & S_IFMT
            return Child(
                name: name, isDirectory: type == S_IFDIR, isFile: type == S_IFREG, size: Int64(status.st_size),
                modified: Timestamp(
                    seconds: Int64(status.st_mtim.tv_sec), nanoseconds: Int32(status.st_mtim.tv_nsec)))
        }
    }

    /// Goes through the files of an unpacked part in the order of their names.
    /// - Parameter visit: is told of each, with its path within the directory of exports.
    static func walk(_ part: PartFile, _ visit: (ScannedEntry) throws -> Void) throws {
        try walk(part.path, as: part.name, depth: 0, visit)
    }

    private static func walk(
        _ path: String, as name: String, depth: Int, _ visit: (ScannedEntry) throws -> Void
    ) throws {
        // An export is four deep.
        if depth > 32 { return try visit(.refused(path: name, reason: "is too deep in folders")) }
        for child in try children(of: path) {
            let childName = name + "/" + child.name
            if child.isDirectory {
                try walk(path + "/" + child.name, as: childName, depth: depth + 1, visit)
            } else if !child.isFile {
                try visit(.refused(path: childName, reason: "is a link or no plain file"))
            } else if depth > 0 || archiveKind(child.name) == nil || PartName(child.name).stamp.isEmpty {
                // As it is called on the disk: it is opened by this name.
                try visit(.file(ArchiveEntry(path: childName, size: child.size, modified: child.modified)))
            }
        }
    }
}
