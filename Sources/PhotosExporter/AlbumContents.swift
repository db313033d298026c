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
    }

    private var parts: [Part] = []
    private var known: Set<String> = []
    /// Items that records stand for, by the places of the records.
    private var landed: [(place: Int, item: String)] = []
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var albumIDs: [String] { parts.map(\.id) }
    var lastIsFull: Bool { parts.indices.last.map { room(in: $0) == 0 } ?? true }
    var allMembers: [(albumID: String, members: [String])] { parts.map { ($0.id, $0.members) } }

    mutating func addPart(_ id: String, members: [String] = []) {
        parts.append(Part(id: id, members: members))
        known.formUnion(members)
    }

    func contains(_ item: String) -> Bool { known.contains(item) }

    /// The album that holds an item.
    func albumID(of item: String) -> String? { parts.first { $0.members.contains(item) }?.id }

    /// A record of this place stands for an item that is there.
    mutating func land(_ item: String, at place: Int) {
        let index = landed.lastIndex { $0.place <= place }
        if let index, landed[index].place == place { return }
        landed.insert((place, item), at: index.map { $0 + 1 } ?? 0)
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
            guard room(in: part) > 0 else { return slot }
            slot = Slot(
                albumID: parts[part].id, position: .afterItem(landed[before].item), room: room(in: part),
                end: next?.place)
        } else if before == nil, let next, let (part, index) = find(next.item), room(in: part) > 0 {
            let position: AlbumPosition = index == 0 ? .first : .afterItem(parts[part].members[index - 1])
            slot = Slot(
                albumID: parts[part].id, position: position, room: room(in: part), end: next.place)
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
        parts[part].members.insert(contentsOf: new, at: index)
        known.formUnion(new)
        for (place, item) in items { land(item, at: place) }
    }

    mutating func remove(_ items: [String]) {
        let gone = Set(items)
        for part in parts.indices { parts[part].members.removeAll { gone.contains($0) } }
        known.subtract(gone)
        landed.removeAll { gone.contains($0.item) }
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
