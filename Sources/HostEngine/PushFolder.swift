import ConnectorKit
import Foundation
import Vault

/// A folder on this machine as what is pushed from: its files in the order in which people list them, those of a folder
/// before the folders in it.
public struct PushFolder: Sendable {
    /// Why something in the folder is not pushed.
    public enum Reason: String, Sendable, Hashable {
        case hidden
        /// What programs write beside photos.
        case sidecar
        /// A link to something outside of the folder, or to a folder.
        case link
        /// No file and no folder, such as a pipe.
        case special
    }

    enum Finding: Sendable {
        case directory(Pathname, FileStatus)
        case file(Pathname, name: String, in: LocalDirectory)
        case skipped(Pathname, Reason)
        case failed(Pathname, ConnectorError)
    }

    private let folder: LocalFolder
    /// Without links, to tell what lies in it.
    private let realPath: String

    /// - Throws: ``VaultError`` where the folder cannot be opened.
    public init(_ path: String) throws(VaultError) {
        folder = try LocalFolder(opening: path)
        realPath = Self.realPath(path) ?? path
    }

    func walk(_ visit: (Finding) async throws -> Void) async throws {
        try await walk(folder.root, at: .root, visit)
    }

    private func walk(
        _ directory: LocalDirectory, at place: Pathname, _ visit: (Finding) async throws -> Void
    ) async throws {
        var folders: [(name: String, place: Pathname, status: FileStatus)] = []
        for name in try directory.names().sorted(by: NaturalOrder.precedes) {
            try Task.checkCancellation()
            let below: Pathname
            let status: FileStatus
            do {
                below = try place.appending(Self.part(name))
                guard let found = try directory.status(of: name) else {
                    throw ConnectorError(.notFound, "it is gone, or its name is no UTF-8")
                }
                status = found
            } catch {
                try await visit(.failed(place, Self.failure(error, name)))
                continue
            }
            if let reason = Self.reasonToSkip(name, status.kind) {
                try await visit(.skipped(below, reason))
            } else if status.kind == .directory {
                folders.append((name, below, status))
            } else if status.kind == .symlink {
                try await visit(try follow(name, in: directory, at: below))
            } else {
                try await visit(.file(below, name: name, in: directory))
            }
        }
        for (name, below, status) in folders {
            let found: LocalDirectory
            do {
                guard let opened = try directory.subdirectory(name) else { throw LocalFile.unreadable(ENOENT) }
                _ = try opened.names()
                found = opened
            } catch {
                try await visit(.failed(below, Self.failure(error, nil)))
                continue
            }
            try await visit(.directory(below, status))
            try await walk(found, at: below, visit)
        }
    }

    /// A link to a file in the folder is that file under another name. Links to folders are not followed: they may lead
    /// in a circle.
    private func follow(_ name: String, in directory: LocalDirectory, at place: Pathname) throws -> Finding {
        guard let real = Self.realPath(directory.path + "/" + name), real.hasPrefix(realPath + "/") else {
            return .skipped(place, .link)
        }
        var parts = real.dropFirst(realPath.count + 1).split(separator: "/").map(String.init)
        let last = parts.removeLast()
        var holder: LocalDirectory? = folder.root
        for part in parts { holder = try? holder?.subdirectory(part) }
        guard let holder, try holder.status(of: last)?.kind == .file else { return .skipped(place, .link) }
        return .file(place, name: last, in: holder)
    }

    private static func realPath(_ path: String) -> String? {
        guard let found = realpath(path, nil) else { return nil }
        defer { free(found) }
        return String(cString: found)
    }

    private static func reasonToSkip(_ name: String, _ kind: FileStatus.Kind) -> Reason? {
        if name.hasPrefix(".") { return .hidden }
        if kind == .other { return .special }
        if kind == .directory { return nil }
        let lower = name.lowercased()
        let suffix = lower.split(separator: ".", omittingEmptySubsequences: false).dropFirst().last
        let isSidecar = suffix.map { sidecars.contains(String($0)) } ?? false
        return isSidecar || lower == "thumbs.db" || lower == "desktop.ini" ? .sidecar : nil
    }

    /// Takeout's, Adobe's and Apple's, and thumbnails of cameras.
    private static let sidecars: Set<String> = ["json", "xmp", "aae", "thm"]

    /// A name as a part of a pathname.
    private static func part(_ name: String) -> String {
        let scalars = name.unicodeScalars.map { scalar in
            scalar.properties.generalCategory == .control ? "_" : scalar
        }
        return String(String.UnicodeScalarView(scalars)).precomposedStringWithCanonicalMapping
    }

    private static func failure(_ error: any Error, _ name: String?) -> ConnectorError {
        let failure =
            (error as? VaultError).map { ConnectorError(.unavailable, $0.message, hint: $0.hint) }
            ?? ConnectorError(wrapping: error)
        guard let name else { return failure }
        return ConnectorError(failure.code, "\(name): \(failure.message)", hint: failure.hint)
    }
}
