import ConnectorKit
import PhotosLibrary
import StrictJSON

/// Reads the catalog of the snapshot, `/.gphotos/*.jsonl`, line by line into the notes of the export.
struct SourceCatalog: Sendable {
    let notes: JournalNotes

    /// In bytes: a longer line is none of a catalog.
    private static let longestLine = 8 << 20
    /// Lines that are noted at a time.
    private static let group = 500

    /// Reads one file of the catalog; files of other names are read past.
    /// - Returns: how many lines were none of a catalog.
    func read(_ content: any ContentReader, named name: String) async throws -> Int {
        var reader = Lines(notes: notes, isOfItems: name == "items.jsonl", isOfAlbums: name == "albums.jsonl")
        while let chunk = try await content.read() { try await reader.take(chunk) }
        try await reader.finish()
        return reader.strays
    }

    private struct Lines {
        let notes: JournalNotes
        let isOfItems: Bool
        let isOfAlbums: Bool
        private var line: [UInt8] = []
        private var items: [CatalogItem] = []
        private var albums: [CatalogAlbum] = []
        private(set) var strays = 0
        private var isTooLong = false

        init(notes: JournalNotes, isOfItems: Bool, isOfAlbums: Bool) {
            self.notes = notes
            self.isOfItems = isOfItems
            self.isOfAlbums = isOfAlbums
        }

        mutating func take(_ chunk: [UInt8]) async throws {
            guard isOfItems || isOfAlbums else { return }
            for part in chunk.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
                if part.offset > 0 { try await endLine() }
                if line.count + part.element.count > SourceCatalog.longestLine { isTooLong = true }
                if !isTooLong { line.append(contentsOf: part.element) }
            }
        }

        mutating func finish() async throws {
            try await endLine()
            try await note()
        }

        private mutating func endLine() async throws {
            defer {
                line.removeAll(keepingCapacity: true)
                isTooLong = false
            }
            if line.isEmpty, !isTooLong { return }
            let json = isTooLong ? nil : try? JSON(parsing: line)
            if isOfItems, let item = json.flatMap({ CatalogItem($0) }) {
                items.append(item)
            } else if isOfAlbums, let album = json.flatMap({ CatalogAlbum($0) }) {
                albums.append(album)
            } else {
                strays += 1
            }
            if items.count + albums.count >= SourceCatalog.group { try await note() }
        }

        private mutating func note() async throws {
            if !items.isEmpty { try await notes.note(items) }
            if !albums.isEmpty { try await notes.note(albums) }
            items = []
            albums = []
        }
    }
}
