import ConnectorKit
import PhotosAPI
import PhotosLibrary
import SeededRandom
import Testing

/// Ten thousand hostile names, in one month and one album, as an import names them.
@Suite struct HostileNameTests {
    private static func items(_ count: Int, _ random: inout SeededRandom) -> [MediaItem] {
        let pieces: [String] = [
            "/", "..", ".", " ", "\0", "\n", "a", "A", "é", "e\u{301}", "É", "ß", "SS", "\u{202E}", "写", "😀", "\u{85}",
            "\u{7F}", "CON", "con.txt", "LPT1", ":", "*", "\\", "\u{37E}", String(repeating: "x", count: 100),
            "IMG_1.jpg",
            "\u{1F468}\u{200D}\u{1F469}", "\u{FFFD}", "{", "}", ".jpg", ".JPG", "~", "｛", "．",
        ]
        return (0..<count).map { number in
            let name = (0..<Int.random(in: 0...4, using: &random))
                .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            return MediaItem(
                id: "item-\(number)", filename: name, description: "", mimeType: "image/jpeg",
                // Many at the same moment: the id decides.
                creationTime: Timestamp(seconds: 1_715_000_000 + Int64.random(in: 0...50, using: &random)), width: 1,
                height: 1, kind: .photo, videoStatus: nil, cameraMake: "", cameraModel: "", productURL: "", baseURL: "")
        }
    }

    /// The names of a listing whose items come in the given order.
    private static func names(_ items: [MediaItem], in index: Index, _ layout: LibraryLayout) async throws
        -> [String: Set<Pathname>]
    {
        let listing = try await index.beginListing(layout)
        var numbers: [String: Int64] = [:]
        for start in stride(from: 0, to: items.count, by: 1000) {
            let page = Array(items[start..<min(items.count, start + 1000)])
            for (item, number) in zip(page, try await listing.add(page, from: .library, at: .epoch)) {
                numbers[item.id] = number
            }
        }
        var albums = try await listing.add([
            Album(
                id: "album", title: "a/../CON", mediaItemsCount: items.count, coverMediaItemID: "", isWriteable: true,
                productURL: "")
        ])
        let members = (0..<2000).compactMap { numbers["item-\($0)"] }
        try await listing.setMembers(members, ofAlbum: albums[0].number)
        albums = try await listing.giveDirectories(to: albums)
        let scope = try Scope(root: .root, views: [.byMonth, .album], layout: layout)
        let shelf = try await Shelf(
            index: index, listing: listing, scope: scope, filter: .none,
            plan: ListingPlan(scope: scope, filter: .none, includesArchived: true), albums: albums,
            showsFavorites: false)
        var names: [String: Set<Pathname>] = [:]
        var page = try await shelf.page(before: nil)
        while let last = page.last {
            for item in page { names[item.item.id] = Set(item.places.map(\.path)) }
            page = try await shelf.page(before: last)
        }
        return names
    }

    private static func layouts() throws -> [LibraryLayout] {
        let windows = try LibraryLayoutSettings.rules(["windows_names": "true", "case_insensitive": "true"])
        return [.rclone, LibraryLayout(.rclone, rules: windows), LibraryLayout(.gphotosSync, rules: windows)]
    }

    @Test(arguments: 0..<3) func namesAreUniqueSafeAndStable(number: Int) async throws {
        let layout = try Self.layouts()[number]
        let seed = UInt64.random(in: 0...UInt64.max)
        print("hostile names: seed \(seed)")
        var random = SeededRandom(seed: seed)
        let all = Self.items(10_000, &random)
        let early = Array(all.prefix(9_000))

        let index = try Index(path: nil)
        let first = try await Self.names(early.shuffled(using: &random), in: index, layout)
        #expect(first.count == early.count)
        let again = try await Self.names(early.shuffled(using: &random), in: try Index(path: nil), layout)
        #expect(first == again, "the order of the list matters; seed \(seed)")

        // A thousand more, some of them older than all the others.
        let later = try await Self.names(all.shuffled(using: &random), in: index, layout)
        for (id, paths) in first where !paths.isSubset(of: later[id] ?? []) {
            Issue.record("\(id) was renamed; seed \(seed)")
        }
        var seen: Set<String> = []
        for path in later.values.joined() {
            #expect(Pathname.fault(of: Substring(path.name)) == nil, "seed \(seed)")
            let name = path.name
            #expect(!name.hasSuffix(" ") && !name.hasSuffix("."), "\(name.debugDescription); seed \(seed)")
            if layout.rules.isForWindows {
                #expect(!name.contains { "<>:\"\\|?*".contains($0) }, "\(name.debugDescription); seed \(seed)")
                let stem = name.prefix { $0 != "." }.uppercased()
                #expect(!["CON", "LPT1", "CON.TXT"].contains(stem), "\(name.debugDescription); seed \(seed)")
            }
            let key = layout.rules.ignoresCase ? path.string.uppercased().lowercased() : path.string
            #expect(seen.insert(key).inserted, "\(path) came twice; seed \(seed)")
        }
    }
}

/// Rules are made by settings alone.
private enum LibraryLayoutSettings {
    static func rules(_ more: [String: String]) throws -> NameRules {
        let settings = ["token": #"{"access_token":"a","refresh_token":"r"}"#].merging(more) { $1 }
        return try LibrarySettings(Settings(settings)).layout.rules
    }
}
