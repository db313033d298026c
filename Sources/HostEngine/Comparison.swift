import ConnectorKit

/// An item of a library, wherever it is shown.
public struct LibraryItem: Sendable, Hashable {
    /// Where the source shows it; never empty.
    public var pathnames: [Pathname]
    /// Its names in lower case: in those places, and as the source calls it.
    public var names: Set<String>
    public var size: Int64?
    public var modificationTime: Timestamp
    public var sha256: String?
    public var dimensions: ImageDimensions?

    public init(
        pathnames: [Pathname], names: Set<String>, size: Int64? = nil, modificationTime: Timestamp,
        sha256: String? = nil, dimensions: ImageDimensions? = nil
    ) {
        self.pathnames = pathnames
        self.names = names
        self.size = size
        self.modificationTime = modificationTime
        self.sha256 = sha256
        self.dimensions = dimensions
    }
}

/// A file of a folder that is compared with a library.
public struct ComparedFile: Sendable, Hashable {
    /// Below the folder, with a slash before it.
    public var path: String
    public var size: Int64
    public var modificationTime: Timestamp

    public init(path: String, size: Int64, modificationTime: Timestamp) {
        self.path = path
        self.size = size
        self.modificationTime = modificationTime
    }

    var name: String { path.split(separator: "/").last.map(String.init) ?? "" }
}

/// What a folder has of a library.
public struct Comparison: Sendable {
    /// By what a file was found to be an item, the surest first. A service may hand out other bytes than it was given,
    /// so that a size can differ although the picture is the same.
    public enum Evidence: String, Sendable, Hashable, CaseIterable, Comparable {
        case content
        case nameSizeAndDate = "name, size and date"
        case nameAndSize = "name and size"
        case nameAndDate = "name and date"
        case nameAndDimensions = "name and dimensions"

        private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
        public static func < (left: Evidence, right: Evidence) -> Bool { left.rank < right.rank }
    }

    public struct Match: Sendable {
        public var file: ComparedFile
        public var item: LibraryItem
        public var evidence: Evidence
    }

    public var matches: [Match] = []
    /// Further files that are an item which another file is already.
    public var duplicates: [Match] = []
    /// Items that the folder lacks.
    public var missing: [LibraryItem] = []
    /// Files that the library lacks.
    public var extra: [ComparedFile] = []

    public var isEqual: Bool { missing.isEmpty && extra.isEmpty && duplicates.isEmpty }
}

/// Finds out which file is which item.
///
/// By content where the hash of an item is known; a file is read for that only where an item of its size has one. Else
/// by name, with size, date and dimensions, as far as the source tells them.
struct ComparisonMatcher {
    private let items: [LibraryItem]
    private let root: Pathname
    private var byHash: [String: [Int]] = [:]
    private var byName: [String: [Int]] = [:]
    /// The sizes of items whose hash is known.
    private var hashedSizes: Set<Int64> = []
    private var hasHashWithoutSize = false
    /// The files of each item.
    private var found: [Int: [(file: ComparedFile, evidence: Comparison.Evidence)]] = [:]
    private var extra: [ComparedFile] = []

    /// - Parameter root: the pathname of the source that the folder stands for.
    init(items: [LibraryItem], root: Pathname) {
        self.items = items
        self.root = root
        for (index, item) in items.enumerated() {
            for name in item.names { byName[name, default: []].append(index) }
            guard let hash = item.sha256 else { continue }
            byHash[hash, default: []].append(index)
            if let size = item.size { hashedSizes.insert(size) } else { hasHashWithoutSize = true }
        }
    }

    /// Takes the next file.
    /// - Parameters:
    ///   - sha256: reads it; nil where it cannot be read.
    ///   - dimensions: reads those of a picture.
    mutating func add(
        _ file: ComparedFile, sha256: () -> String?, dimensions: () -> ImageDimensions?
    ) {
        if hasHashWithoutSize || hashedSizes.contains(file.size), let hash = sha256(), let same = byHash[hash] {
            return keep(file, best(of: same, for: file), .content)
        }
        var best: (evidence: Comparison.Evidence, items: [Int])?
        var own: ImageDimensions??
        for index in byName[file.name.lowercased()] ?? [] {
            let item = items[index]
            let isSize = item.size == file.size
            // Of that size and known by its hash: then it would have been found by it.
            if isSize, item.sha256 != nil { continue }
            let isDate = item.modificationTime.isSame(as: file.modificationTime)
            let evidence: Comparison.Evidence
            if isSize {
                evidence = isDate ? .nameSizeAndDate : .nameAndSize
            } else if isDate {
                evidence = .nameAndDate
            } else {
                guard let wanted = item.dimensions else { continue }
                if own == nil { own = .some(dimensions()) }
                guard own == .some(wanted) else { continue }
                evidence = .nameAndDimensions
            }
            if let known = best, known.evidence < evidence { continue }
            if best?.evidence == evidence { best?.items.append(index) } else { best = (evidence, [index]) }
        }
        guard let best else { return extra.append(file) }
        keep(file, self.best(of: best.items, for: file), best.evidence)
    }

    private mutating func keep(_ file: ComparedFile, _ index: Int, _ evidence: Comparison.Evidence) {
        found[index, default: []].append((file, evidence))
    }

    /// Of items that are alike: the one whose place the file has, or its name; or one that no file is yet.
    private func best(of candidates: [Int], for file: ComparedFile) -> Int {
        candidates.first { isInPlace(file, items[$0]) }
            ?? candidates.first { found[$0] == nil && items[$0].names.contains(file.name.lowercased()) }
            ?? candidates.first { found[$0] == nil } ?? candidates[0]
    }

    private func isInPlace(_ file: ComparedFile, _ item: LibraryItem) -> Bool {
        item.pathnames.contains { (try? root.place(of: $0, kind: .file))?.string == file.path }
    }

    /// The result, in the order of paths.
    func finish() -> Comparison {
        var comparison = Comparison()
        for (index, item) in items.enumerated() {
            guard let files = found[index] else {
                comparison.missing.append(item)
                continue
            }
            // A file in each place that shows the item is as it should be; without any, the surest one counts.
            let sorted = files.sorted { ($0.evidence, $0.file.path) < ($1.evidence, $1.file.path) }
            let hasPlace = sorted.contains { isInPlace($0.file, item) }
            for (number, (file, evidence)) in sorted.enumerated() {
                let match = Comparison.Match(file: file, item: item, evidence: evidence)
                if hasPlace ? isInPlace(file, item) : number == 0 {
                    comparison.matches.append(match)
                } else {
                    comparison.duplicates.append(match)
                }
            }
        }
        comparison.matches.sort { $0.file.path < $1.file.path }
        comparison.duplicates.sort { $0.file.path < $1.file.path }
        comparison.missing.sort { $0.pathnames[0] < $1.pathnames[0] }
        comparison.extra = extra.sorted { $0.path < $1.path }
        return comparison
    }
}
