import Foundation

/// A file name, taken apart: `IMG_1(2).jpg` is `IMG_1`, 2, `.jpg`.
struct MediaName: Sendable, Hashable {
    /// Without number and extension.
    var stem: String
    /// The number that tells files of one name apart; 0 for none.
    var number: Int
    /// With its dot; empty where there is none.
    var suffix: String

    init(_ name: String) {
        let (stem, suffix) = Self.split(name)
        let (rest, number) = Self.numbered(stem)
        self.init(stem: rest, number: number, suffix: suffix)
    }

    init(stem: String, number: Int, suffix: String) {
        self.stem = stem
        self.number = number
        self.suffix = suffix
    }

    /// The name without its number.
    var plain: String { stem + suffix }

    /// Whether it is a video, or the video half of a motion photo.
    var isVideo: Bool { MediaType(extension: String(suffix.dropFirst()))?.isVideo ?? false }

    /// Stem and extension; what is after the last dot is one where it is short and has no blank.
    static func split(_ name: String) -> (stem: String, suffix: String) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return (name, "") }
        let suffix = name[dot...]
        guard (2...6).contains(suffix.count), !suffix.contains(" "), !suffix.hasSuffix(")") else { return (name, "") }
        return (String(name[..<dot]), String(suffix))
    }

    /// `X(3)` as `X` and 3; else the text itself and 0.
    static func numbered(_ text: String) -> (rest: String, number: Int) {
        guard text.hasSuffix(")"), let open = text.lastIndex(of: "("), open != text.startIndex else { return (text, 0) }
        let digits = text[text.index(after: open)...].dropLast()
        guard (1...4).contains(digits.utf8.count), digits.utf8.allSatisfy({ (48..<58).contains($0) }),
            let number = Int(digits), number > 0
        else { return (text, 0) }
        return (String(text[..<open]), number)
    }
}

/// How Takeout makes names of files from titles.
public enum ExportedName {
    /// The longest base of a sidecar's name, what stands before `.json`.
    static let longestBase = 46
    /// The longest stem of a media file's name.
    static let longestStem = 47
    /// What exports since autumn 2024 put between the title and `.json`, cut with the rest.
    static let sidecarSuffix = "supplemental-metadata"

    /// The first `count` units of a text, counted in both ways that tools have found: Unicode scalars, UTF-16.
    static func cuts(_ text: String, to count: Int) -> [String] {
        if text.utf8.count <= count { return [text] }
        let byScalars = String(String.UnicodeScalarView(text.unicodeScalars.prefix(count)))
        let byUTF16 = prefixOfUTF16(text, count)
        return byScalars == byUTF16 ? [byScalars] : [byScalars, byUTF16]
    }

    /// A pair of surrogates is not taken apart.
    private static func prefixOfUTF16(_ text: String, _ count: Int) -> String {
        var length = 0
        let scalars = text.unicodeScalars.prefix { scalar in
            length += scalar.value > 0xFFFF ? 2 : 1
            return length <= count
        }
        return String(String.UnicodeScalarView(scalars))
    }

    /// A form in which a title and the names made of it are equal: HTML's escapes are undone, what a file name does not
    /// take is `_`, one for each run.
    static func folded(_ text: String) -> String {
        var folded = isPlain(text) ? text : foldedSlowly(text)
        // What is left of an escape whose & and ; have become _: it has one at each end.
        if folded.utf8.lazy.filter({ $0 == UInt8(ascii: "_") }).prefix(2).count == 2 {
            for rest in leftovers where folded.utf8.count > rest.utf8.count && folded.contains(rest) {
                folded = folded.replacing(rest, with: "_")
            }
        }
        return folded
    }

    private static let leftovers = ["_amp_", "_39_", "_quot_", "_lt_", "_gt_"]

    /// Nearly all names are like `IMG_0001.jpg` and need no work.
    private static func isPlain(_ text: String) -> Bool {
        var last: UInt8 = 0
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "("),
                UInt8(ascii: ")"), UInt8(ascii: " "):
                break
            case UInt8(ascii: "_") where last != byte: break
            default: return false
            }
            last = byte
        }
        return true
    }

    private static func foldedSlowly(_ text: String) -> String {
        var text = text.precomposedStringWithCanonicalMapping
        if text.contains("&") {
            for (entity, character) in entities { text = text.replacing(entity, with: character) }
        }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let properties = scalar.properties
            if properties.isAlphabetic || properties.numericType != nil || ".-() ".unicodeScalars.contains(scalar)
                || properties.generalCategory == .nonspacingMark
            {
                result.append(scalar)
            } else if result.last != "_" {
                result.append("_")
            }
        }
        return String(result)
    }

    private static let entities = [
        ("&amp;", "&"), ("&#39;", "'"), ("&apos;", "'"), ("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"),
    ]

    /// The names that a file of this title may have, but for its number: folded.
    static func fileNames(ofTitle title: String) -> Set<String> {
        let (stem, suffix) = MediaName.split(title)
        var names: Set<String> = [folded(title)]
        for cut in cuts(stem, to: longestStem) { names.insert(folded(cut + suffix)) }
        return names
    }
}
