import ConnectorKit
import Foundation
import Testing
import Vault

@testable import HostEngine

/// What a destination is told of a snapshot, and what the host makes of its answers.
struct RestoreTests {
    /// A snapshot in which the pictures of an album are links, and one of them has a text of its own.
    private static let linked: [Entry] = [
        .directory("/"), .directory("/.gphotos"), .file("/.gphotos/items.jsonl", "{}"), .directory("/album"),
        .directory("/album/Trip"), .link("/album/Trip/b.jpg", to: "../../media/b.jpg", order: 0),
        .link("/album/Trip/a.jpg", to: "../../media/a.jpg", order: 1),
        .link("/album/Trip/gone.jpg", to: "../../media/gone.jpg", order: 2), .directory("/media"),
        .file("/media/a.jpg", "A"), .file("/media/b.jpg", "B"), .file("/#first.txt", "text"),
    ]

    @Test func theCatalogComesFirstAndLinksAreWhatTheyLeadTo() async throws {
        let stage = try await RestoreStage(Self.linked)
        let exporter = RecordingExporter()
        let summary = try await stage.restore("/", to: exporter)
        let sent = exporter.records.filter { $0.kind != .directory }
        #expect(
            sent.map(\.pathname.string) == [
                "/.gphotos/items.jsonl", "/#first.txt", "/album/Trip/b.jpg", "/album/Trip/a.jpg",
                "/album/Trip/gone.jpg", "/media/a.jpg", "/media/b.jpg",
            ])
        let album = sent.filter { $0.pathname.string.hasPrefix("/album") }
        #expect(album.map(\.kind) == [.file, .file, .symlink])
        #expect(album[0].sha256 == PushBench.hash(Array("B".utf8)))
        #expect(album[0].attributes["user.order"] == "0")
        #expect(album[0].attributes["note"] == "/media/b.jpg")
        #expect(exporter.contents["/album/Trip/a.jpg"] == "A")
        // The catalog counts for nothing.
        #expect(summary.files == 6)
        #expect(summary.stored == 6)
    }

    @Test func nothingIsSentBeforeTheCatalogIsRead() async throws {
        let stage = try await RestoreStage(Self.linked)
        let settled = Box(false)
        let early = Box<[String]>([])
        let exporter = RecordingExporter { record in
            if record.pathname.string.hasPrefix("/.gphotos/") {
                for _ in 0..<1000 { await Task.yield() }
                settled.change { $0 = true }
            } else if record.kind != .directory, !settled.value {
                early.change { $0.append(record.pathname.string) }
            }
            return .stored()
        }
        _ = try await stage.restore("/", to: exporter)
        #expect(early.value.isEmpty)
    }

    @Test func aPartGoesWithoutTheCatalogAndItsLinksLeadOutOfItAllTheSame() async throws {
        let stage = try await RestoreStage(Self.linked)
        let exporter = RecordingExporter()
        _ = try await stage.restore("/album/Trip", to: exporter)
        #expect(exporter.records.map(\.pathname.string) == ["/", "/b.jpg", "/a.jpg", "/gone.jpg"])
        #expect(exporter.contents == ["/b.jpg": "B", "/a.jpg": "A"])
    }

    @Test(arguments: ["/", "/album/Trip"])
    func linksInAFolderLeadToWhatIsThereOrAreFiles(part: String) async throws {
        let stage = try await RestoreStage(Self.linked)
        let out = stage.scratch.path + "/out"
        let selection = RestoreSelection(vault: stage.vault, snapshot: stage.snapshot, part: try Pathname(part))
        var told: [String] = []
        let expected = try await FolderRestorePreview(selection: selection, folder: out).run {
            told.append("\($1.rawValue) \($0)")
        }
        #expect(!FileManager.default.fileExists(atPath: out))
        let observer = TestObserver()
        let done = try await FolderRestore(selection: selection, folder: out, observer: observer).run()
        let album = part == "/" ? "/album/Trip/" : "/"
        #expect(stage.scratch.read("out\(album)b.jpg") == "B")
        #expect(
            (try? FileManager.default.destinationOfSymbolicLink(atPath: out + album + "b.jpg"))
                == (part == "/" ? "../../media/b.jpg" : nil))
        #expect(told.contains("new \(album)a.jpg"))
        #expect(expected.stored == done.stored + done.skipped)
        let again = try await FolderRestorePreview(selection: selection, folder: out).run { _, _ in }
        #expect(again.unchanged == done.stored)
        try FileManager.default.removeItem(atPath: out + album + "a.jpg")
        try stage.scratch.write("mine", to: "out\(album)a.jpg")
        told = []
        _ = try await FolderRestorePreview(selection: selection, folder: out).run {
            told.append("\($1.rawValue) \($0)")
        }
        #expect(told.contains("kept \(album)a.jpg"))
    }

    @Test(arguments: [ConnectorError.Code.auth, .quota, .rateLimited])
    func aReasonThatAllShareEndsTheRunAndIsSaidOnce(code: ConnectorError.Code) async throws {
        let files = (0..<500).map { Entry.file("/media/\($0).jpg", "\($0)") }
        let stage = try await RestoreStage([.directory("/"), .directory("/media")] + files)
        let reason = ConnectorError(code, "no more", isRetryable: code == .rateLimited)
        let stored = Box(0)
        let exporter = RecordingExporter { record in
            guard record.kind == .file else { return .unchanged() }
            let number = stored.change { count in
                count += 1
                return count
            }
            return number <= 10 ? .stored() : .failed(reason)
        }
        let observer = TestObserver()
        let summary = try await stage.restore("/", to: exporter, observer: observer)
        #expect(summary.end == reason)
        #expect(summary.stored == 10)
        #expect(summary.left == 490)
        #expect(summary.failed == 0)
        #expect(observer.errors.isEmpty)
        if code != .rateLimited { #expect(exporter.records.count < 200) }
    }

    @Test func whatFailsForAMomentIsSentAgainInItsOrder() async throws {
        let files = (0..<9).map { Entry.file("/media/\($0).jpg", "\($0)") }
        let stage = try await RestoreStage(Self.linked.prefix(3) + [.directory("/media")] + files)
        let seen = Box<[String: Int]>([:])
        let exporter = RecordingExporter { record in
            guard record.kind == .file else { return .unchanged() }
            let count = seen.change { seen in
                seen[record.pathname.string, default: 0] += 1
                return seen[record.pathname.string] ?? 0
            }
            let isBad = count == 1 && ["/media/3.jpg", "/media/7.jpg"].contains(record.pathname.string)
            return isBad ? .failed(ConnectorError(.unavailable, "later", isRetryable: true)) : .stored()
        }
        let summary = try await stage.restore("/", to: exporter)
        #expect(summary.stored == 9)
        #expect(summary.failed == 0)
        #expect(
            exporter.records.filter { $0.kind == .file }.map(\.pathname.string).suffix(3) == [
                "/.gphotos/items.jsonl", "/media/3.jpg", "/media/7.jpg",
            ])
    }
}

