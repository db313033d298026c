import SeededRandom
import TakeoutSupport
import Testing

@testable import Takeout

/// One file, the sidecars of its folder, and which of them is its own.
struct MatchCase: CustomTestStringConvertible, Sendable {
    var file: String
    var sidecars: [SidecarName]
    var expected: String?
    var rule: MatchRule
    var certainty: MatchCertainty

    init(
        _ file: String, _ sidecars: [String], _ expected: String?, _ rule: MatchRule,
        _ certainty: MatchCertainty = .matched
    ) {
        self.file = file
        self.sidecars = sidecars.map { SidecarName($0) }
        self.expected = expected
        self.rule = rule
        self.certainty = certainty
    }

    var testDescription: String { "\(file) \(rule)" }
}

@Suite struct SidecarMatcherTests {
    static let long = "PXL_20230102_030405678_with_a_rather_long_name_ORIGINAL"

    @Test(arguments: [
        // As it always was, and since autumn 2024.
        MatchCase("IMG_1.jpg", ["IMG_1.jpg.json", "IMG_2.jpg.json"], "IMG_1.jpg.json", .name),
        MatchCase("IMG_1.jpg", ["IMG_1.jpg.supplemental-metadata.json"], "IMG_1.jpg.supplemental-metadata.json", .name),
        MatchCase("IMG_1.jpg", ["IMG_1.jpg.supplemental-metadat.json"], "IMG_1.jpg.supplemental-metadat.json", .name),
        MatchCase("IMG_1.jpg", ["IMG_1.jpg.supplemen.json"], "IMG_1.jpg.supplemen.json", .name),
        MatchCase("IMG_1.jpg", ["IMG_1.jpg.s.json"], "IMG_1.jpg.s.json", .name),
        MatchCase("IMG_1.jpg", ["IMG_1.jpg..json"], "IMG_1.jpg..json", .name),
        // A real extension that looks like the start of the addition.
        MatchCase("notes.s", ["notes.s.json", "notes.json"], "notes.s.json", .name),
        // Numbers, in either place.
        MatchCase("IMG_1(1).jpg", ["IMG_1.jpg.json", "IMG_1.jpg(1).json"], "IMG_1.jpg(1).json", .name),
        MatchCase("IMG_1.jpg", ["IMG_1.jpg.json", "IMG_1.jpg(1).json"], "IMG_1.jpg.json", .name),
        MatchCase(
            "IMG_1(2).jpg", ["IMG_1.jpg.supplemental-metadata.json", "IMG_1.jpg.supplemental-metadata(2).json"],
            "IMG_1.jpg.supplemental-metadata(2).json", .name),
        MatchCase(
            "IMG_1(2).jpg", ["IMG_1.jpg.suppl(2).json", "IMG_1.jpg.suppl(1).json"], "IMG_1.jpg.suppl(2).json", .name),
        MatchCase(
            "IMG_1(1).jpg", ["IMG_1(1).jpg.supplemental-metadata.json"], "IMG_1(1).jpg.supplemental-metadata.json",
            .name),
        MatchCase("IMG_1(1).jpg", ["IMG_1(1).jpg.json"], "IMG_1(1).jpg.json", .name),
        // A title that has a number of its own, twice.
        MatchCase("a(1)(1).jpg", ["a(1).jpg.json", "a(1).jpg(1).json"], "a(1).jpg(1).json", .name),
        // Cut: the sidecar at 46, the file at 47 before its extension.
        MatchCase("\(long.prefix(47)).jpg", ["\(long.prefix(46)).json"], "\(long.prefix(46)).json", .cutName),
        MatchCase(
            "\(long.prefix(43)).jpg", ["\(long.prefix(43)).jp.json"], "\(long.prefix(43)).jp.json", .cutName),
        MatchCase(
            "\(long.prefix(47))(1).jpg", ["\(long.prefix(46)).json", "\(long.prefix(46))(1).json"],
            "\(long.prefix(46))(1).json", .cutName),
        MatchCase("\(long.prefix(42)).jpg", ["\(long.prefix(42)).jpg.json"], "\(long.prefix(42)).jpg.json", .name),
        MatchCase("\(long.prefix(41)).jpg", ["\(long.prefix(41)).jpg..json"], "\(long.prefix(41)).jpg..json", .name),
        // Counted in UTF-16: each picture is two.
        MatchCase(
            String(repeating: "😀", count: 30) + ".jpg", [String(repeating: "😀", count: 23) + ".json"],
            String(repeating: "😀", count: 23) + ".json", .cutName),
        MatchCase(
            String(repeating: "😀", count: 47) + ".jpg", [String(repeating: "😀", count: 46) + ".json"],
            String(repeating: "😀", count: 46) + ".json", .cutName),
        // Unicode in another form.
        MatchCase("Cafe\u{301}.jpg", ["Caf\u{E9}.jpg.json"], "Caf\u{E9}.jpg.json", .name),
        // No extension in the title.
        MatchCase("20030616.jpg", ["20030616.json"], "20030616.json", .withoutExtension),
        MatchCase(
            "20030616(1).jpg", ["20030616.supplemental-metadata.json", "20030616.supplemental-metadata(1).json"],
            "20030616.supplemental-metadata(1).json", .withoutExtension),
        // Escapes and what file names do not take.
        MatchCase("Tom _ Jerry.jpg", ["Tom &amp; Jerry.jpg.json"], "Tom &amp; Jerry.jpg.json", .name),
        MatchCase("It_s.jpg", ["It&#39;s.jpg.json"], "It&#39;s.jpg.json", .name),
        MatchCase("It_s.jpg", ["It_39;s.jpg.json"], "It_39;s.jpg.json", .name),
        // Live and motion photos.
        MatchCase("IMG_1.MOV", ["IMG_1.HEIC.json"], "IMG_1.HEIC.json", .livePhoto),
        MatchCase(
            "IMG_1.MP4", ["IMG_1.HEIC.supplemental-metadata.json"], "IMG_1.HEIC.supplemental-metadata.json", .livePhoto),
        MatchCase("IMG_1(1).MP4", ["IMG_1.HEIC.json", "IMG_1.HEIC(1).json"], "IMG_1.HEIC(1).json", .livePhoto),
        MatchCase(
            "PXL_1.MP", ["PXL_1.MP.jpg.supplemental-metadata.json"], "PXL_1.MP.jpg.supplemental-metadata.json",
            .livePhoto),
        MatchCase("PXL_1.MP.jpg", ["PXL_1.MP.jpg.suppl.json"], "PXL_1.MP.jpg.suppl.json", .name),
        MatchCase("MVIMG_1.MP4", ["MVIMG_1.jpg.json"], "MVIMG_1.jpg.json", .livePhoto),
        // Likely, and no more.
        MatchCase("IMG_1.jpg", ["IMG_1.HEIC.json"], "IMG_1.HEIC.json", .otherExtension, .guessed),
        MatchCase("IMG_1-перероблене.jpg", ["IMG_1.jpg.json"], "IMG_1.jpg.json", .longerName, .guessed),
        MatchCase("IMG_1(3).jpg", ["IMG_1.jpg.json"], "IMG_1.jpg.json", .otherNumber, .guessed),
        // Not even that.
        MatchCase("IMG_12.jpg", ["IMG_1.jpg.json"], nil, .none, .unmatched),
        MatchCase("IMG_1.jpg", ["IMG_12.jpg.json", "metadata.json"], nil, .none, .unmatched),
    ])
    func eachRule(_ example: MatchCase) {
        let match = SidecarMatcher(example.sidecars).match([example.file])[0]
        #expect(match.sidecar.map { example.sidecars[$0].name } == example.expected)
        #expect(match.rule == example.rule)
        #expect(match.certainty == example.certainty)
    }

