import ConnectorKit
import FakePhotos
import PhotosImporter
import PhotosLibrary
import RcloneSupport
import TestSupport
import Testing

/// What rclone lists and what we list, of one library, path by path.
@Suite(.enabled(if: RcloneProgram.isInstalled), .timeLimit(.minutes(2))) struct RcloneListingTests {
    /// With the differences that docs/rclone.md lists taken away.
    @Test func itsListingAndOursAreTheSame() async throws {
        try await FakeService.run { service in
            let bench = try ImportBench(service)
            let first = try bench.add("IMG_1.jpg", "2024-05-06T10:00:00Z", favorite: true)
            let second = try bench.add("IMG_1.jpg", "2024-05-06T11:00:00Z")
            let third = try bench.add("a/b.jpg", "2025-12-31T23:59:59Z")
            let fourth = try bench.add("", "2025-12-30T00:00:00Z", favorite: true)
            _ = try service.library.addGeneratedItems(150)
            _ = try service.library.addAlbum("Trip", items: [first, second], account: "demo")
            _ = try service.library.addAlbum("Trip/Norway", items: [third, fourth, second], account: "demo")
            _ = try service.library.addAlbum("One\u{D}Two", items: [first], account: "demo")
            _ = try service.library.addAlbum("Empty", items: [], account: "demo")
            let directories = [
                "media/all", "media/by-year", "media/by-month", "media/by-day/2024", "media/by-year/2024", "album",
                "album/Trip", "album/Trip/Norway", "feature", "feature/favorites",
            ]
            try await RcloneProgram.run(
                to: service.server.port, config: service.server.rcloneConfig()
            ) { rclone in
                for directory in directories {
                    let theirs = Self.withoutEmptyDates(
                        try await rclone.list(directory, "--gphotos-start-year", "2017", "--gphotos-include-archived"),
                        in: directory)
                    let sink = try await bench.run([
                        "location": "googlephotos:///" + directory, "start_year": "2017",
                    ])
                    let root = try Pathname("/" + directory)
                    let ours = await Self.asRcloneNames(sink.records).filter { $0 != root.string + "/" }
                        .compactMap { path in
                            path.hasPrefix(root.string + "/") ? String(path.dropFirst(root.string.count + 1)) : nil
                        }
                        // rclone 1.60 loses a file without a name unless it lists that very folder.
                        .filter { !$0.contains("/{") }
                    #expect(ours.sorted() == theirs, "\(directory)")
                    #expect(!theirs.isEmpty, "\(directory)")
                }
            }
        }
    }

    /// rclone lists every year and month there could be.
    private static func withoutEmptyDates(_ paths: [String], in directory: String) -> [String] {
        guard directory.hasPrefix("media/") else { return paths }
        let files = paths.filter { !$0.hasSuffix("/") }
        return paths.filter { path in !path.hasSuffix("/") || files.contains { $0.hasPrefix(path) } }
    }

    /// Our paths with the names that rclone has for files of one name: all of them marked by the whole id.
    private static func asRcloneNames(_ records: [Record]) -> [String] {
        func directory(_ record: Record) -> String { record.pathname.parent?.string ?? "" }
        func filename(_ record: Record) -> String { record.attributes[Attribute.filename] ?? "" }
        var counts: [[String]: Int] = [:]
        for record in records where record.kind == .file {
            counts[[directory(record), filename(record)], default: 0] += 1
        }
        return records.map { record in
            guard record.kind == .file else { return record.pathname.string + "/" }
            let name = filename(record)
            let id = record.attributes[Attribute.id] ?? ""
            if name.isEmpty { return "\(directory(record))/{\(id)}" }
            if counts[[directory(record), name]] == 1 { return record.pathname.string }
            let dot = name.lastIndex(of: ".") ?? name.endIndex
            return "\(directory(record))/\(name[..<dot]) {\(id)}\(name[dot...])"
        }
    }
}
