import ConnectorKit
import Foundation
import NIOCore
import StrictJSON

extension FakeLibrary {
    /// Writes the library of an account as Takeout would: all items, whichever app made them, with their originals.
    /// - Parameter directory: is made where it is not there.
    @discardableResult
    public func writeTakeout(
        to directory: String, account name: String = "demo", plan: TakeoutPlan = TakeoutPlan()
    ) throws -> TakeoutSummary {
        let (account, shelf, sealer, index) = try withState { state throws(ConnectorError) in
            let index = try state.account(named: name)
            return (state.accounts[index], state.shelf, state.sealer, index)
        }
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        var export = TakeoutExport(account: account, shelf: shelf, directory: directory, plan: plan) { position in
            sealer.id(.item, ObjectReference(account: index, position: position))
        }
        return try export.write()
    }
}

/// Makes a full export of an account, and those after it.
struct TakeoutExport {
    let account: Account
    let shelf: MediaShelf
    let directory: String
    let plan: TakeoutPlan
    /// The id of an item by its position.
    let id: (Int32) -> String
    private var summary = TakeoutSummary()
    private let words: TakeoutLanguage.Words
    /// Which export an item is in first; and which one says something else of it than those before.
    private var first: [Int] = []
    private var changed: [Int?] = []

    init(
        account: Account, shelf: MediaShelf, directory: String, plan: TakeoutPlan, id: @escaping (Int32) -> String
    ) {
        self.account = account
        self.shelf = shelf
        self.directory = directory
        self.plan = plan
        self.id = id
        words = plan.language.words
        var random = SplitMix64(seed: plan.seed ^ 0x7461_6B65)
        let increments = max(0, plan.increments)
        for index in account.items.indices {
            // The last fifth comes later, and one in ten of the others has changed.
            let late = index - account.items.count * 4 / 5
            let share = max(1, (account.items.count / 5 + increments) / max(1, increments))
            let export = increments == 0 || late < 0 ? 0 : min(increments, 1 + late / share)
            first.append(export)
            let isChanged = export < increments && random.next() % 10 == 0
            changed.append(isChanged ? export + 1 + Int(random.next() % UInt64(increments - export)) : nil)
        }
    }

    mutating func write() throws -> TakeoutSummary {
        for number in 0...max(0, plan.increments) { try write(export: number) }
        summary.items = account.items.filter { !$0.flags.contains(.trashed) }.count
        return summary
    }

    private mutating func write(export number: Int) throws {
        let parts = try (1...max(1, plan.parts)).map { try part(number, $0) }
        var dealt = 0
        func put(_ path: String, _ content: Content, _ modified: Int64) throws {
            try parts[dealt % parts.count].add("Takeout/\(words.product)/\(path)", content, modified: modified)
            dealt += 1
            summary.files += 1
            summary.bytes += content.count
        }
        var namers: [String: TakeoutNamer] = [:]
        let albums = folders()
        for position in account.items.indices {
            guard first[position] == number || changed[position] == number else { continue }
            let item = account.items[position]
            var places = albums[Int32(position)] ?? []
            let year = "\(words.yearPrefix)\(Timestamp(seconds: item.creationTime).date.year)"
            places.append(item.flags.contains(.trashed) ? words.trash : year)
            let title = Self.title(of: item)
            let hasSidecar = !plan.hasExtras || position % 50 != 31
            if !hasSidecar { summary.withoutSidecar.insert(id(Int32(position))) }
            let content = shelf.content(of: item)
            let sidecar = Content(ByteBuffer(bytes: self.sidecar(item, position, export: number).bytes))
            for folder in places {
                let style: TakeoutNamer.Style = plan.hasOldNames ? .plain : .supplemental
                let names = namers[folder, default: TakeoutNamer(style)].name(title)
                try put("\(folder)/\(names.file)", content, item.creationTime)
                if hasSidecar { try put("\(folder)/\(names.sidecar)", sidecar, item.creationTime) }
                guard plan.hasExtras else { continue }
                for (name, content) in extras(of: item, position, file: names.file) {
                    try put("\(folder)/\(name)", content, item.creationTime)
                    if folder == places.last, first[position] == number { summary.extras += 1 }
                }
            }
        }
        for (album, folder) in zip(account.albums, titles()) where !album.isDeleted {
            let isHere = album.items.contains {
                first[Int($0)] == number || changed[Int($0)] == number
            }
            if isHere { try put("\(folder)/\(words.albumFile)", metadata(of: album), 1_700_000_000) }
        }
        for part in parts { try part.finish() }
    }

