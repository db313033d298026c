import ConnectorKit
import Testing

@testable import RcloneConfig

struct EncryptedConfigTests {
    /// Made by PyNaCl 1.6.2 for ``password``; rclone 1.60 opens it (see the tests with rclone).
    static let body = """
        69kY7VAMl2Ff4YESCn4jAQL/AYtbna3DKa+5xOlvHvcWL6xm1tngtzCPxoqGryzQ9XqAWjCIZrzkU+s82/OFS7cOs4OOo19LmWeH
        ni0DUi8wDDwnRx+U5yX+u9cuTNDXRfwPodPM9rzgTSg0JcwGnUF5qCzewrxvqCT6fKTeYMRzYJ+Qsk636I19XmUXYJTS2+JUkubC
        js1EaMUPpsxHe8trLsOd7wSmh5ag0q4ooo20lnvXtyMxldkhTjYq8sid46Ncg8rG+d2m+Tx6dnXniIqktv4gR6RIgXlIfLuoy4i0
        yIluUQIn1nj9iYHR238AXvQB+UJnGT562rEIzblha2GDh0WpfVT1ZtQdgmSzm5GvwS2ZXov+RHZ10e9W6toN/WF8yyrYWFjKhz35
        58wBmA==
        """.replacing("\n", with: "")
    static let file = "# Encrypted rclone configuration File\n\nRCLONE_ENCRYPT_V0:\n" + body
    /// With a ligature and a circled digit, which NFKC takes apart.
    static let password = "p\u{E4}ss \u{FB01}sh\u{2460}"

    static let settings = [
        "my photos": [
            "type": "google photos", "client_id": "1.apps.googleusercontent.com", "client_secret": "s3cr=et:#;",
            "token":
                #"{"access_token":"ya29.a","token_type":"Bearer","refresh_token":"1//r","expiry":"2026-01-02T03:04:05.123456789+01:00"}"#,
        ],
        "other": ["type": "alias", "remote": "/tmp"],
    ]

    @Test(arguments: [password, "pa\u{308}ss fish1", "p\u{E4}ss fish\u{FF11}"])
    func anySpellingOfThePasswordOpensIt(password: String) throws {
        #expect(try RcloneConfig.read(Self.file, password: password).settingsByName == Self.settings)
    }

    @Test(arguments: [
        "RCLONE_ENCRYPT_V0:\n\(body)\n",
        "\u{FEFF}; c\r\n\r\n# d\r\n  RCLONE_ENCRYPT_V0:  \r\n\(body.prefix(70))\r\n\(body.dropFirst(70))\r\n\r\n",
    ]) func layoutOfTheFileDoesNotMatter(file: String) throws {
        #expect(try RcloneConfig.read(file, password: Self.password).settingsByName == Self.settings)
    }

    @Test func headerCountsOnlyAsTheFirstLine() throws {
        let config = try RcloneConfig.read("[a]\nk = v\nRCLONE_ENCRYPT_V0:\n", password: "p")
        #expect(config.settingsByName == ["a": ["k": "v", "RCLONE_ENCRYPT_V0": ""]])
    }

    @Test(arguments: [nil, "", " \t"]) func withoutPassword(password: String?) throws {
        let error = try refusal(Self.file, password: password)
        #expect(error.reason == .unreadable)
        #expect(error.message.contains("there is no password"))
        #expect(error.hint.contains("RCLONE_CONFIG_PASS"))
        #expect(error.hint.contains("rclone config show NAME"))
    }

    @Test(arguments: ["wrong", password + " ", password.uppercased()]) func wrongPassword(password: String) throws {
        let error = try refusal(Self.file, password: password)
        #expect(error.reason == .unreadable)
        #expect(error.message.contains("does not open"))
        #expect(!"\(error) \(error.hint)".contains(password))
    }

    @Test(arguments: [
        ("", "too short"), (String(body.prefix(52)), "too short"), (String(body.prefix(55)), "not base64"),
        ("!" + body.dropFirst(), "not base64"), (body.dropLast() + "*", "not base64"),
    ]) func damagedFile(body: String, how: String) throws {
        let error = try refusal("RCLONE_ENCRYPT_V0:\n\(body)", password: Self.password)
        #expect(error.reason == .unreadable)
        #expect(error.message.contains(how))
    }

    @Test func cutFileIsNotOpened() throws {
        let error = try refusal("RCLONE_ENCRYPT_V0:\n\(Self.body.prefix(200))", password: Self.password)
        #expect(error.message.contains("does not open"))
    }
}
