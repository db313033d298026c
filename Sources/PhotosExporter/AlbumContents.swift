import ConnectorKit
import PhotosAPI

/// What is in the albums that one directory of records became, and where the next record belongs: the order of an album
/// is that of the records, whenever each of them gets through.
///
/// A directory becomes one album, and more where that is full. A value; who holds it talks to Google.
struct AlbumContents: Sendable {
    private struct Part: Sendable {
        var id: String
        var members: [String]
        /// The service says so, whatever was counted.
        var isFull = false
    }

    /// Where new items go.
    struct Slot: Sendable, Hashable {
        var albumID: String
        /// Nil at the album's end.
        var position: AlbumPosition?
        /// How many items there is room for; 0 where the album is full.
        var room: Int
        /// The first place that belongs elsewhere; nil where there is none.
        var end: Int?
        /// Whether nobody knows yet where: what is in the album may belong before it or behind it.
        var isUnknown = false
        /// Whether it belongs into the midst of an album that is full, and can only stand behind everything.
        var isMisplaced = false
    }

    private var parts: [Part] = []
    private var known: Set<String> = []
    /// Items that records stand for, by the places of the records.
    private var landed: [(place: Int, item: String)] = []
    private var places: [String: Int] = [:]
    /// Items of which nobody knows whether they stand in their places, and these.
    private(set) var doubtful: [String: Int] = [:]
    /// Items that were there before, and that no record has stood for yet.
    private var unclaimed: Set<String> = []
    /// Of these, the ones of which the journal knows no content: any content may be one of them.
    private var strangers: Set<String> = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var albumIDs: [String] { parts.map(\.id) }
    var lastIsFull: Bool { parts.indices.last.map { room(in: $0) == 0 } ?? true }
    var allMembers: [(albumID: String, members: [String])] { parts.map { ($0.id, $0.members) } }

    /// Whether what is made for the album may be there already.
    var hasStrangers: Bool { !strangers.isEmpty }

    /// - Parameter strangers: those of the members of which no content is known.
    mutating func addPart(_ id: String, members: [String] = [], strangers: some Sequence<String> = []) {
        parts.append(Part(id: id, members: members))
        known.formUnion(members)
        unclaimed.formUnion(members)
        self.strangers.formUnion(strangers)
    }

    func contains(_ item: String) -> Bool { known.contains(item) }

    /// The album that holds an item.
    func albumID(of item: String) -> String? { parts.first { $0.members.contains(item) }?.id }

    /// A record of this place stands for an item that is there. Where several do, the first of them counts.
    mutating func land(_ item: String, at place: Int) {
        unclaimed.remove(item)
        strangers.remove(item)
        if let other = places[item] {
            guard place < other else { return }
            landed.removeAll { $0.item == item }
            doubtful[item] = place
        }
        let index = landed.lastIndex { $0.place <= place }
        if let index, landed[index].place == place { return }
        landed.insert((place, item), at: index.map { $0 + 1 } ?? 0)
        places[item] = place
    }

    /// Where the item of a place belongs; nil where there is no album.
    func slot(for place: Int) -> Slot? {
        guard let last = parts.indices.last else { return nil }
        let before = landed.lastIndex { $0.place < place }
        let next = landed[(before.map { $0 + 1 } ?? 0)...].first
        var slot = Slot(
            albumID: parts[last].id, position: nil, room: room(in: last), end: next?.place)
        if let before, let (part, index) = find(landed[before].item) {
            if part == last, index == parts[last].members.count - 1 { return slot }
            // One that is full has no room in its midst either: what is late goes to the end of the last one.
            guard room(in: part) > 0 else {
                slot.isMisplaced = index < parts[part].members.count - 1
                return slot
            }
            slot = Slot(
                albumID: parts[part].id, position: .afterItem(landed[before].item), room: room(in: part),
                end: next?.place)
        } else if before == nil, let next, let (part, index) = find(next.item), room(in: part) > 0 {
            let position: AlbumPosition = index == 0 ? .first : .afterItem(parts[part].members[index - 1])
            slot = Slot(
                albumID: parts[part].id, position: position, room: room(in: part), end: next.place)
        } else if before == nil, next == nil {
            // The order of an album is never wrong, not even for a moment: a run that is killed may be the last one that
            // knows what it has put there.
            slot.isUnknown = !unclaimed.isEmpty
        }
        return slot
    }

    /// Items were put into a slot, in the order of their places.
    mutating func insert(_ items: [(place: Int, item: String)], at slot: Slot) {
        guard let part = parts.firstIndex(where: { $0.id == slot.albumID }) else { return }
        let new = items.map(\.item).filter { !known.contains($0) }
        var index = parts[part].members.count
        switch slot.position {
        case .first: index = 0
        case .afterItem(let id): index = parts[part].members.lastIndex(of: id).map { $0 + 1 } ?? index
        default: break
        }
        // Where the service found one of them in the album, the others do not follow it.
        if new.count < items.count {
            for (place, item) in items where !known.contains(item) { doubtful[item] = place }
        }
        parts[part].members.insert(contentsOf: new, at: index)
        known.formUnion(new)
        for (place, item) in items { land(item, at: place) }
    }

    mutating func remove(_ items: [String]) {
        let gone = Set(items)
        for part in parts.indices { parts[part].members.removeAll { gone.contains($0) } }
        known.subtract(gone)
        unclaimed.subtract(gone)
        strangers.subtract(gone)
        landed.removeAll { gone.contains($0.item) }
        for item in items {
            places[item] = nil
            doubtful[item] = nil
        }
    }

    /// What an album has, by its list.
    mutating func relist(_ albumID: String, members: [String]) {
        guard let part = parts.firstIndex(where: { $0.id == albumID }) else { return }
        known.subtract(parts[part].members)
        parts[part].members = members
        known.formUnion(members)
    }

    /// What gives an album its order: these leave it, and these come to its end, one after the other.
    struct Rearrangement: Sendable, Hashable {
        var albumID: String
        var removed: [String]
        var added: [String]
    }

    /// What makes these contents of what the albums have now; afterwards they are as they will be then.
    ///
    /// Google adds at the end alone: so what belongs behind the first difference goes there, in its order, after it has
    /// left. What no record stands for stays where it is.
    mutating func rearrangements(from now: [(albumID: String, members: [String])]) -> [Rearrangement] {
        var found: [Rearrangement] = []
        for part in parts.indices {
            let wanted = parts[part].members
            let has = now.first { $0.albumID == parts[part].id }?.members ?? []
            guard wanted != has else { continue }
            let common = zip(wanted, has).prefix { $0 == $1 }.count
            let moved = wanted[common...].filter { !unclaimed.contains($0) }
            let there = Set(has)
            found.append(
                Rearrangement(albumID: parts[part].id, removed: moved.filter(there.contains), added: moved))
            parts[part].members = wanted[..<common] + wanted[common...].filter(unclaimed.contains) + moved
        }
        return found
    }

    mutating func fill(_ albumID: String) {
        for part in parts.indices where parts[part].id == albumID { parts[part].isFull = true }
    }

    private func room(in part: Int) -> Int { parts[part].isFull ? 0 : max(0, limit - parts[part].members.count) }

    private func find(_ item: String) -> (part: Int, index: Int)? {
        for part in parts.indices.reversed() {
            if let index = parts[part].members.lastIndex(of: item) { return (part, index) }
        }
        return nil
    }
}
