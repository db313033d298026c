import PhotosLibrary

/// By which ways the items of one library came.
struct OneLibraryCounts: Sendable, Hashable {
    /// By more than one.
    var several = 0
    var onlyTakeout = 0
    var onlyPicker = 0
    var onlyService = 0
    private let hasPicks: Bool
    private let hasExports: Bool

    /// - Parameter pairing: of the exports, with what came by the others.
    init(_ listing: Listing, _ pairing: Pairing?, _ picks: OneLibraryPicks?) async throws {
        hasPicks = picks != nil
        hasExports = pairing != nil
        if let pairing {
            let counts = try await pairing.counts()
            (several, onlyTakeout, onlyService) = (counts.both, counts.onlySecond, counts.onlyFirst)
        } else {
            onlyService = listing.count
        }
        guard let picks else { return }
        let rows = picks.picks.keys.sorted()
        for start in stride(from: 0, to: rows.count, by: 500) {
            let page = Array(rows[start..<min(start + 500, rows.count)])
            // What an export has, too, is counted already.
            let left = try await pairing?.shownByFirstAlone(among: page) ?? Set(page)
            let alone = left.count { picks.alone.contains($0) }
            onlyPicker += alone
            several += left.count - alone
            onlyService -= left.count
        }
    }

    var text: String {
        var parts = ["\(several) items by \(hasPicks && hasExports ? "several" : "both") ways"]
        if hasExports { parts.append("\(onlyTakeout) only by Takeout") }
        if hasPicks { parts.append("\(onlyPicker) only by the Picker") }
        return (parts + ["\(onlyService) only by the API"]).joined(separator: ", ")
    }
}
