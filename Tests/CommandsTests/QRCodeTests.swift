import ConnectorKit
import Crypto
import Testing

@testable import Commands

@Suite struct QRCodeTests {
    private func rows(_ code: QRCode) -> [String] {
        (0..<code.size).map { y in (0..<code.size).map { code.isBlack($0, y) ? "1" : "0" }.joined() }
    }

    /// As the encoder segno 1.6 for Python draws it.
    @Test func aShortTextIsDrawnSquareBySquare() throws {
        let code = try #require(QRCode("HELLO WORLD", level: .medium, mask: 5))
        #expect(code.version == 1)
        #expect(
            rows(code) == [
                "111111100010101111111", "100000101011101000001", "101110101100101011101", "101110101111001011101",
                "101110100101101011101", "100000100110101000001", "111111101010101111111", "000000001011100000000",
                "100000101110111001110", "100001001100110011101", "100000110101011001110", "100011010110010111100",
                "010111111110001011110", "000000001110100101000", "111111100100101000110", "100000100010111011110",
                "101110100000100100101", "101110100000111011000", "101110100111111111111", "100000100110110111100",
                "111111101101100010110",
            ])
    }

    /// Against segno: SHA-256 of the squares of 80 codes of 36 versions, the smallest and the largest among them.
    @Test func codesOfEverySizeAreThoseOfAnotherEncoder() throws {
        var hash = SHA256()
        var versions: Set<Int> = []
        for (level, limit) in [(QRCode.Level.low, 2953), (.medium, 2331)] {
            for length in stride(from: 1, through: limit, by: 67) {
                let text = String(decoding: (0..<length).map { UInt8(33 + ($0 * 7 + length) % 94) }, as: UTF8.self)
                let code = try #require(QRCode(text, level: level, mask: length % 8))
                versions.insert(code.version)
                hash.update(data: Array(rows(code).joined().utf8))
            }
        }
        #expect(versions.isSuperset(of: [1, 7, 14, 21, 28, 32, 40]) && versions.count == 36)
        let digest = String(hexadecimal: Array(hash.finalize()))
        #expect(digest == "1044ce8a965c68261795a4aaafc8ba30f23d6b4cd6fb0acf65108fead10a537a")
    }

    /// ISO/IEC 18004, annex I: a code of version 1-M.
    @Test func theStandardsExampleHasTheStandardsCorrection() {
        let data: [UInt8] = [
            0x10, 0x20, 0x0C, 0x56, 0x61, 0x80, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11, 0xEC, 0x11,
        ]
        #expect(
            ReedSolomon.correction(of: data, count: 10) == [
                0xA5, 0x24, 0xD4, 0xC1, 0xED, 0x36, 0xC7, 0x87, 0x2C, 0x55,
            ])
        // Annexes C and D.
        #expect(QRDrawing.formatBits(level: .medium, mask: 5) == 0b100_0000_1100_1110)
        #expect(QRDrawing.versionBits(7) == 0b00_0111_1100_1001_0100)
    }

    @Test func theBetterLevelIsTakenWhereItCostsNothing() throws {
        // 14 bytes fit into version 1 at the better level, 17 at the other.
        #expect(QRCode(String(repeating: "x", count: 14))?.level == .medium)
        #expect(QRCode(String(repeating: "x", count: 17))?.level == .low)
        #expect(QRCode(String(repeating: "x", count: 17))?.version == 1)
        #expect(QRCode(String(repeating: "x", count: 18))?.version == 2)
        #expect(QRCode(String(repeating: "x", count: 2953))?.version == 40)
        #expect(QRCode(String(repeating: "x", count: 2954)) == nil)
    }

    @Test func theTextHasTwoRowsInALineAndAMarginAllRound() throws {
        let code = try #require(QRCode("https://photos.google.com/picker/a"))
        let plain = code.text(colours: false).split(separator: "\n")
        #expect(plain.count == (code.size + 9) / 2)
        #expect(plain.allSatisfy { $0.count == code.size + 8 })
        // White is drawn on a dark terminal.
        #expect(plain[0].allSatisfy { $0 == "\u{2588}" })
        let coloured = code.text(colours: true).split(separator: "\n")
        #expect(coloured[0] == "\u{1B}[30;107m" + String(repeating: " ", count: code.size + 8) + "\u{1B}[0m")
    }
}
