import Foundation

/// A sidecar as the matcher sees it.
public struct SidecarName: Sendable, Hashable {
    /// The name of its file, with `.json`.
    public var name: String
    /// The title that is written in it; empty where there is none.
    public var title: String

    public init(_ name: String, title: String = "") {
        self.name = name
        self.title = title
    }
}

/// How sure it is that a sidecar speaks of a file.
public enum MatchCertainty: Int, Sendable, Hashable, CaseIterable {
    /// No sidecar was found.
    case unmatched = 0
    /// The best that was there; it may be that of another.
    case guessed = 1
    /// By a rule of how Takeout names files.
    case matched = 2
}

/// Which rule found a sidecar.
public enum MatchRule: String, Sendable, Hashable, CaseIterable {
    case none
    /// `IMG_1.jpg.json`, `IMG_1.jpg.supplemental-metadata.json` cut anywhere, with `(n)` in either place.
    case name
    /// The sidecar's name was cut before the extension, or within.
    case cutName
    /// The title within the sidecar makes the name of the file.
    case title
    /// `20030616.json` of `20030616.jpg`: the title has no extension.
    case withoutExtension
    /// `IMG_1-edited.jpg` has the sidecar of `IMG_1.jpg`.
    case edited
    /// The video half of a live or motion photo has the sidecar of the still.
    case livePhoto
    /// The same stem with another extension.
    case otherExtension
    /// The file's name goes on after the sidecar's.
    case longerName
    /// The same name with another number.
    case otherNumber
}

/// The sidecar of one file.
public struct SidecarMatch: Sendable, Hashable {
    /// Its place in the list of sidecars.
    public var sidecar: Int?
    public var rule: MatchRule
    public var certainty: MatchCertainty

    static let unmatched = SidecarMatch(sidecar: nil, rule: .none, certainty: .unmatched)
}

/// Finds the sidecars of the files of one folder, all parts of the export taken together.
///
/// There is no specification of how Takeout names them. The rules are those that exporters' users have found: immich-go
/// (`adapters/googlePhotos/matchers.go`), GPTH (`json_extractor.dart`), google-photos-migrate (`find-meta-file.ts`). Here
/// each is a look-up, so that a folder of 30,000 files takes as many steps and not their square.
public struct SidecarMatcher: Sendable {
    private struct Key: Hashable {
        var name: String
        var number: Int
    }

    private let sidecars: [SidecarName]
    /// By the name as it is written.
    private var literal: [Key: [Int]] = [:]
    /// By the name without `.supplemental-metadata`, or what is left of it.
    private var stripped: [Key: [Int]] = [:]
    /// By the stem of the file that the name tells of.
    private var byStem: [Key: [Int]] = [:]
    /// By folded names.
    private var byFold: [Key: [Int]] = [:]
    private var byTitle: [String: [Int]] = [:]
    private var suffixes: [Set<String>] = []
    private var numbers: [Int] = []
    /// By the name alone, whatever its number.
    private var byBase: [String: [Int]] = [:]

    public init(_ sidecars: [SidecarName]) {
        self.sidecars = sidecars
        for (index, sidecar) in sidecars.enumerated() { add(index, sidecar) }
    }

    private mutating func add(_ index: Int, _ sidecar: SidecarName) {
        let written = sidecar.name.precomposedStringWithCanonicalMapping
        let base = written.lowercased().hasSuffix(".json") ? String(written.dropLast(5)) : written
        let (rest, number) = MediaName.numbered(base)
        literal[Key(name: base, number: 0), default: []].append(index)
        if number > 0 { literal[Key(name: rest, number: number), default: []].append(index) }
        var readings = [(rest, number)]
        if let dot = rest.lastIndex(of: "."), dot != rest.startIndex,
            ExportedName.sidecarSuffix.hasPrefix(rest[rest.index(after: dot)...].lowercased())
        {
            let name = String(rest[..<dot])
            stripped[Key(name: name, number: number), default: []].append(index)
            readings = [(name, number)]
        }
        if number > 0, readings.count == 1 { readings.append((base, 0)) }
        var found: Set<String> = []
        for (name, number) in readings {
            byBase[name, default: []].append(index)
            byFold[Key(name: ExportedName.folded(name), number: number), default: []].append(index)
            // The number may be before the extension, too.
            let media = MediaName(name)
            byStem[Key(name: media.stem, number: max(number, media.number)), default: []].append(index)
            found.insert(media.suffix.lowercased())
        }
        if !sidecar.title.isEmpty {
            for name in ExportedName.fileNames(ofTitle: sidecar.title) { byTitle[name, default: []].append(index) }
        }
        suffixes.append(found)
        numbers.append(number > 0 ? number : MediaName(readings[0].0).number)
    }