    private func part(_ export: Int, _ number: Int) throws -> any TakeoutPart {
        let padded = String(String(1000 + number).dropFirst())
        let path = "\(directory)/takeout-\(stamp(export))\(plan.hasOldNames ? "" : "-1")-\(padded)"
        return switch plan.packing {
        case .zip: try ZipPart(path: path)
        case .tgz: try TgzPart(path: path)
        case .folder: FolderPart(directory: path)
        }
    }

    /// A month, of 30 days, between two exports.
    private func stamp(_ export: Int) -> String {
        let digits = Array(plan.stamp)
        func part(_ range: Range<Int>) -> String { String(digits[range]) }
        guard export > 0, digits.count == 16,
            let start = Timestamp(
                "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<15))Z")
        else { return plan.stamp }
        return start.adding(seconds: Int64(export) * 30 * 86400).description.filter { $0 != "-" && $0 != ":" }
    }

    /// What was uploaded without a name has one of its kind, and one without an extension has that of its kind.
    private static func title(of item: MediaItem) -> String {
        if item.filename.isEmpty { return "unnamed.\(item.kind.fileExtension)" }
        return item.filename.contains(".") ? item.filename : "\(item.filename).\(item.kind.fileExtension)"
    }

    // MARK: Albums

    /// The folder of each album: titles that are the same are told apart by a number, as is what has none.
    private func titles() -> [String] {
        var known: [String: Int] = [:]
        return account.albums.map { album in
            let title = album.title.isEmpty ? words.untitled : TakeoutNamer.safe(album.title)
            let number = known[title, default: 0]
            known[title] = number + 1
            return number == 0 ? title : "\(title)(\(number))"
        }
    }

    private func folders() -> [Int32: [String]] {
        var found: [Int32: [String]] = [:]
        for (album, folder) in zip(account.albums, titles()) where !album.isDeleted {
            for position in album.items where found[position]?.contains(folder) != true {
                found[position, default: []].append(folder)
            }
        }
        return found
    }

    private func metadata(of album: Album) -> Content {
        var json: JSONObject = ["title": .string(album.title), "description": "", "access": "protected"]
        if album.items.count % 3 == 0 {
            json["sharedAlbumComments"] = [
                [
                    "text": "What a day", "contentOwnerName": "Ada",
                    "creationTime": ["timestamp": "1700000000", "formatted": "x"],
                ]
            ]
        }
        return Content(ByteBuffer(bytes: JSON.object(json).bytes))
    }

    // MARK: Items

    /// What only exports have of an item.
    private func extras(of item: MediaItem, _ position: Int, file: String) -> [(String, Content)] {
        guard case .generated(let medium, let serial) = item.source else { return [] }
        let dot = file.lastIndex(of: ".") ?? file.endIndex
        var found: [(String, Content)] = []
        if item.kind == .jpeg, position % 30 == 17 {
            let content = shelf.content(medium: medium, serial: .max - serial)
            found.append((file[..<dot] + words.edited + file[dot...], content))
        }
        if item.flags.contains(.motion) {
            let video = UInt8(shelf.position(of: .mp4, choice: 0))
            found.append((file[..<dot] + ".MP4", shelf.content(medium: video, serial: .max - serial)))
        }
        return found
    }

    private func sidecar(_ item: MediaItem, _ position: Int, export: Int) -> JSON {
        // Until the export that says what is true now, another text stands there, and the star is another.
        let isOutdated = changed[position].map { export < $0 } ?? false
        func time(_ seconds: Int64) -> JSON { ["timestamp": .string(String(seconds)), "formatted": "x"] }
        let hasPlace = position % 3 == 0
        var json: JSONObject = [
            "title": .string(item.filename.isEmpty ? Self.title(of: item) : item.filename),
            "description": .string(isOutdated ? "An older text" : item.description), "imageViews": "1",
            "creationTime": time(item.creationTime + 60), "photoTakenTime": time(item.creationTime),
            "geoData": [
                "latitude": .number(hasPlace ? 38.7 : 0), "longitude": .number(hasPlace ? -9.1 : 0), "altitude": 0.0,
                "latitudeSpan": 0.0, "longitudeSpan": 0.0,
            ],
        ]
        if position % 5 == 0 { json["people"] = [["name": "Ada"]] }
        // Not the id that the API has: the two are never told together.
        json["url"] = .string("https://photos.google.com/photo/AF1Qip\(plan.seed)-\(position)")
        json["googlePhotosOrigin"] = ["mobileUpload": ["deviceType": "ANDROID_PHONE"]]
        if item.flags.contains(.favorite) != isOutdated { json["favorited"] = true }
        if item.flags.contains(.archived) { json["archived"] = true }
        if item.flags.contains(.trashed) { json["trashed"] = true }
        return .object(json)
    }
}
