import ConnectorKit
import Foundation
import Testing

@testable import HostEngine

struct MirrorStepTests {
    private let time = Timestamp(seconds: 1_000_000_000, nanoseconds: 5)
    private let scratch: Scratch

    init() throws { scratch = try Scratch() }

    private func record(size: Int64? = 4, fingerprint: String = "f") throws -> Record {
        Record(
            pathname: try Pathname("/x"), kind: .file, size: size, permissions: 0o600, modificationTime: time,
            fingerprint: fingerprint, hasContent: true)
    }

    private func found(_ text: String = "four", time: Timestamp? = nil) throws -> FileStatus {
        try scratch.write(text, to: "x")
        let root = try LocalFolder(opening: scratch.path).root
        root.setTime(time ?? self.time, of: "x")
        return try #require(try root.status(of: "x"))
    }

    private func known(
        _ status: FileStatus, _ standing: MirrorEntry.Standing = .written, fingerprint: String = "f"
    ) throws -> MirrorEntry {
        MirrorEntry(
            place: try Pathname("/x"), standing: standing, fingerprint: fingerprint, status: status, sha256: "h")
    }

    @Test func nothingThereIsWritten() throws {
        #expect(try MirrorStep.next(for: record(), known: nil, found: nil) == .write(replacing: nil))
        // Also where a person removed it.
        #expect(try MirrorStep.next(for: record(), known: known(found()), found: nil) == .write(replacing: nil))
    }

    @Test func whatNobodyTouchedIsUnchangedOrReplaced() throws {
        let status = try found()
        #expect(try MirrorStep.next(for: record(), known: known(status), found: status) == .unchanged)
        #expect(
            try MirrorStep.next(for: record(fingerprint: "g"), known: known(status), found: status)
                == .write(replacing: status))
    }

    @Test func whatSomebodyTouchedIsReadWhereTheSizeFitsAndElseRefused() throws {
        let before = try known(try found())
        let touched = try found(time: .epoch)
        #expect(try MirrorStep.next(for: record(), known: before, found: touched) == .reread(before, touched))
        let edited = try found("longer")
        #expect(
            try MirrorStep.next(for: record(), known: before, found: edited) == .refuse(MirrorStep.changed))
    }

    @Test func whatIsNotKnownIsToldBySizeAndTimeAndReadWhereThatIsNotEnough() throws {
        let same = try found()
        #expect(try MirrorStep.next(for: record(), known: nil, found: same) == .recognise(same))
        #expect(try MirrorStep.next(for: record(size: nil), known: nil, found: same) == .compare(same))
        let later = try found(time: .epoch)
        #expect(try MirrorStep.next(for: record(), known: nil, found: later) == .compare(later))
        let other = try found("other size")
        #expect(try MirrorStep.next(for: record(), known: nil, found: other) == .refuse(MirrorStep.taken))
    }

    @Test func whatWasFoundToBeAnotherIsNotReadAgainUntilOneSideChanges() throws {
        let status = try found(time: .epoch)
        let refused = try known(status, .refused)
        #expect(try MirrorStep.next(for: record(), known: refused, found: status) == .refuse(MirrorStep.taken))
        #expect(
            try MirrorStep.next(for: record(fingerprint: "g"), known: refused, found: status) == .compare(status))
        let newer = try found(time: Timestamp(seconds: 7))
        #expect(try MirrorStep.next(for: record(), known: refused, found: newer) == .compare(newer))
    }

    @Test func aFileAndALinkTakeEachOthersPlace() throws {
        var link = try record()
        (link.kind, link.target, link.hasContent) = (.symlink, "y", false)
        let file = try found()
        #expect(try MirrorStep.next(for: link, known: known(file), found: file) == .write(replacing: file))
        #expect(MirrorStep.next(for: link, known: nil, found: file) == .refuse(MirrorStep.taken))
        let root = try LocalFolder(opening: scratch.path).root
        root.remove("x")
        try root.makeLink("x", to: "y")
        let made = try #require(try root.status(of: "x"))
        let entry = MirrorEntry(
            place: try Pathname("/x"), standing: .written, fingerprint: nil, target: "y", status: made)
        #expect(MirrorStep.next(for: link, known: entry, found: made) == .unchanged)
        #expect(MirrorStep.next(for: link, known: nil, found: made) == .recognise(made))
        #expect(try MirrorStep.next(for: record(), known: entry, found: made) == .write(replacing: made))
    }

    @Test func aDirectoryInTheWayIsRefused() throws {
        let root = try LocalFolder(opening: scratch.path).root
        try root.makeSubdirectory("x")
        #expect(
            try MirrorStep.next(for: record(), known: nil, found: root.status(of: "x"))
                == .refuse(MirrorStep.taken))
    }

    @Test(arguments: [
        (0, 0, 0, 0, true), (1, 5, 1, 5, true), (1, 5, 1, 0, true), (2, 0, 3, 999, true), (2, 0, 4, 0, false),
        (1, 5, 1, 6, false),
    ])
    func coarseFileSystemsKeepTheSameTime(a: Int64, na: Int32, b: Int64, nb: Int32, isSame: Bool) {
        let (first, second) = (Timestamp(seconds: a, nanoseconds: na), Timestamp(seconds: b, nanoseconds: nb))
        #expect(first.isSame(as: second) == isSame)
        #expect(second.isSame(as: first) == isSame)
    }
}
