import ConnectorKit

/// Makes a library out of a plan.
struct LibraryGenerator: Sendable {
    let plan: LibraryPlan
    /// The end of the last year's pictures.
    private static let end = Timestamp("2026-10-31T20:00:00Z") ?? .epoch

    func fill(_ state: inout LibraryState, account: Int) {
        var random = SplitMix64(seed: plan.seed ^ 0x6974_656D_73)
        let years = max(1, plan.spanYears)
        let start = Int64(CivilDate(year: 2027 - years, month: 1, day: 1).daysSinceEpoch) * 86400
        let span = UInt64(max(1, Self.end.seconds - start))
        var items: [MediaItem] = []
        items.reserveCapacity(plan.items)
        let mix = MediaMix(state.shelf)
        for index in 0..<max(0, plan.items) {
            // Evenly spread, with some disorder: neighbours may change places.
            let step = span / UInt64(plan.items)
            let time = start + Int64(UInt64(index) * step + random.next() % max(1, step * 3 / 2))
            items.append(item(&state, mix, index: index, time: min(time, Self.end.seconds), &random))
        }
        decorate(&items, &random)
        state.accounts[account].append(contentsOf: items)
        AlbumGenerator(plan: plan).fill(&state, account: account, &random)
    }

    /// Adds items of the last minutes, one second apart.
    func addItems(_ count: Int, to state: inout LibraryState, account: Int, endingAt now: Int64) {
        var random = SplitMix64(seed: plan.seed ^ UInt64(state.nextSerial) << 20)
        let mix = MediaMix(state.shelf)
        let start = state.accounts[account].items.count
        var items: [MediaItem] = []
        for index in 0..<count {
            items.append(item(&state, mix, index: start + index, time: now - Int64(count - index), &random))
        }
        state.accounts[account].append(contentsOf: items)
    }

    private func item(
        _ state: inout LibraryState, _ mix: MediaMix, index: Int, time: Int64, _ random: inout SplitMix64
    ) -> MediaItem {
        let medium = mix.medium(index: index, random.next())
        let kind = state.shelf.media[medium].kind
        let filename = FileNames.name(index: index, time: time, kind: kind, choice: random.next())
        var item = state.generatedItem(medium: medium, filename: filename, creationTime: time)
        let categories: [ContentCategory] = [.landscapes, .people, .food, .pets, .travel, .cityscapes]
        item.categories = categories[Int(random.next() % UInt64(categories.count))].bit
        if kind == .png { item.categories |= ContentCategory.screenshots.bit }
        return item
    }

    /// Favourites, descriptions, archived items and odd names.
    private func decorate(_ items: inout [MediaItem], _ random: inout SplitMix64) {
        if items.isEmpty { return }
        let favorites = min(items.count, plan.favorites ?? items.count / 20)
        for index in 0..<favorites { items[(index * items.count) / favorites].flags.insert(.favorite) }
        for index in stride(from: 7, to: items.count, by: 25) {
            items[index].description = Self.descriptions[Int(random.next() % UInt64(Self.descriptions.count))]
        }
        for index in stride(from: 11, to: items.count, by: 60) { items[index].flags.insert(.archived) }
        guard plan.hasOddNames, items.count >= 100 else { return }
        for (index, name) in FileNames.odd.enumerated() {
            // Past the first ones, so that a short look at a library shows plain names.
            items[items.count / 2 + index * 3].filename = name
        }
        // The same name twice within one month.
        items[items.count / 3 + 1].filename = items[items.count / 3].filename
        items[items.count / 3 + 1].creationTime = items[items.count / 3].creationTime + 3600
    }

    private static let descriptions = [
        "The tram up to the castle", "First snow of the year", "Grandma\u{2019}s 80th", "Line one\nline two",
        "\u{1F30A} at the beach", "Say \"cheese\"",
    ]
}

extension LibraryState {
    /// A new generated item with a number of its own.
    mutating func generatedItem(medium: Int, filename: String, creationTime: Int64) -> MediaItem {
        let probe = shelf.media[medium].probe
        defer { nextSerial += 1 }
        var item = MediaItem(
            source: .generated(medium: UInt8(medium), serial: nextSerial), filename: filename,
            creationTime: creationTime, width: Int32(clamping: probe.width), height: Int32(clamping: probe.height),
            kind: probe.kind)
        item.camera = position(of: probe.camera)
        return item
    }
}

/// Which media the items of a library are made of: mostly JPEGs, one in twenty a video.
struct MediaMix: Sendable {
    private let photos: [Int]
    private let rare: [Int]
    private let videos: [Int]

    init(_ shelf: MediaShelf) {
        var photos = shelf.media.indices.filter { shelf.media[$0].kind == .jpeg }
        if photos.isEmpty { photos = [shelf.position(of: .png, choice: 0)] }
        self.photos = photos
        let rareKinds: [MediaKind] = [.png, .heic, .webp, .gif]
        rare = rareKinds.map { shelf.position(of: $0, choice: 0) }
        videos = [.mp4, .mp4, .mov, .mp4, .avi].map { shelf.position(of: $0, choice: 0) }
    }

    func medium(index: Int, _ choice: UInt64) -> Int {
        if index % 20 == 13 { return videos[index / 20 % videos.count] }
        if index % 20 == 4 || index % 40 == 9 { return rare[index / 20 % rare.count] }
        return photos[Int(choice % UInt64(photos.count))]
    }
}
