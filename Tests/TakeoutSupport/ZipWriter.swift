/// Writes zips as Takeout does, and such as nobody should write.
public struct ZipWriter {
    public var files: [PackedFile] = []
    /// Whether lengths and offsets are written with 64 bits, although they would fit into 32.
    public var isZip64 = false
    /// Whether all entries point at the bytes of the first, as those of a bomb do.
    public var sharesContent = false

    public init(_ files: [PackedFile] = [], isZip64: Bool = false) {
        self.files = files
        self.isZip64 = isZip64
    }

    public var bytes: [UInt8] {
        var out: [UInt8] = []
        var directory: [UInt8] = []
        for file in files {
            let crc = Zlib.crc(file.bytes) ^ (file.hasWrongChecksum ? 1 : 0)
            let packed = file.isDeflated ? Zlib.deflated(file.bytes) : file.bytes
            let size = file.claimedSize ?? Int64(file.bytes.count)
            let name = Array(file.path.utf8)
            let offset = sharesContent && !directory.isEmpty ? 0 : out.count
            if !sharesContent || directory.isEmpty {
                out.append(0x0403_4B50, bytes: 4)
                appendCommon(file, crc: crc, packed: Int64(packed.count), size: size, to: &out)
                out.append(name.count, bytes: 2)
                out.append(0, bytes: 2)
                out += name
                out += packed
            }
            directory.append(0x0201_4B50, bytes: 4)
            directory.append(0x033F, bytes: 2)
            appendCommon(file, crc: crc, packed: Int64(packed.count), size: size, to: &directory)
            directory.append(name.count, bytes: 2)
            directory.append(isZip64 ? 28 : 0, bytes: 2)
            directory.append(0, bytes: 6)
            directory.append(UInt32(file.isSymlink ? 0xA1FF : 0x81A4) << 16, bytes: 4)
            directory.append(isZip64 ? 0xFFFF_FFFF : offset, bytes: 4)
            directory += name
            if isZip64 {
                directory.append(0x0018_0001, bytes: 4)
                directory.append(size, bytes: 8)
                directory.append(packed.count, bytes: 8)
                directory.append(offset, bytes: 8)
            }
        }
        let start = out.count
        out += directory
        if isZip64 {
            let record = out.count
            out.append(0x0606_4B50, bytes: 4)
            out.append(44, bytes: 8)
            out.append(0x002D_002D, bytes: 4)
            out.append(0, bytes: 8)
            out.append(files.count, bytes: 8)
            out.append(files.count, bytes: 8)
            out.append(directory.count, bytes: 8)
            out.append(start, bytes: 8)
            out.append(0x0706_4B50, bytes: 4)
            out.append(0, bytes: 4)
            out.append(record, bytes: 8)
            out.append(1, bytes: 4)
        }
        out.append(0x0605_4B50, bytes: 4)
        out.append(0, bytes: 4)
        out.append(isZip64 ? 0xFFFF : files.count, bytes: 2)
        out.append(isZip64 ? 0xFFFF : files.count, bytes: 2)
        out.append(isZip64 ? 0xFFFF_FFFF : directory.count, bytes: 4)
        out.append(isZip64 ? 0xFFFF_FFFF : start, bytes: 4)
        out.append(0, bytes: 2)
        return out
    }

    /// What local header and directory have alike, from the version needed to the lengths.
    private func appendCommon(
        _ file: PackedFile, crc: UInt32, packed: Int64, size: Int64, to out: inout [UInt8]
    ) {
        out.append(45, bytes: 2)
        out.append(0x0800 | (file.isEncrypted ? 1 : 0), bytes: 2)
        out.append(file.isDeflated ? 8 : 0, bytes: 2)
        // 2024-05-06, noon.
        out.append(12 << 11, bytes: 2)
        out.append(44 << 9 | 5 << 5 | 6, bytes: 2)
        out.append(crc, bytes: 4)
        out.append(isZip64 ? 0xFFFF_FFFF : packed, bytes: 4)
        out.append(isZip64 ? 0xFFFF_FFFF : size, bytes: 4)
    }
}