/// What is put into a snapshot.
enum Entry: Sendable {
    case directory(String)
    case file(String, String)
    case link(String, to: String, order: Int)
}

/// A vault with one snapshot.
struct RestoreStage {
    let scratch: Scratch
    let vault: Vault
    let snapshot: Snapshot

    init(_ entries: some Sequence<Entry>) async throws {
        scratch = try Scratch()
        vault = try Vault.openOrCreate(at: scratch.path + "/vault", runtime: .live)
        let writer = try vault.lockForWriting(holder: "test")
        defer { writer.close() }
        let snapshot = try await writer.beginSnapshot(source: "@me", origin: "o", kind: "k", root: .root)
        for entry in entries {
            switch entry {
            case .directory(let path):
                let record = Record.directory(try Pathname(path), modificationTime: .epoch)
                try await snapshot.add([SnapshotEntry(record: record)])
            case .file(let path, let text):
                let object = writer.makeObjectWriter()
                try object.write(Array(text.utf8))
                var record = Record(
                    pathname: try Pathname(path), kind: .file, permissions: 0o600, modificationTime: .epoch)
                record.attributes["note"] = path
                try await snapshot.add([SnapshotEntry(record: record, object: try object.finish().id)])
            case .link(let path, let target, let order):
                var record = Record(
                    pathname: try Pathname(path), kind: .symlink, target: target, permissions: 0o777,
                    modificationTime: .epoch)
                record.attributes[Record.orderAttribute] = "\(order)"
                try await snapshot.add([SnapshotEntry(record: record)])
            }
        }
        self.snapshot = try await snapshot.commit()
    }

    func restore(
        _ part: String, to exporter: RecordingExporter, observer: TestObserver = TestObserver()
    ) async throws -> DeliverySummary {
        let plugin = ConnectorPlugin(
            name: "recorder", version: "1", title: "Recorder", settings: [], makeImporter: nil,
            makeExporter: { _, _, _ in exporter })
        let link = try await PushBench.link(plugin, runtime: .live)
        let selection = RestoreSelection(vault: vault, snapshot: snapshot, part: try Pathname(part))
        let summary = try await ExportRestore(selection: selection, link: link, observer: observer).run()
        await link.close()
        return summary
    }
}

/// Remembers what it is sent, and answers as it is told.
final class RecordingExporter: Exporter {
    let identity = ConnectorIdentity(origin: "me", kind: "recorder", root: .root)
    private let answer: @Sendable (Record) async -> RecordOutcome
    private let sent = Box<[Int: Record]>([:])
    private let read = Box<[String: String]>([:])

    init(_ answer: @escaping @Sendable (Record) async -> RecordOutcome = { _ in .stored() }) { self.answer = answer }

    /// In the order in which the host sent them.
    var records: [Record] { sent.value.sorted { $0.key < $1.key }.map(\.value) }
    var contents: [String: String] { read.value }

    func ping() async throws {}
    func close() async throws {}
    func finishStoring() async {}

    private let exports = Box(0)
    func beginStoring() async { exports.change { $0 += 1_000_000 } }

    func store(_ record: Record, sequence: Int, content: (any ContentReader)?) async -> RecordOutcome {
        let number = exports.value + sequence
        sent.change { $0[number] = record }
        let bytes = (try? await content?.readAll()) ?? []
        if record.hasContent {
            read.change { $0[record.pathname.string] = String(decoding: bytes, as: UTF8.self) }
        }
        return await answer(record)
    }
}
