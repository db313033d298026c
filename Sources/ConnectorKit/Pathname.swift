import Foundation

/// The place of a record in its source: absolute, `/`-separated, safe to join to a directory.
///
/// Every value obeys the protocol (docs/protocol.md, "Importing"): no empty, `.` or `..` part, no control character, each
/// part at most 255 bytes of UTF-8 in NFC. Made once at the edge, trusted everywhere else.
public struct Pathname: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The text, such as `/album/Lisbon/IMG_1.jpg`; `/` for the root.
    public let string: String

    public static let root = Pathname(trusted: "/")
    /// The longest part, in bytes of UTF-8: what ext4, XFS, Btrfs, APFS and NTFS all take.
    public static let longestPart = 255

    private init(trusted: String) { string = trusted }

    /// Takes a pathname from outside.
    /// - Throws: ``ConnectorError`` with code `protocol` that says which rule is broken.
    public init(_ text: String) throws(ConnectorError) {
        if text == "/" {
            self = .root
            return
        }
        guard text.utf8.first == UInt8(ascii: "/") else { throw Self.refusal("is not absolute") }
        if Self.isPlain(text) {
            self.init(trusted: text)
            return
        }
        for part in text.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false) {
            if let reason = Self.fault(of: Substring(part)) { throw Self.refusal(reason) }
        }
        self.init(trusted: text)
    }

    /// The pathname of something in this directory.
    /// - Throws: ``ConnectorError`` with code `protocol` where `part` is not a single, allowed part.
    public func appending(_ part: String) throws(ConnectorError) -> Pathname {
        if let reason = Self.fault(of: Substring(part)) { throw Self.refusal(reason) }
        return Pathname(trusted: string == "/" ? "/" + part : string + "/" + part)
    }

    /// `other` with its root here: `/x/a` for `/a` joined to `/x`.
    public func joined(with other: Pathname) throws(ConnectorError) -> Pathname {
        var joined = self
        for part in other.parts { joined = try joined.appending(part) }
        return joined
    }

    private static func refusal(_ reason: String) -> ConnectorError {
        ConnectorError(.protocolViolation, "a pathname \(reason)")
    }

    /// Whether a text that begins with a slash is certainly valid: ASCII, and no part that is empty, long or begins with a
    /// dot. Nearly all are, and they are told in one pass.
    private static func isPlain(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var partStart = 1
            for index in 1...bytes.count {
                let byte = index < bytes.count ? bytes[index] : UInt8(ascii: "/")
                if byte == UInt8(ascii: "/") {
                    let count = index - partStart
                    if count == 0 || count > longestPart || bytes[partStart] == UInt8(ascii: ".") { return false }
                    partStart = index + 1
                } else if byte < 0x20 || byte >= 0x7F {
                    return false
                }
            }
            return true
        }
    }

    /// Why a text cannot be one part of a pathname; nil where it can.
    public static func fault(of part: Substring) -> String? {
        if part.isEmpty { return "has an empty part" }
        if part == "." || part == ".." { return "has the part \(part)" }
        var isASCII = true
        var count = 0
        for byte in part.utf8 {
            if byte < 0x20 || byte == 0x7F { return "has a control character" }
            if byte == UInt8(ascii: "/") { return "has a slash within a part" }
            if byte >= 0x80 { isASCII = false }
            count += 1
        }
        if count > longestPart { return "has a part of more than \(longestPart) bytes" }
        if isASCII { return nil }
        // C1 controls (U+0080...U+009F) are control characters too.
        if part.unicodeScalars.contains(where: { (0x80...0x9F).contains($0.value) }) {
            return "has a control character"
        }
        let text = String(part)
        if !text.utf8.elementsEqual(text.precomposedStringWithCanonicalMapping.utf8) { return "is not in NFC" }
        return nil
    }

    public var isRoot: Bool { string == "/" }

    /// The last part; empty for the root.
    public var name: String {
        guard let slash = string.utf8.lastIndex(of: UInt8(ascii: "/")) else { return string }
        return String(string[string.utf8.index(after: slash)...])
    }

    /// The directory that holds it; nil for the root.
    public var parent: Pathname? {
        if isRoot { return nil }
        guard let slash = string.utf8.lastIndex(of: UInt8(ascii: "/")), slash != string.startIndex else { return .root }
        return Pathname(trusted: String(string[..<slash]))
    }

    public var parts: [String] { string.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) } }

    /// The directories above it, the root first.
    public var ancestors: [Pathname] {
        var found: [Pathname] = []
        var next = parent
        while let directory = next {
            found.append(directory)
            next = directory.parent
        }
        return found.reversed()
    }

    /// True for the pathname itself and everything below it.
    public func contains(_ other: Pathname) -> Bool {
        isRoot || self == other || other.string.utf8.starts(with: (string + "/").utf8)
    }

    /// `other` as seen from here: `["a", "b"]` for `/x/a/b` from `/x`; nil where it is not below.
    public func relativeParts(of other: Pathname) -> [String]? {
        contains(other) ? Array(other.parts.dropFirst(parts.count)) : nil
    }

    /// Orders a directory before what is in it, and that before the directory's next sibling.
    public static func < (left: Pathname, right: Pathname) -> Bool {
        // "/" sorts before every other allowed byte, so that "/a/b" comes before "/a b".
        left.string.utf8.lexicographicallyPrecedes(right.string.utf8) {
            ($0 == UInt8(ascii: "/") ? 0 : $0) < ($1 == UInt8(ascii: "/") ? 0 : $1)
        }
    }

    public var description: String { string }
}