    @Test(arguments: [
        "-edited", "-bearbeitet", "-modifié", "-modificato", "-editado", "-ha editado", "-bewerkt", "-edytowane",
        "-muokattu", "-redigeret", "-editat", "-編集済み", "-编辑", "-已修改", "-已編輯", "-편집됨", "-измененный",
        "-отредактировано", "-düzenlendi", "-upravené", "-effects", "-smile", "-mix", "-COLLAGE", "-ANIMATION",
        "-modifie\u{301}",
    ])
    func aCopyThatGoogleMadeHasTheSidecarOfItsOriginal(_ suffix: String) {
        let sidecars = ["IMG_1.jpg.json", "IMG_1.jpg(1).json", "IMG_2.HEIC.suppl.json"].map { SidecarName($0) }
        let files = ["IMG_1\(suffix).jpg", "IMG_1\(suffix)(1).jpg", "IMG_1(1)\(suffix).jpg", "IMG_2\(suffix).jpg"]
        let matches = SidecarMatcher(sidecars).match(files)
        #expect(matches.map(\.sidecar) == [0, 1, 1, 2])
        #expect(matches.allSatisfy { $0.rule == .edited && $0.certainty == .matched })
    }

    @Test func aTitleDecidesBetweenSidecarsWhoseNamesWereCutAlike() {
        let stem = String(repeating: "x", count: 47)
        let sidecars = [
            SidecarName("\(stem.prefix(46)).json", title: stem + ".jpg"),
            SidecarName("\(stem.prefix(46))(1).json", title: stem + ".mp4"),
        ]
        let matches = SidecarMatcher(sidecars).match([stem + ".jpg", stem + ".mp4"])
        #expect(matches.map(\.sidecar) == [0, 1])
    }

