import ConnectorKit
import Crypto
import Foundation

/// rclone's encrypted configuration file: the base64 text of a nonce and a NaCl secretbox.
///
/// Source: rclone's `fs/config/crypt.go`.
enum EncryptedConfig {
    /// The configuration in a file's body.
    static func open(_ body: ArraySlice<UInt8>, password: Secret?) throws(RcloneConfigError) -> [UInt8] {
        guard let password, !password.reveal().allSatisfy(\.isWhitespace) else {
            throw RcloneConfigError(
                .unreadable, "the configuration is encrypted and there is no password for it",
                hint: "set RCLONE_CONFIG_PASS to its password, or pipe in what `rclone config show NAME` prints")
        }
        let encoded = body.filter { !($0 == 0x20 || (0x09...0x0D).contains($0)) }
        guard let data = Data(base64Encoded: Data(encoded)) else { throw damaged("is not base64") }
        let box = [UInt8](data)
        if box.count < SecretBox.nonceSize + SecretBox.overhead { throw damaged("is too short") }
        let nonce = box[..<SecretBox.nonceSize]
        guard let text = SecretBox.open(box[SecretBox.nonceSize...], nonce: nonce, key: key(for: password)) else {
            throw RcloneConfigError(
                .unreadable, "the password does not open the encrypted configuration",
                hint: "set RCLONE_CONFIG_PASS to the password that rclone asks for; white space at its ends counts")
        }
        return text
    }

    private static func damaged(_ how: String) -> RcloneConfigError {
        RcloneConfigError(
            .unreadable, "the encrypted configuration is damaged: its content \(how)",
            hint: "give the whole file; `rclone config file` says where it is")
    }

    /// The key that rclone makes of a password. NFKC, so that one password typed on two systems is one key.
    static func key(for password: Secret) -> [UInt8] {
        let normalized = password.reveal().precomposedStringWithCompatibilityMapping
        return Array(SHA256.hash(data: Data("[\(normalized)][rclone-config]".utf8)))
    }
}
