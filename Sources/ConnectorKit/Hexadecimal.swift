extension String {
    /// Bytes as hexadecimal digits in lower case, two for each: how hashes are written.
    public init(hexadecimal bytes: [UInt8]) {
        self.init(unsafeUninitializedCapacity: bytes.count * 2) { buffer in
            for (index, byte) in bytes.enumerated() {
                buffer[index * 2] = Self.hexadecimalDigit(byte >> 4)
                buffer[index * 2 + 1] = Self.hexadecimalDigit(byte & 15)
            }
            return bytes.count * 2
        }
    }

    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
    }
}
