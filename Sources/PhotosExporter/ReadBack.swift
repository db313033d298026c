import ConnectorKit
import Crypto
import PhotosAPI
import PhotosLibrary

/// Looks whether what was made is there: each item exists, is in its album, in its place and by its name, and where it
/// is asked for with its bytes. (docs/restore.md, "Reading back")
struct ReadBack: Sendable {
    typealias Made = JournalNotes.Made

    let client: PhotosClient
    let notes: JournalNotes
    let albums: AlbumBook
    let tally: ExportTally
    let reporter: any ConnectorReporter
    let comparesBytes: Bool

    /// Contents that are downloaded at a time.
    private static let parallel = 8

    func run() async throws {
        for album in try await notes.albumsOfMade() {
            if let album {
                try await readAlbum(album)
            } else {
                try await readLibrary()
            }
        }
    }

    // MARK: Items

    private func readAlbum(_ album: String) async throws {
        if let disorder = try await list(album, mends: true) {
            try await albums.mend(album, listed: disorder.listed, misplaced: disorder.misplaced)
            _ = try await list(album)
        }
        var missing = try await notes.takeMade(in: album, limit: PhotosClient.batchSize)
        if missing.isEmpty { return }
        // A list may have a gap: what it lacks is looked for in a second one before anybody is told.
        for made in missing { try await notes.note(made) }
        _ = try await list(album)
        repeat {
            missing = try await notes.takeMade(in: album, limit: PhotosClient.batchSize)
            for made in missing { await fail(made, "it is not in its album") }
        } while !missing.isEmpty
    }

    /// An album as it is listed, and what is not where it was put.
    private struct Disorder {
        var listed: [String] = []
        var misplaced: [(place: Int, item: String)] = []
    }

    /// - Parameter mends: whether what is in a wrong place is left for another look.
    /// - Returns: nil where all of it is as it should be, or was told of.
    private func list(_ album: String, mends: Bool = false) async throws -> Disorder? {
        // Its place is where it was put: an album that a person has sorted has another order than the records.
        let order = await albums.order(of: album)
        var disorder = Disorder()
        var last = -1
        for try await page in client.mediaItems(inAlbum: album) {
            if mends { disorder.listed += page.map(\.id) }
            let expected = try await notes.made(in: album, ids: page.map(\.id))
            var found: [(Made, MediaItem)] = []
            for item in page {
                guard let made = expected[item.id] else { continue }
                let place = made.place < 0 ? -1 : order[item.id] ?? -1
                if place >= 0, place < last, mends {
                    disorder.misplaced.append((made.place, item.id))
                } else if place >= 0, place < last {
                    await fail(made, "it is not in its place in the album")
                } else {
                    last = max(last, place)
                    found.append((made, item))
                }
            }
            let left = Set(disorder.misplaced.map(\.item))
            try await notes.forget(expected.values.filter { !left.contains($0.itemID) })
            try await judge(found)
        }
        return disorder.misplaced.isEmpty ? nil : disorder
    }

    private func readLibrary() async throws {
        while true {
            let made = try await notes.takeMade(in: nil, limit: PhotosClient.batchSize)
            if made.isEmpty { return }
            var found: [(Made, MediaItem)] = []
            for (made, result) in zip(made, try await client.mediaItems(made.map(\.itemID))) {
                switch result {
                case .success(let item): found.append((made, item))
                case .failure(let error): await fail(made, error.message)
                }
            }
            try await judge(found)
        }
    }

    private func fail(_ made: Made, _ message: String) async {
        await tally.add(1, to: "verify_failed")
        reporter.log(.error, "read back: \(message)", pathname: made.path)
    }

    private func judge(_ found: [(Made, MediaItem)]) async throws {
        var named: [(Made, MediaItem)] = []
        for (made, item) in found {
            if !made.filename.isEmpty, item.filename != made.filename {
                await fail(made, "it is called \(item.filename) there")
            } else {
                named.append((made, item))
            }
        }
        guard comparesBytes else { return await tally.add(named.count, to: "verified") }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, (made, item)) in named.enumerated() {
                if index >= Self.parallel { try await group.next() }
                group.addTask { try await compare(made, item) }
            }
            try await group.waitForAll()
        }
    }

    // MARK: Bytes

    private func compare(_ made: Made, _ item: MediaItem) async throws {
        // A link leads to an item whose bytes were looked at by its own record.
        guard let sha256 = made.sha256 else { return await tally.add(1, to: "verified") }
        if item.kind == .video, item.videoStatus != .ready {
            return await leaveOpen(made, "Google does not hand out the video yet")
        }
        var hasher = SHA256()
        var essence = JPEGEssence()
        var size: Int64 = 0
        do {
            let download = client.download { refused in
                let fresh = refused == nil ? item : try await client.mediaItem(item.id)
                return MediaItem.downloadURL(baseURL: fresh.baseURL, kind: fresh.kind)
            }
            while let chunk = try await download.read() {
                hasher.update(data: chunk)
                essence.update(chunk)
                size += Int64(chunk.count)
            }
        } catch let error as ConnectorError {
            return await leaveOpen(made, "its bytes could not be read: \(error.message)")
        }
        if String(hexadecimal: Array(hasher.finalize())) == sha256 { return await tally.add(1, to: "verified") }
        if size == 0 { return await fail(made, "it is empty there") }
        if item.kind == .video { return await leaveOpen(made, "Google has encoded the video anew") }
        guard let sent = made.essence, let there = essence.finish() else {
            // Where only one of them is a picture at all, something is wrong with the other.
            if made.essence != nil { return await fail(made, "its bytes there are no longer a picture") }
            return await leaveOpen(made, "Google hands out other bytes, which cannot be compared")
        }
        if sent != there { return await fail(made, "its picture there is another one") }
        await tally.add(1, to: "verified")
        await tally.add(1, to: "verified_without_metadata")
    }

    private func leaveOpen(_ made: Made, _ reason: String) async {
        await tally.add(1, to: "verify_unknown")
        reporter.log(.info, "read back: \(reason)", pathname: made.path)
    }
}
