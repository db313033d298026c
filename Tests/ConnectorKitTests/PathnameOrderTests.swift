import ConnectorKit
import SeededRandom
import Testing

struct PathnameOrderTests {
    @Test func knownOrder() throws {
        let order = try [
            "/", "/ ", "/!", "/-", "/.a", "/A", "/a", "/a/b", "/a/b/c", "/a/b c", "/a/c", "/a b", "/a b/c", "/a!",
            "/a-b",
            "/a.b", "/a0", "/aa", "/b", "/\u{E9}", "/漢", "/😀",
        ].map { try Pathname($0) }
        for (index, left) in order.enumerated() {
            for (other, right) in order.enumerated() {
                #expect((left < right) == (index < other), "\(left) and \(right)")
                #expect((left == right) == (index == other), "\(left) and \(right)")
            }
        }
        #expect(order.reversed().sorted() == order)
    }

    /// A sorted listing is a walk of the tree: what is in a directory follows it without a gap.
    @Test func sortedIsAWalk() throws {
        for seed in UInt64(0)..<200 {
            var generator = SeededRandom(seed: seed)
            let words = ["a", "a b", "a!", "a-", "a.", "ab", "b", "\u{E9}", " "]
            var all: Set<Pathname> = [.root]
            for _ in 0..<40 {
                var pathname = Pathname.root
                for _ in 0..<Int.random(in: 1...4, using: &generator) {
                    pathname = try pathname.appending(words.randomElement(using: &generator) ?? "a")
                    all.insert(pathname)
                }
            }
            let sorted = all.sorted()
            for (index, directory) in sorted.enumerated() {
                let below = all.count { directory.contains($0) }
                let run = sorted[index...].prefix { directory.contains($0) }
                #expect(run.count == below, "seed \(seed): \(directory)")
            }
        }
    }
}
