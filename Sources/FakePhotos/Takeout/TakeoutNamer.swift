/// Names files as Takeout does, in one folder. Written apart from the matcher and in the other direction, so that a test
/// of one against the other says something.
public struct TakeoutNamer {
    public enum Style: Sendable, CaseIterable {
        /// Until autumn 2024: `IMG_1.jpg.json`, `IMG_1.jpg(1).json`.
        case plain
        /// Since then: `IMG_1.jpg.supplemental-metadata.json`.
        case supplemental
    }

    public var style: Style
    private var files: [String: Int] = [:]
    private var sidecars: [String: Int] = [:]

    public init(_ style: Style) { self.style = style }

    /// The names of a file and its sidecar.
    public mutating func name(_ title: String) -> (file: String, sidecar: String) {
        let safe = Self.safe(title)
        let dot = safe.lastIndex(of: ".") ?? safe.endIndex
        let stem = String(safe[..<dot].utf16.prefix(47)) ?? String(safe[..<dot].prefix(47))
        let suffix = String(safe[dot...])
        let number = files[stem + suffix, default: 0]
        files[stem + suffix] = number + 1
        let long = safe + (style == .supplemental ? ".supplemental-metadata" : "")
        let base = String(long.utf16.prefix(46)) ?? String(long.prefix(46))
        let sidecarNumber = sidecars[base, default: 0]
        sidecars[base] = sidecarNumber + 1
        return (
            stem + (number > 0 ? "(\(number))" : "") + suffix,
            base + (sidecarNumber > 0 ? "(\(sidecarNumber))" : "") + ".json"
        )
    }

    public static func safe(_ title: String) -> String {
        let escaped = title.map { character in
            switch character {
            case "&": "&amp;"
            case "'": "&#39;"
            case "<": "&lt;"
            case ">": "&gt;"
            case "\"": "&quot;"
            default: String(character)
            }
        }.joined()
        let isTaken = { (character: Character) in
            #"%&:?*<>|"/\;#{}~"#.contains(character) || character.unicodeScalars.contains { $0.value < 32 }
        }
        let safe = String(escaped.map { isTaken($0) ? "_" : $0 })
        // A name of dots alone is no name of a file.
        return safe.allSatisfy { $0 == "." } ? String(repeating: "_", count: safe.count) : safe
    }
}
