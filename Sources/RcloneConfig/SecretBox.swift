/// Opens NaCl's secretbox: XSalsa20 with Poly1305.
///
/// Source: D. J. Bernstein, "Cryptography in NaCl", sections 8 and 9. No package in reach has this cipher, and rclone's
/// encrypted files have no other; nothing is sealed with it here.
enum SecretBox {
    static let keySize = 32
    static let nonceSize = 24
    /// The bytes that a box has more than its content: the Poly1305 tag, which comes first.
    static let overhead = 16

    /// The content of a box; nil where key, nonce or box are not the ones that were used, or have a wrong size.
    static func open(_ box: ArraySlice<UInt8>, nonce: ArraySlice<UInt8>, key: [UInt8]) -> [UInt8]? {
        guard key.count == keySize, nonce.count == nonceSize, box.count >= overhead else { return nil }
        let cipherText = box.dropFirst(overhead)
        // The first 32 bytes of the stream are the key of the tag; the content starts in the middle of the first block.
        let stream = Salsa20.extendedStream(count: keySize + cipherText.count, key: key, nonce: Array(nonce))
        let tag = Poly1305.tag(of: cipherText, key: stream[..<keySize])
        guard areEqual(tag, box.prefix(overhead)) else { return nil }
        return zip(cipherText, stream[keySize...]).map { $0 ^ $1 }
    }

    /// Compares all bytes, so that the time tells nothing of where two tags differ.
    private static func areEqual(_ left: [UInt8], _ right: ArraySlice<UInt8>) -> Bool {
        var difference = left.count ^ right.count
        for (first, second) in zip(left, right) { difference |= Int(first ^ second) }
        return difference == 0
    }
}
