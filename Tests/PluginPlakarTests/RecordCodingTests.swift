import ConnectorKit
import GRPCCore
import SwiftProtobuf
import Testing

@testable import PluginPlakar

struct RecordCodingTests {
    @Test func aFileHasItsNameAndUnixPermissionsAlone() throws {
        var record = try Record.file("/album/Trip/IMG_1.jpg", size: 7)
        record.permissions = 0o644
        let sent = Plakar_Connectors_Record(record, hasContent: true)
        #expect(sent.pathname == "/album/Trip/IMG_1.jpg")
        #expect(sent.hasReader_p)
        #expect(sent.fileInfo.name == "IMG_1.jpg")
        #expect(sent.fileInfo.mode == 0o644)
        #expect(sent.fileInfo.size == 7)
        #expect(sent.fileInfo.nlink == 1)
        #expect(sent.fileInfo.modTime.seconds == 1_700_000_000)
        #expect(sent.fileInfo.modTime.nanos == 5)
    }

    @Test func anUnknownSizeIsMinusOne() throws {
        #expect(Plakar_Connectors_Record(try .file("/a"), hasContent: true).fileInfo.size == -1)
    }

    @Test func theKindIsInTheBitsOfGo() throws {
        let directory = Record.directory(.root, modificationTime: .epoch)
        let root = Plakar_Connectors_Record(directory, hasContent: false)
        #expect(root.fileInfo.mode == 0x8000_0000 | 0o700)
        #expect(root.fileInfo.name == "/")
        #expect(root.pathname == "/")
        var link = try Record.file("/album/link")
        link.kind = .symlink
        link.target = "../media"
        let sent = Plakar_Connectors_Record(link, hasContent: false)
        #expect(sent.fileInfo.mode == 0x0800_0000 | 0o600)
        #expect(sent.target == "../media")
        #expect(!sent.hasReader_p)
    }

    /// Plakar compares all fields but the size where that is -1: one has to differ when the content does.
    @Test func anotherFingerprintIsAnotherFileAndTheSameIsTheSame() throws {
        func info(_ fingerprint: String?) throws -> Plakar_Connectors_FileInfo {
            Plakar_Connectors_Record(try .file("/a", fingerprint: fingerprint), hasContent: true).fileInfo
        }
        #expect(try info("one") == info("one"))
        #expect(try info("one") != info("two"))
        #expect(try info(nil) == info(nil))
        // The value itself is in people's snapshots: another one would read every file again.
        #expect(try info("one").ino == 0x1a08_aa19_21ca_5caf)
    }

    @Test func anErrorIsOneSentenceWithItsHint() throws {
        var record = try Record.file("/a")
        record.error = ConnectorError(.unavailable, "it is being processed", hint: "wait")
        #expect(Plakar_Connectors_Record(record, hasContent: false).error == "it is being processed; wait")
    }

    @Test(arguments: [1, 127, 128, 16_383, 16_384, 1 << 20])
    func aChunkIsTheMessageThatTheProtocolSays(count: Int) throws {
        let content = (0..<count + 3).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        let sent: Octets = ChunkSerializer().serialize(content[2..<count + 2])
        #expect(try Importer_OpenResponse(serializedBytes: sent.bytes).chunk.elementsEqual(content[2..<count + 2]))
        let message = Importer_OpenResponse.with { $0.chunk.append(contentsOf: content[2..<count + 2]) }
        #expect(try sent.bytes == message.serializedBytes())
    }

    /// Bytes as gRPC wants them.
    private struct Octets: GRPCContiguousBytes {
        var bytes: [UInt8]

        init(repeating: UInt8, count: Int) { bytes = Array(repeating: repeating, count: count) }
        init(_ sequence: some Sequence<UInt8>) { bytes = Array(sequence) }
        var count: Int { bytes.count }
        func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
            try bytes.withUnsafeBytes(body)
        }
        mutating func withUnsafeMutableBytes<R>(
            _ body: (UnsafeMutableRawBufferPointer) throws -> R
        ) rethrows -> R {
            try bytes.withUnsafeMutableBytes(body)
        }
    }

    @Test func aRecordToBeStoredIsReadAsItWasWritten() throws {
        var original = try Record.file("/album/Trip/IMG_1.jpg", size: 7)
        #expect(try Plakar_Connectors_Record(original, hasContent: true).record() == original)
        original.size = nil
        #expect(try Plakar_Connectors_Record(original, hasContent: true).record() == original)
        let directory = Record.directory(try Pathname("/album"), modificationTime: .epoch)
        #expect(try Plakar_Connectors_Record(directory, hasContent: false).record() == directory)
    }

    @Test func whatCannotBeStoredIsRefusedWithAReason() throws {
        func refusal(_ change: (inout Plakar_Connectors_Record) -> Void) throws -> ConnectorError.Code? {
            var sent = Plakar_Connectors_Record(try .file("/a"), hasContent: true)
            change(&sent)
            do {
                _ = try sent.record()
                return nil
            } catch {
                return error.code
            }
        }
        #expect(try refusal({ $0.isXattr = true }) == .unsupported)
        #expect(try refusal { $0.fileInfo.mode |= 1 << 25 } == .unsupported)
        #expect(try refusal { $0.error = "gone" } == .rejected)
        #expect(try refusal { $0.pathname = "a/../b" } == .protocolViolation)
        #expect(try refusal { $0.pathname = "/e\u{301}" } == nil)
    }
}