    @Test func aTitleFindsAFileWhoseSidecarIsCalledOtherwise() {
        let sidecars = [SidecarName("something else.json", title: "What? a \"day\".jpg")]
        let match = SidecarMatcher(sidecars).match(["What_ a _day_.jpg"])[0]
        #expect(match.rule == .title)
        #expect(match.sidecar == 0)
    }

    @Test func aGuessTakesNothingThatBelongsToAnother() {
        let sidecars = [SidecarName("IMG_1.jpg.json")]
        let matches = SidecarMatcher(sidecars).match(["IMG_1.jpg", "IMG_1(4).jpg"])
        #expect(matches.map(\.certainty) == [.matched, .unmatched])
    }

    @Test(arguments: TakeoutNamer.Style.allCases, [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func whateverTakeoutWritesIsPutTogetherAgain(_ style: TakeoutNamer.Style, _ seed: UInt64) {
        var folder = GeneratedFolder(style: style, seed: seed)
        folder.generate(400)
        let matches = SidecarMatcher(folder.sidecars).match(folder.files.map(\.name))
        for (file, match) in zip(folder.files, matches) {
            let found = match.sidecar.map { folder.sidecars[$0].name } ?? "nothing"
            #expect(match.sidecar == file.sidecar, "seed \(seed): \(file.name) got \(found) by \(match.rule)")
            #expect(match.certainty == .matched, "seed \(seed): \(file.name) by \(match.rule)")
        }
    }
}

/// A folder as Takeout would write it, of titles that people and cameras give.
private struct GeneratedFolder {
    var files: [(name: String, sidecar: Int)] = []
    var sidecars: [SidecarName] = []
    private var namer: TakeoutNamer
    private var random: SeededRandom
    /// Stems that a file of another kind must not have: nothing but the title could tell their sidecars apart.
    private var titles: [String] = []

    init(style: TakeoutNamer.Style, seed: UInt64) {
        namer = TakeoutNamer(style)
        random = SeededRandom(seed: seed)
    }

    mutating func generate(_ count: Int) {
        for index in 0..<count {
            // Now and then a title that is there already.
            let title = index % 9 == 8 ? titles[Int.random(in: 0..<titles.count, using: &random)] : title(index)
            titles.append(title)
            let names = namer.name(title)
            let sidecar = sidecars.count
            sidecars.append(SidecarName(names.sidecar, title: Bool.random(using: &random) ? title : ""))
            files.append((names.file, sidecar))
            let media = MediaName(names.file)
            // What shares the sidecar: only where the name was not cut, as the additions would be cut with it.
            guard media.stem.utf16.count < 35 else { continue }
            switch Int.random(in: 0..<8, using: &random) {
            case 0:
                let suffix = ["-edited", "-bearbeitet", "-编辑", "-modifié"].randomElement(using: &random) ?? ""
                files.append((media.stem + suffix + numbered(media) + media.suffix, sidecar))
            case 1 where media.suffix == ".HEIC":
                files.append((media.stem + numbered(media) + ".MOV", sidecar))
            default: break
            }
        }
        // The order of an archive is not ours.
        files.shuffle(using: &random)
    }

    private func numbered(_ media: MediaName) -> String { media.number > 0 ? "(\(media.number))" : "" }

    private mutating func title(_ index: Int) -> String {
        let suffix = [".jpg", ".HEIC", ".png", ".mp4"].randomElement(using: &random) ?? ".jpg"
        switch Int.random(in: 0..<5, using: &random) {
        case 0: return "IMG_\(1000 + index)\(suffix)"
        case 1: return "PXL_20230\(1 + index % 9)12_\(100_000 + index)123.MP.jpg"
        case 2: return "Anna & Bob's \(index)? <day> 100%\(suffix)"
        case 3:
            let filler = (0..<Int.random(in: 20...60, using: &random)).map { _ in
                String("abcdefgäöü ".randomElement(using: &random) ?? "a")
            }
            return "\(index)_" + filler.joined() + "z" + suffix
        default: return "夏休みの写真その\(index)😀\(suffix)"
        }
    }
}
