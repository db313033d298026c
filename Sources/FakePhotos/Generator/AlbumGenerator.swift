/// Makes the albums of a plan.
struct AlbumGenerator: Sendable {
    let plan: LibraryPlan

    /// The titles of the demo library: a nested one, two that are the same, none, and some that are no file names.
    static let titles = [
        "Lisbon", "Trip/2024 Norway", "Family", "Family", "Sommer \u{1F31E} \u{DC}bersee", "..", "Ends with a dot.",
        "CON: a\\b*c?", "", "Videos", "Winter", "Nothing yet",
    ]

    func fill(_ state: inout LibraryState, account: Int, _ random: inout SplitMix64) {
        let items = state.accounts[account].items
        for index in 0..<max(0, plan.albums) {
            let title = index < Self.titles.count ? Self.titles[index] : "Album \(index + 1)"
            let positions: [Int32]
            switch title {
            case "Lisbon": positions = lisbon(items, state.shelf, &random)
            case "Nothing yet": positions = []
            case "Videos": positions = items.indices.filter { items[$0].kind.isVideo }.prefix(500).map { Int32($0) }
            default: positions = some(items.count, &random)
            }
            state.accounts[account].albums.append(Album(title: title, items: positions, project: 0, cover: nil))
        }
    }

    /// 24 pictures, those of Lisbon first where there are enough, in an order that is not that of time: every 7th.
    private func lisbon(_ items: [MediaItem], _ shelf: MediaShelf, _ random: inout SplitMix64) -> [Int32] {
        let media = Set(shelf.positions(prefix: "lisbon").map { UInt8($0) })
        var candidates = items.indices.filter { index in
            if case .generated(let medium, _) = items[index].source { media.contains(medium) } else { false }
        }
        if candidates.count < 24 { candidates = Array(items.indices) }
        let chosen = Array(candidates.prefix(24))
        // The step has no divisor in common with any count up to 24, so that every picture comes once.
        let step = chosen.count % 7 == 0 ? 5 : 7
        return chosen.indices.map { Int32(chosen[($0 * step + 3) % chosen.count]) }
    }

    /// Some items that lie near each other in time, in that order.
    private func some(_ count: Int, _ random: inout SplitMix64) -> [Int32] {
        if count == 0 { return [] }
        let size = min(count, max(3, min(500, count / max(1, plan.albums * 2)) + Int(random.next() % 8)))
        let start = Int(random.next() % UInt64(count - size + 1))
        return (start..<start + size).map { Int32($0) }
    }
}
