/// What one user has. Items and albums are named by their positions, which never change: nothing is taken out of the
/// arrays, since nothing can be deleted through the API.
struct Account: Sendable {
    var name: String
    var items: [MediaItem] = []
    /// Positions of all items, newest first; equal times in the order of their positions.
    private(set) var newestFirst: [Int32] = []
    var albums: [Album] = []
    /// Uploaded items by the SHA-256 of their content.
    var contents: [[UInt8]: Int32] = [:]
    /// Generated items by their number; made when an upload first asks for it.
    private var generated: [UInt32: Int32]?
    /// Bytes of uploads that became items.
    var storedBytes: Int64 = 0
    /// Positions of what the user chose in any session of the Picker.
    var picked: Set<Int32> = []
    /// Writes that are under way.
    var writing = 0
    /// The minute of the last writes, and how many there were.
    var writeMinute: (minute: Int64, count: Int) = (0, 0)

    init(name: String) { self.name = name }

    /// Whether one item is listed before another.
    private func precedes(_ left: Int32, _ right: Int32) -> Bool {
        let leftTime = items[Int(left)].creationTime
        let rightTime = items[Int(right)].creationTime
        return leftTime == rightTime ? left < right : leftTime > rightTime
    }

    /// Adds many items at once.
    mutating func append(contentsOf more: [MediaItem]) {
        let start = items.count
        items.append(contentsOf: more)
        generated = nil
        // One word a key: sorting 100,000 structures by closure takes most of a second in a debug build.
        var keys = newestFirst
        keys.append(contentsOf: (start..<items.count).map { Int32($0) })
        let times = items.map(\.creationTime)
        let sorted = keys.map { (Self.sortable(times[Int($0)]) << 28) | UInt64($0) }.sorted()
        newestFirst = sorted.map { Int32(truncatingIfNeeded: $0 & 0xFFF_FFFF) }
    }

    /// Seconds as 36 bits that sort backwards.
    private static func sortable(_ time: Int64) -> UInt64 {
        let half: Int64 = 1 << 35
        return UInt64(half - min(max(time, -half + 1), half))
    }

    /// Adds one item.
    mutating func append(_ item: MediaItem) -> Int32 {
        let position = Int32(items.count)
        items.append(item)
        if case .generated(_, let serial) = item.source { generated?[serial] = position }
        newestFirst.insert(position, at: firstIndex { !precedes($0, position) })
        return position
    }

    /// The first index of ``newestFirst`` that a sorted condition holds for.
    private func firstIndex(where holds: (Int32) -> Bool) -> Int {
        var low = 0
        var high = newestFirst.count
        while low < high {
            let middle = (low + high) / 2
            if holds(newestFirst[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    /// The index within ``newestFirst`` of the first item at or after a place in the list.
    func index(ofTime time: Int64, position: Int32) -> Int {
        firstIndex {
            let other = items[Int($0)].creationTime
            return other == time ? $0 >= position : other < time
        }
    }

    /// The generated item with that number.
    mutating func position(ofSerial serial: UInt32) -> Int32? {
        if let generated { return generated[serial] }
        var table: [UInt32: Int32] = [:]
        for (position, item) in items.enumerated() {
            if case .generated(_, let serial) = item.source { table[serial] = Int32(position) }
        }
        generated = table
        return table[serial]
    }
}

/// An album: items in the order that its owner gave them.
struct Album: Sendable {
    var title: String
    var items: [Int32]
    /// The project whose app made it.
    var project: UInt16
    /// The chosen cover; the first item where none was chosen.
    var cover: Int32?
    /// Removed by its owner in Google Photos; no app can do that.
    var isDeleted = false
}
