import ConnectorKit
import PhotosAPI
import PhotosLibrary
import Testing

/// Which items that came by a second way are items of the service.
@Suite struct PairingTests {
    private static let time = Timestamp(seconds: 1_714_989_600)

    private func item(_ id: String, _ filename: String, width: Int = 40, height: Int = 30) -> MediaItem {
        MediaItem(
            id: id, filename: filename, mimeType: "image/jpeg", creationTime: Self.time, width: width, height: height,
            kind: .photo)
    }

    private func picked(
        _ number: Int64, _ id: String, _ filename: String, width: Int = 40, height: Int = 30, sha256: String? = nil,
        at time: Timestamp = time
    ) -> SecondItem {
        SecondItem(
            number: number, id: SecondItem.picker + id, names: [filename], isSure: true, url: "", sha256: sha256,
            size: sha256 == nil ? nil : 5, created: time, isVideo: false, mimeType: "image/jpeg", width: width,
            height: height, isReadable: false)
    }

    /// - Returns: the ids of the service's items, by the numbers of those of the second way.
    private func pairs(
        _ items: [MediaItem], _ seconds: [SecondItem], in index: Index, learnt: [String: LearntContent] = [:]
    ) async throws -> [Int64: String] {
        let listing = try await index.beginListing()
        let numbers = try await listing.add(items, from: .library, at: Self.time)
        var contents: [Int64: LearntContent] = [:]
        for (item, number) in zip(items, numbers) { contents[number] = learnt[item.id] }
        try await index.learn(contents)
        let pairing = try await Pairing(listing, way: SecondItem.picker)
        try await pairing.add(seconds)
        _ = try await pairing.pairWhatIsSure()
        _ = try await pairing.pairWhatIsAlike()
        try await pairing.finish()
        return try await pairing.rows(ofSeconds: seconds.map(\.number)).filter(\.value.isPaired).mapValues(\.id)
    }

    private func pairs(
        _ items: [MediaItem], _ seconds: [SecondItem], learnt: [String: LearntContent] = [:]
    ) async throws -> [Int64: String] {
        try await pairs(items, seconds, in: Index(path: nil), learnt: learnt)
    }

    @Test func theSameIDIsTheSameItemWhateverElseIsKnownOfIt() async throws {
        let later = Self.time.adding(seconds: 99)
        #expect(
            try await pairs(
                [item("A", "a.jpg"), item("B", "a.jpg")],
                [picked(7, "A", "other.jpg", at: later), picked(8, "C", "c.jpg")]) == [7: "A"])
    }

    @Test func nameTimeAndPixelsTellWhereIDsDiffer() async throws {
        // Turned or not.
        #expect(try await pairs([item("A", "a.jpg")], [picked(1, "x", "a.jpg", width: 30, height: 40)]) == [1: "A"])
        #expect(try await pairs([item("A", "a.jpg")], [picked(1, "x", "a.jpg", width: 31, height: 40)]) == [:])
        #expect(try await pairs([item("A", "a.jpg")], [picked(1, "x", "b.jpg")]) == [:])
        let later = Self.time.adding(seconds: 1)
        #expect(try await pairs([item("A", "a.jpg")], [picked(1, "x", "a.jpg", at: later)]) == [:])
    }

    @Test func whereTwoFitNeitherIsTaken() async throws {
        #expect(try await pairs([item("A", "a.jpg"), item("B", "a.jpg")], [picked(1, "x", "a.jpg")]) == [:])
        #expect(
            try await pairs([item("A", "a.jpg")], [picked(1, "x", "a.jpg"), picked(2, "y", "a.jpg")]) == [:])
    }

    @Test func theSameBytesAreTheSameItem() async throws {
        let hash = String(repeating: "ab", count: 32)
        let later = Self.time.adding(seconds: 99)
        #expect(
            try await pairs(
                [item("A", "a.jpg"), item("B", "b.jpg")], [picked(1, "x", "c.jpg", sha256: hash, at: later)],
                learnt: ["B": LearntContent(size: 5, sha256: hash)]) == [1: "B"])
    }

    @Test func oneWayDoesNotForgetWhatAnotherHasFound() async throws {
        let index = try Index(path: nil)
        var exported = picked(1, "", "a.jpg")
        exported.id = SecondItem.takeout + "1"
        for _ in 0..<2 {
            let listing = try await index.beginListing()
            try await listing.add([item("A", "a.jpg")], from: .library, at: Self.time)
            for (way, second) in [(SecondItem.picker, picked(7, "A", "a.jpg")), (SecondItem.takeout, exported)] {
                let pairing = try await Pairing(listing, way: way)
                try await pairing.add([second])
                _ = try await pairing.pairWhatIsSure()
                _ = try await pairing.pairWhatIsAlike()
                try await pairing.finish()
            }
        }
        // The file was renamed at the service, which is all the same to what is known to be one.
        var renamed = item("A", "renamed.jpg")
        renamed.creationTime = Self.time.adding(seconds: 50)
        let listing = try await index.beginListing()
        try await listing.add([renamed], from: .library, at: Self.time)
        let pairing = try await Pairing(listing, way: SecondItem.takeout)
        try await pairing.add([exported])
        _ = try await pairing.pairWhatIsSure()
        #expect(try await pairing.rows(ofSeconds: [1])[1]?.id == "A")
    }
}
