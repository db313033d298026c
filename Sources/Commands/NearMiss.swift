/// The word that somebody meant who wrote another.
enum NearMiss {
    /// The nearest of some words; nil where none is near. Case, and a dash for an underscore, do not count.
    static func of(_ text: String, among words: [String]) -> String? {
        let text = Self.folded(text)
        // A third of the letters may be wrong: more, and it is another word.
        let limit = max(1, text.count / 3)
        let near = words.map { (word: $0, distance: distance(text, folded($0))) }.filter { $0.distance <= limit }
        if let best = near.min(by: { ($0.distance, $0.word) < ($1.distance, $1.word) }) { return best.word }
        let longer = words.filter { text.count >= 3 && folded($0).starts(with: text) }
        return longer.count == 1 ? longer[0] : nil
    }

    private static func folded(_ text: String) -> [Character] {
        Array(text.lowercased().map { $0 == "-" ? "_" : $0 })
    }

    /// How many letters are missing, too much, wrong or change places with the next (optimal string alignment).
    static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var before: [Int] = []
        var last = Array(0...right.count)
        for (row, letter) in left.enumerated() {
            var next = [row + 1]
            for (column, other) in right.enumerated() {
                var best = min(last[column + 1], next[column]) + 1
                best = min(best, last[column] + (letter == other ? 0 : 1))
                if row > 0, column > 0, letter == right[column - 1], left[row - 1] == other {
                    best = min(best, before[column - 1] + 1)
                }
                next.append(best)
            }
            (before, last) = (last, next)
        }
        return last[right.count]
    }
}
