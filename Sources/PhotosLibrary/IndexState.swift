import Foundation

/// What an index knows that no listing tells, in a form that a host keeps: names that time and ids alone would not give
/// again, then the sizes of contents, then their hashes, as far as they fit.
///
/// Text: `1.` and base64 of: the directories; the names; the sizes, those with a hash first; the hashes. Counts and sizes
/// are variable in length, seven bits a byte, the low ones first.
struct IndexState: Sendable, Hashable {
    struct Directory: Sendable, Hashable {
        /// The layout that it is of.
        var space: String
        var path: String
    }

    /// A name in a directory: an item's, or that of an album's folder.
    struct Name: Sendable, Hashable {
        /// ``Hints/owner(_:)``.
        var owner: Int64
        /// Its place in ``directories``.
        var directory: Int
        var name: String
    }

    struct Content: Sendable, Hashable {
        var owner: Int64
        var size: Int64
        /// 32 bytes.
        var sha256: [UInt8]?
    }

    var directories: [Directory] = []
    var names: [Name] = []
    var contents: [Content] = []

    /// A line of the protocol holds 8 MiB, by default.
    static let longestText = 7 << 20
    private static let version = "1."

    // MARK: - Writing

    /// - Parameter limit: bytes of the text. What comes last is left out where there is too much.
    func text(limit: Int = longestText) -> String {
        let ordered = contents.filter { $0.sha256 != nil } + contents.filter { $0.sha256 == nil }
        return text(limit: limit) { put in
            for content in ordered where !put(content.owner, content.size) { return }
        } hashes: { put in
            for hash in ordered.compactMap(\.sha256) where !put(hash[...]) { return }
        }
    }

    /// The same, of contents that come one after the other and are nowhere all at once: there may be a million.
    /// - Parameters:
    ///   - sizes: hands over the owner and the size of each content, those with a hash first, until one is refused.
    ///   - hashes: hands over the hashes in the same order, until one is refused.
    func text(
        limit: Int = longestText, sizes each: ((Int64, Int64) -> Bool) throws -> Void,
        hashes eachHash: ((ArraySlice<UInt8>) -> Bool) throws -> Void
    ) rethrows -> String {
        let room = (limit - Self.version.utf8.count) / 4 * 3
        var body = StateWriter()
        // Counts come before what they count: each part is made on its own.
        var paths = StateWriter()
        var given = StateWriter()
        var numbers: [Int: Int] = [:]
        var nameCount = 0
        for name in names {
            var entry = StateWriter()
            let isNew = numbers[name.directory] == nil
            let number = numbers[name.directory] ?? numbers.count
            var path = StateWriter()
            if isNew {
                path.put(directories[name.directory].space)
                path.put(directories[name.directory].path)
            }
            entry.put(fixed: name.owner)
            entry.put(UInt64(number))
            entry.put(name.name)
            let size = paths.bytes.count + given.bytes.count + path.bytes.count + entry.bytes.count
            if size + Self.counts > room { break }
            numbers[name.directory] = number
            paths.bytes += path.bytes
            given.bytes += entry.bytes
            nameCount += 1
        }
        body.put(UInt64(numbers.count))
        body.bytes += paths.bytes
        body.put(UInt64(nameCount))
        body.bytes += given.bytes

        // What is less worth must not take the place of what did not fit.
        var fits = nameCount == names.count
        var sizes = StateWriter()
        var sizeCount = 0
        if fits {
            try each { owner, size in
                fits = fits && body.bytes.count + sizes.bytes.count + 18 + Self.counts <= room
                guard fits else { return false }
                sizes.put(fixed: owner)
                sizes.put(UInt64(clamping: size))
                sizeCount += 1
                return true
            }
        }
        body.put(UInt64(sizeCount))
        body.bytes += sizes.bytes
        sizes.bytes = []
        var hashes: [UInt8] = []
        if fits {
            try eachHash { hash in
                guard body.bytes.count + hashes.count + 32 + Self.counts <= room else { return false }
                hashes += hash
                return true
            }
        }
        body.put(UInt64(hashes.count / 32))
        body.bytes += hashes
        return Self.version + Data(body.bytes).base64EncodedString()
    }

    /// Room for the counts.
    private static let counts = 64

    // MARK: - Reading

    init() {}

    /// - Returns: nil where the text is none of this version.
    init?(_ text: String) {
        guard text.hasPrefix(Self.version), text.utf8.count <= Self.longestText,
            let data = Data(base64Encoded: String(text.dropFirst(Self.version.count)))
        else { return nil }
        var reader = StateReader(bytes: [UInt8](data))
        do {
            for _ in 0..<(try reader.count(least: 2)) {
                directories.append(Directory(space: try reader.string(), path: try reader.string()))
            }
            for _ in 0..<(try reader.count(least: 10)) {
                let name = Name(
                    owner: try reader.fixed(), directory: Int(clamping: try reader.number()), name: try reader.string())
                guard directories.indices.contains(name.directory) else { return nil }
                names.append(name)
            }
            for _ in 0..<(try reader.count(least: 9)) {
                contents.append(
                    Content(owner: try reader.fixed(), size: Int64(clamping: try reader.number())))
            }
            let hashes = try reader.count(least: 32)
            guard hashes <= contents.count else { return nil }
            for index in 0..<hashes { contents[index].sha256 = try reader.take(32) }
        } catch {
            return nil
        }
        if !reader.isAtEnd { return nil }
    }
}

private struct StateWriter {
    var bytes: [UInt8] = []

    mutating func put(_ number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func put(fixed number: Int64) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func put(_ text: String) {
        put(UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }
}

private struct StateReader {
    struct Ended: Error {}

    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ count: Int) throws -> [UInt8] {
        guard count >= 0, count <= bytes.count - position else { throw Ended() }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    mutating func number() throws -> UInt64 {
        var number: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try take(1)[0]
            number |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 { return number }
        }
        throw Ended()
    }

    /// - Parameter least: bytes that each of them takes at least.
    mutating func count(least: Int) throws -> Int {
        let count = Int(clamping: try number())
        guard count <= (bytes.count - position) / least else { throw Ended() }
        return count
    }

    mutating func fixed() throws -> Int64 {
        try take(8).reduce(0) { $0 << 8 | Int64($1) }
    }

    mutating func string() throws -> String {
        guard let text = String(validating: try take(Int(clamping: number())), as: UTF8.self) else { throw Ended() }
        return text
    }
}
