import ConnectorKit
import SeededRandom
import Testing

@testable import RcloneConfig

/// Whatever comes in, reading ends with a value or with a refusal, and soon.
struct HostileInputTests {
    private static let seeds: [[UInt8]] = [
        Array(
            "# c\n[a]\ntype = google photos\nclient_id = 1\ntoken = \(RemoteTests.token)\n[a.b]\nk = `%(l)s`\n- = x\n"
                .utf8),
        Array(#"{"a": {"type": "google photos", "token": "{\"access_token\":\"x\"}"}, "b": {}}"#.utf8),
        Array(EncryptedConfigTests.file.utf8),
        Array("k = %(l)s%(m)s\nl = %(m)s\nm = %(k)s\n\"\"\"a\"\"\": \"\"\"b\"\"\"\n".utf8),
        [0xFF, 0xFE] + Array("[\0a\0]\0\n\0k\0=\0v\0".utf8),
    ]

    private func read(_ bytes: [UInt8], seed: UInt64) {
        do throws(RcloneConfigError) {
            let config = try RcloneConfig.read(bytes, password: Secret(EncryptedConfigTests.password))
            _ = try config.googlePhotosRemotes()
        } catch {
            #expect(!error.message.isEmpty && !error.hint.isEmpty, "seed \(seed)")
        }
    }

    @Test func randomBytes() {
        for seed in UInt64(0)..<1500 {
            var generator = SeededRandom(seed: seed)
            let alphabet = Array("[]=:#;\"`%()s \t\r\n{},ab.-".utf8)
            let isText = Bool.random(using: &generator)
            let count = Int.random(in: 0...120, using: &generator)
            read(
                (0..<count).map { _ in
                    isText
                        ? alphabet.randomElement(using: &generator) ?? 0 : UInt8.random(in: 1...255, using: &generator)
                }, seed: seed)
        }
    }

    @Test func changedConfigurations() {
        for seed in UInt64(0)..<1500 {
            var generator = SeededRandom(seed: seed)
            var bytes = Self.seeds.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...6, using: &generator) where !bytes.isEmpty {
                let index = Int.random(in: bytes.indices, using: &generator)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: bytes[index] = .random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(bytes.randomElement(using: &generator) ?? 0, at: index)
                case 3: bytes.removeSubrange(index...)
                default: bytes.insert(contentsOf: bytes[..<index], at: index)
                }
            }
            read(bytes, seed: seed)
        }
    }

    /// Each of these costs quadratic time or endless memory where a reader is careless.
    @Test(
        .timeLimit(.minutes(1)),
        arguments: [
            "[a]\nk = " + String(repeating: "%(", count: 100_000),
            "[a]\nk = " + String(repeating: "%(x)d", count: 50_000),
            "[a]\nk = " + String(repeating: "%", count: 200_000) + "(x)s",
            "[a]\nk = `" + String(repeating: "`", count: 200_000),
            "\"" + String(repeating: "a", count: 200_000),
            String(repeating: "[", count: 200_000),
            String(repeating: "[a]\n", count: 20_000),
            (0..<20_000).map { "k\($0) = v\n" }.joined(),
            String(repeating: "{\"a\":", count: 20_000),
            "[" + String(repeating: "a.", count: 100_000) + "]\nk = v\n",
            "[a]\nl = \(String(repeating: "x", count: 1000))\n"
                + (0..<1000).map { "k\($0) = %(l)s%(l)s%(l)s\n" }.joined(),
        ]) func costlyTexts(text: String)
    {
        read(Array(text.utf8), seed: 0)
    }
}
