extension [UInt8] {
    /// An unsigned integer of `count` bytes at an offset, the lowest byte first. The caller has checked the length.
    func littleEndian(_ offset: Int, _ count: Int) -> UInt64 {
        var value: UInt64 = 0
        for index in (0..<count).reversed() { value = value << 8 | UInt64(self[offset + index]) }
        return value
    }

    func uint16(_ offset: Int) -> Int { Int(littleEndian(offset, 2)) }
    func uint32(_ offset: Int) -> UInt32 { UInt32(littleEndian(offset, 4)) }
    /// A length or offset of 64 bits; one beyond what a file can have is its own error later, as -1.
    func int64(_ offset: Int) -> Int64 { Int64(exactly: littleEndian(offset, 8)) ?? -1 }
}
