import ConnectorKit
import Glibc
import Testing

@testable import PluginPlakar

/// The connection itself, byte by byte.
@Suite(.timeLimit(.minutes(1)))
struct ConnectionTests {
    private static let plugin = ConnectorPlugin.importing { _ in }
    private static let preface = [UInt8]("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8) + [0, 0, 0, 4, 0, 0, 0, 0, 0]

    /// A connector, the ends of its pipes, and what becomes of it.
    private struct Raw {
        let input: Int32
        let output: Int32
        let status: Task<Int32, Never>
        let said = Box("")

        init() throws {
            let toConnector = try Pipe()
            let fromConnector = try Pipe()
            input = toConnector.write
            output = fromConnector.read
            let said = said
            status = Task {
                await runPlakarConnector(
                    plugin, role: .importer, input: toConnector.read, output: fromConnector.write,
                    tell: { line in said.change { $0 += line } })
            }
        }

        func send(_ bytes: [UInt8]) { _ = bytes.withUnsafeBytes { write(input, $0.baseAddress, $0.count) } }

        func hangUp() {
            _ = close(input)
            _ = close(output)
        }
    }

    /// grpc-go sends one with nearly every answer; NIO by itself ends the connection after 200.
    @Test func aThousandPingsAreAnswered() async throws {
        let raw = try Raw()
        raw.send(Self.preface)
        let answered = Task.detached {
            var pending: [UInt8] = []
            var count = 0
            var piece = [UInt8](repeating: 0, count: 4096)
            while count < 1000 {
                let length = read(raw.output, &piece, piece.count)
                if length <= 0 { break }
                pending += piece[0..<length]
                while pending.count >= 9 {
                    let size = Int(pending[0]) << 16 | Int(pending[1]) << 8 | Int(pending[2])
                    guard pending.count >= 9 + size else { break }
                    if pending[3] == 6, pending[4] & 1 == 1 { count += 1 }
                    pending.removeFirst(9 + size)
                }
            }
            return count
        }
        for _ in 0..<1000 { raw.send([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]) }
        #expect(await answered.value == 1000)
        raw.hangUp()
        #expect(await raw.status.value == 0)
        #expect(raw.said.value.isEmpty)
    }

    @Test func anEndAtOnceIsInOrderAndQuiet() async throws {
        let raw = try Raw()
        raw.hangUp()
        #expect(await raw.status.value == 0)
        #expect(raw.said.value.isEmpty)
    }

    @Test func aHostOfAnotherProtocolIsToldSo() async throws {
        let raw = try Raw()
        raw.send([UInt8]("{\"type\":\"hello\",\"protocol\":\"kloset.jsonl\",\"versions\":[1]}\n".utf8))
        #expect(await raw.status.value == 2)
        #expect(raw.said.value.hasPrefix("scripted: the host does not speak Plakar's protocol"))
        raw.hangUp()
    }

    @Test func aCancellationEndsIt() async throws {
        let raw = try Raw()
        raw.send(Self.preface)
        raw.status.cancel()
        #expect(await raw.status.value == 143)
        raw.hangUp()
    }

    @Test func descriptorsThatAreNoPipesAreSaidToBeSo() async throws {
        let said = Box("")
        let status = await runPlakarConnector(
            Self.plugin, role: .importer, input: open("/dev/null", O_RDONLY), output: open("/dev/null", O_WRONLY),
            tell: { line in said.change { $0 += line } })
        #expect(status == 64)
        #expect(said.value == "scripted: a Plakar host starts this and talks to it over pipes\n")
    }
}
