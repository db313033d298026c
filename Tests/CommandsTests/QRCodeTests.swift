import ConnectorKit
import Crypto
import Testing

@testable import Commands

@Suite struct QRCodeTests {
    private func rows(_ code: QRCode) -> [String] {
        (0..<code.size).map { y in (0..<code.size).map { code.isBlack($0, y) ? "1" : "0" }.joined() }
    }

    /// As qrcode 8.2 for Python draws it.
    @Test func aShortTextIsDrawnSquareBySquare() throws {
        let code = try #require(QRCode("HELLO WORLD", level: .medium, mask: 5))
        #expect(code.version == 1)
        #expect(
            rows(code) == [
                "111111100011101111111", "100000101001001000001", "101110101110101011101", "101110101100101011101",
                "101110100010101011101", "100000100001001000001", "111111101010101111111", "000000001110000000000",
                "100000101011011001110", "010110011001110011101", "101100110000111001110", "011001001011110111100",
                "111001101101101011110", "000000001010100101000", "111111100101001000110", "100000100000011011110",
                "101110100001000100101", "101110100100111011000", "101110100111111111111", "100000100110110111100",
                "111111101011100010110",
            ])
    }

    /// Against qrcode 8.2: SHA-256 of the squares of 80 codes of 36 versions, the smallest and the largest among them.
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
        #expect(digest == "5aa4bd0dc37461acc0335ebaaf423153b588d61656ee8c4d20d7fbcebac06b96")
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