    /// The sidecar of each file.
    /// - Parameter files: names of the media files of the folder.
    public func match(_ files: [String]) -> [SidecarMatch] {
        var matches = files.map(certain)
        let used = Set(matches.compactMap(\.sidecar))
        for index in files.indices where matches[index].sidecar == nil {
            matches[index] = guess(files[index], used: used)
        }
        return matches
    }

    // MARK: By rule

    private func certain(_ file: String) -> SidecarMatch {
        let file = file.precomposedStringWithCanonicalMapping
        let media = MediaName(file)
        if let found = original(media, as: file) { return found }
        // A copy first: `IMG_1-edited.jpg` is one of `IMG_1.jpg`, whatever else there is.
        for stem in [EditedSuffix.stripped(media.stem), EditedSuffix.strippedOfCut(media.stem)].compactMap({ $0 }) {
            let inner = MediaName.numbered(stem)
            let source = MediaName(
                stem: inner.rest, number: max(inner.number, media.number), suffix: media.suffix)
            if let found = original(source) ?? sameStem(source, where: { _ in true }) {
                return SidecarMatch(sidecar: found.sidecar, rule: .edited, certainty: .matched)
            }
        }
        if media.isVideo {
            // `PXL_1.MP` goes with `PXL_1.MP.jpg`; `IMG_1.MOV` with `IMG_1.HEIC`.
            let whole = MediaName(stem: media.plain, number: media.number, suffix: "")
            for name in [media, whole] {
                if let found = sameStem(name, where: Self.isImage) {
                    return SidecarMatch(sidecar: found.sidecar, rule: .livePhoto, certainty: .matched)
                }
            }
        }
        return .unmatched
    }

    /// The sidecar of a file that is no copy of another.
    /// - Parameter file: its name as it is, where a number in it may be part of the title.
    private func original(_ media: MediaName, as file: String = "") -> SidecarMatch? {
        var keys = [Key(name: media.plain, number: media.number)]
        if media.number > 0, !file.isEmpty { keys.insert(Key(name: file, number: 0), at: 0) }
        if let found = byName(keys, media) { return matched(found, .name) }
        if let found = byCutName(media) { return matched(found, .cutName) }
        for key in keys {
            if let found = byTitle(key.name, media) { return matched(found, .title) }
        }
        for key in keys {
            let folded = Key(name: ExportedName.folded(key.name), number: key.number)
            if let found = pick(byFold[folded], for: media) { return matched(found, .name) }
        }
        let bare = Key(name: media.stem, number: media.number)
        if let found = byName([bare], media) { return matched(found, .withoutExtension) }
        return nil
    }

    private func byName(_ keys: [Key], _ media: MediaName) -> Int? {
        for table in [literal, stripped] {
            for key in keys {
                if let found = pick(table[key], for: media) { return found }
            }
        }
        return nil
    }

    private func byCutName(_ media: MediaName) -> Int? {
        for cut in ExportedName.cuts(media.plain, to: ExportedName.longestBase) where cut != media.plain {
            if let found = pickCut(cut, number: media.number, for: media) { return found }
        }
        return nil
    }

