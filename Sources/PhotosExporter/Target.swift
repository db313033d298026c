import ConnectorKit
import Foundation
import PhotosLibrary

/// Where a record goes in the library, by its pathname alone. (docs/restore.md, "What goes where")
enum Target: Sendable, Hashable {
    /// Into the album of this directory.
    case album(directory: Pathname)
    /// Into the library, without an album.
    case library
    /// Into the library, though the folder means more: the API cannot set it.
    case mark(Mark)

    /// What only Google's own apps can set.
    enum Mark: String, Sendable, Hashable, CaseIterable {
        case favorites, archive
    }

    /// - Parameters:
    ///   - directory: what holds the record, below the destination's root.
    ///   - root: what the location of the destination names.
    init(directory: Pathname, root: Pathname, folders: ExportSettings.Folders) {
        let parts = directory.parts
        guard let first = parts.first else {
            self = .library
            return
        }
        switch first {
        case "album", "shared-album":
            self = parts.count > 1 ? .album(directory: directory) : .library
        case "albums":
            // Of gphotos-sync: an album is in the folder of its year, or its name begins with the date.
            self = Self.isYear(parts.dropFirst()) ? .library : .album(directory: directory)
        case "media", "photos", "upload": self = .library
        case "feature":
            let mark = parts.dropFirst().first.flatMap(Mark.init(rawValue:))
            self = mark.map { .mark($0) } ?? .library
        default: self = folders == .albums ? .album(directory: directory) : .library
        }
        if folders == .library, case .album = self, Layout.namesAlbum(root) { self = .album(directory: root) }
    }

    /// Nothing at all, or the folder of a year.
    private static func isYear(_ parts: ArraySlice<String>) -> Bool {
        guard let first = parts.first else { return true }
        return parts.count == 1 && first.utf8.count == 4 && first.utf8.allSatisfy { (48..<58).contains($0) }
    }
}

/// The title of the album that a directory becomes.
enum AlbumTitle {
    /// By its pathname alone, where nobody says more.
    static func derived(from directory: Pathname) -> String {
        let parts = directory.parts
        switch parts.first {
        case "album", "shared-album": return parts.dropFirst().joined(separator: "/")
        case "albums": return withoutDate(directory.name)
        default: return parts.joined(separator: "/")
        }
    }

    /// Whether an album of this title is shown in this directory: by its own name, by a marked one, or by one with its
    /// date. Elsewhere the destination has another name for it.
    static func leads(_ title: String, to directory: Pathname, _ rules: NameRules) -> Bool {
        let parts = directory.parts
        let name = unmarked(directory.name)
        switch parts.first {
        case "album", "shared-album":
            let names = title.split(separator: "/").compactMap { SafeName.make(String($0), rules) }
            if names.isEmpty { return false }
            let shown = Array(parts.dropFirst())
            return names == shown || names == shown.dropLast() + [name]
        case "albums":
            guard let safe = SafeName.make(title, rules) else { return false }
            return directory.name.contains(safe)
        default:
            return SafeName.make(title, rules) == name || SafeName.make(title, rules) == directory.name
        }
    }

    /// `0501 Trip` and `2024-0501 Trip` without the date that gphotos-sync puts before a title.
    private static func withoutDate(_ name: String) -> String {
        guard let blank = name.firstIndex(of: " ") else { return name }
        let title = name[name.index(after: blank)...]
        let digits = name[..<blank].split(separator: "-", omittingEmptySubsequences: false)
        let isDate =
            (1...2).contains(digits.count)
            && digits.allSatisfy { $0.utf8.count == 4 && $0.utf8.allSatisfy { (48..<58).contains($0) } }
        return isDate && !title.isEmpty ? String(title) : name
    }

    /// `Family` of `Family {1a2b3c4d}`, which tells it from another album of that title.
    private static func unmarked(_ name: String) -> String {
        guard name.hasSuffix("}"), let open = name.range(of: " {", options: .backwards) else { return name }
        let mark = name[open.upperBound...].dropLast()
        return [8, 16].contains(mark.count) && mark.allSatisfy { $0.isHexDigit && !$0.isUppercase }
            ? String(name[..<open.lowerBound]) : name
    }

    /// In Unicode scalars. Google refuses longer titles; cut before it is looked up, or every run would make a new
    /// album.
    static let longest = 500

    /// A title that Google takes, cut at a character, with room for what tells a second album of it.
    static func fitting(_ title: String, part: Int = 0) -> String {
        let suffix = part == 0 ? "" : " (\(part + 1))"
        var kept = ""
        var count = suffix.unicodeScalars.count
        for character in title {
            count += character.unicodeScalars.count
            if count > longest { break }
            kept.append(character)
        }
        return kept + suffix
    }
}

/// The file name of an item, where neither an attribute nor the catalog says it.
enum ItemName {
    /// `IMG_1.jpg` of gphotos-sync's `0001_IMG_1.jpg` in an album.
    static func derived(from pathname: Pathname) -> String {
        let name = pathname.name
        guard pathname.parts.first == "albums", let underscore = name.firstIndex(of: "_") else { return name }
        let number = name[..<underscore]
        let rest = name[name.index(after: underscore)...]
        return number.utf8.count == 4 && number.utf8.allSatisfy { (48..<58).contains($0) } && !rest.isEmpty
            ? String(rest) : name
    }
}

extension Pathname {
    /// Where a link leads from here, below the same root; nil where it leads out of it or is no pathname.
    func resolving(link target: String) -> Pathname? {
        var parts = target.hasPrefix("/") ? [] : self.parts.dropLast()
        for part in target.split(separator: "/") {
            switch part {
            case ".": continue
            case "..":
                if parts.isEmpty { return nil }
                parts.removeLast()
            default: parts.append(String(part).precomposedStringWithCanonicalMapping)
            }
        }
        return try? Pathname("/" + parts.joined(separator: "/"))
    }
}
