import ConnectorKit
import Crypto
import Foundation

/// Names from the service, made into one part of a pathname that every file system takes.
///
/// What a file system does not take is shown by a look-alike, as rclone's encodings do: `/` by `／`, a control character
/// by its picture, `.` and `..` by full-width dots, a blank or dot at the end by `␠` or `．`.
/// <https://rclone.org/overview/#restricted-filenames>
public enum SafeName {
    /// - Parameter rules: what a name must do without beyond that.
    /// - Returns: a safe name of at most ``Pathname/longestPart`` bytes; nil where nothing is left to name it by.
    public static func make(_ raw: String, _ rules: NameRules = .plain) -> String? {
        if raw.isEmpty { return nil }
        if rules.areKeptByPlainNames, isPlain(raw) { return raw }
        // Some characters are others in NFC: U+037E is a semicolon.
        let normal = raw.precomposedStringWithCanonicalMapping
        var text = String(String.UnicodeScalarView(normal.unicodeScalars.map { replacement($0, rules) }))
        text = text.precomposedStringWithCanonicalMapping
        if text == "." || text == ".." { return String(repeating: "．", count: text.count) }
        if text.hasSuffix(" ") { text = text.dropLast() + "␠" }
        if text.hasSuffix(".") { text = text.dropLast() + "．" }
        return shortened(rules.withoutDevice(rules.withSafeStart(text)), mark: "")
    }

    /// The name of a second item of that name: `STEM {ID8}.EXT`.
    public static func marked(_ name: String, mark: String) -> String { shortened(name, mark: " {\(mark)}") }

    /// The first `digits` hexadecimal digits of the SHA-256 of an id.
    public static func mark(of id: String, digits: Int = 8) -> String {
        String(String(hexadecimal: Array(SHA256.hash(data: Array(id.utf8)))).prefix(digits))
    }

    /// Nearly all names are like `IMG_0001.jpg` and need no work.
    private static func isPlain(_ text: String) -> Bool {
        let bytes = text.utf8
        guard bytes.count <= Pathname.longestPart, let last = bytes.last, last != UInt8(ascii: " "),
            last != UInt8(ascii: ".")
        else { return false }
        return bytes.allSatisfy { (0x20..<0x7F).contains($0) && $0 != UInt8(ascii: "/") }
    }

    private static func replacement(_ scalar: Unicode.Scalar, _ rules: NameRules) -> Unicode.Scalar {
        switch scalar.value {
        case 0x2F: "／"
        case 0..<0x20: Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}"
        case 0x7F: "\u{2421}"
        case 0x80...0x9F: "\u{FFFD}"
        default: rules.replacement(scalar)
        }
    }

    /// `name` with `mark` before its extension, its stem cut at a character so that all of it fits.
    private static func shortened(_ name: String, mark: String) -> String {
        let (stem, suffix) = split(name)
        let room = Pathname.longestPart - suffix.utf8.count - mark.utf8.count
        if stem.utf8.count <= room { return stem + mark + suffix }
        var kept = ""
        var count = 0
        for character in stem {
            let size = String(character).utf8.count
            // A single character can be longer than a whole name: a letter with 200 accents.
            if count + size > room { break }
            kept.append(character)
            count += size
        }
        // What was in the midst may be at the end now.
        if mark.isEmpty, suffix.isEmpty { while kept.hasSuffix(" ") || kept.hasSuffix(".") { kept.removeLast() } }
        return (kept.isEmpty ? "_" : kept) + mark + suffix
    }

    /// The extension with its dot, where a name has one that a person would call so.
    private static func split(_ name: String) -> (stem: Substring, suffix: Substring) {
        guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return (name[...], "") }
        let suffix = name[dot...]
        let isExtension = (2...16).contains(suffix.utf8.count) && !suffix.contains(" ")
        return isExtension ? (name[..<dot], suffix) : (name[...], "")
    }
}
