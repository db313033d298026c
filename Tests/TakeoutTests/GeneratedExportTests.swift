import ConnectorKit
import FakePhotos
import Foundation
import SeededRandom
import Testing

@testable import Takeout

/// Exports of the fake's own library: in every language, packed in every way, with the incremental ones that follow.
@Suite struct GeneratedExportTests {
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    @Test(arguments: 1...TakeoutLanguage.allCases.count)
    func everyItemIsFoundOnceWithWhatTheLastExportSays(_ number: Int) async throws {
        let seed = UInt64(number)
        var random = SeededRandom(seed: seed)
        var options = FakeOptions()
        options.plan.items = 140
        options.plan.seed = seed
        let fake = try FakeLibrary(options: options)
        var plan = TakeoutPlan()
        plan.seed = seed
        plan.language = TakeoutLanguage.allCases[number - 1]
        plan.packing = TakeoutPlan.Packing.allCases[number % 3]
        plan.parts = Int.random(in: 1...3, using: &random)
        plan.increments = Int.random(in: 0...2, using: &random)
        plan.hasOldNames = Bool.random(using: &random)
        let summary = try fake.writeTakeout(to: scratch.path, plan: plan)
        let library = try TakeoutLibrary(directory: scratch.path, catalog: nil)
        try await library.update()
        let found = try await library.allItems()
        #expect(try await library.problems() == [], "seed \(seed)")
        #expect(found.count == summary.items + summary.extras, "seed \(seed)")
        #expect(summary.extras > 0)
        var left = Dictionary(grouping: found, by: \.size)
        for truth in try fake.items() {
            let bytes = try #require(fake.content(ofItem: truth.id))
            var match: TakeoutItem?
            for candidate in left[truth.size] ?? [] where try await library.bytes(candidate) == bytes {
                match = candidate
            }
            let item = try #require(match, "seed \(seed): \(truth.filename)")
            left[truth.size]?.removeAll { $0.id == item.id }
            if summary.withoutSidecar.contains(truth.id) {
                #expect(item.certainty != .matched, "seed \(seed): \(truth.filename)")
                continue
            }
            #expect(item.certainty == .matched, "seed \(seed): \(truth.filename)")
            #expect(item.time == truth.creationTime, "seed \(seed): \(truth.filename)")
            #expect(item.metadata?.description == truth.description || truth.description.isEmpty, "seed \(seed)")
            #expect(item.metadata?.isFavorite == truth.isFavorite, "seed \(seed): \(truth.filename)")
            #expect(item.isArchived == truth.isArchived, "seed \(seed): \(truth.filename)")
            if truth.filename.contains(".") { #expect(item.name == truth.filename, "seed \(seed)") }
        }
        let titles = try fake.albums().filter { !$0.items.isEmpty && !$0.title.isEmpty }.map(\.title).sorted()
        let albums = try await library.albums()
        #expect(titles.allSatisfy { title in albums.contains { $0.title == title } }, "seed \(seed): \(albums)")
        for (title, members) in Dictionary(grouping: try fake.albums(), by: \.title).mapValues({ $0.map(\.items) })
        where members.count == 1 && !title.isEmpty {
            guard let album = albums.first(where: { $0.title == title }) else { continue }
            let count = try await library.members(of: album).count
            #expect(count >= Set(members[0]).count, "seed \(seed): \(title)")
        }
    }
}