    private func byTitle(_ name: String, _ media: MediaName) -> Int? {
        guard let titled = byTitle[ExportedName.folded(name)] else { return nil }
        let sameNumber = titled.filter { numbers[$0] == media.number }
        return sameNumber.last ?? (titled.count == 1 ? titled[0] : nil)
    }

    private func matched(_ sidecar: Int, _ rule: MatchRule) -> SidecarMatch {
        SidecarMatch(sidecar: sidecar, rule: rule, certainty: .matched)
    }

    /// Of several sidecars under one name, the one whose title agrees; else the last.
    private func pick(_ candidates: [Int]?, for media: MediaName) -> Int? {
        guard let candidates, let last = candidates.last else { return nil }
        return candidates.count == 1 ? last : candidates.last { agrees($0, with: media) } ?? last
    }

    /// Titles that share their first 46 units have sidecars that differ by a number alone, and so may their files: but
    /// where these have different extensions they have no number. The title decides, where it is there.
    private func pickCut(_ base: String, number: Int, for media: MediaName) -> Int? {
        let own = pick(literal[Key(name: base, number: number)], for: media)
        if let own, sidecars[own].title.isEmpty || agrees(own, with: media) { return own }
        let agreeing = (byBase[base] ?? []).filter { agrees($0, with: media) }
        return agreeing.count == 1 ? agreeing[0] : own
    }

    private func agrees(_ sidecar: Int, with media: MediaName) -> Bool {
        let title = sidecars[sidecar].title
        return !title.isEmpty && ExportedName.fileNames(ofTitle: title).contains(ExportedName.folded(media.plain))
    }

    /// A sidecar of a file with this stem and another extension.
    private func sameStem(_ media: MediaName, where isWanted: (Set<String>) -> Bool) -> SidecarMatch? {
        let candidates = byStem[Key(name: media.stem, number: media.number)]?.filter { isWanted(suffixes[$0]) }
        return candidates?.last.map { SidecarMatch(sidecar: $0, rule: .otherExtension, certainty: .guessed) }
    }

    private static func isImage(_ suffixes: Set<String>) -> Bool {
        suffixes.contains { MediaType(extension: String($0.dropFirst())).map { !$0.isVideo } ?? false }
    }

    // MARK: By likeness

    /// A name that goes on for fewer characters than this may be that of the sidecar's file (immich-go).
    private static let longestRest = 10

    private func guess(_ file: String, used: Set<Int>) -> SidecarMatch {
        let file = file.precomposedStringWithCanonicalMapping
        let media = MediaName(file)
        if let found = sameStem(media, where: { _ in true }) { return found }
        for stem in longerStems(of: media.stem) {
            let shorter = MediaName(stem: stem, number: media.number, suffix: media.suffix)
            if let found = original(shorter) ?? sameStem(shorter, where: { _ in true }) {
                return SidecarMatch(sidecar: found.sidecar, rule: .longerName, certainty: .guessed)
            }
        }
        // Rather the data of a namesake than none, where no other file has them.
        let namesakes = (byBase[media.plain] ?? []).filter { !used.contains($0) }
        if media.number > 0, let found = namesakes.last {
            return SidecarMatch(sidecar: found, rule: .otherNumber, certainty: .guessed)
        }
        return .unmatched
    }

    /// The stem without what may have been added to it: an unknown word after a dash, or a few characters.
    private func longerStems(of stem: String) -> [String] {
        let scalars = Array(stem.unicodeScalars)
        let isLong = scalars.count >= ExportedName.longestBase
        var stems: [String] = []
        var rest = 0
        for index in scalars.indices.reversed().dropLast() {
            rest += 1
            let scalar = scalars[index]
            let isMark = "-_~( ".unicodeScalars.contains(scalar)
            // IMG_12 is not IMG_1 with something added; a name that was cut may go on with anything.
            if isMark && (rest < Self.longestRest || scalar == "-") || isLong && rest < Self.longestRest {
                stems.append(String(String.UnicodeScalarView(scalars[..<index])))
            }
        }
        return stems
    }
}
