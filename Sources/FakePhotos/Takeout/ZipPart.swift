import ConnectorKit

/// A zip part: media as they are, since they do not shrink. Lengths and offsets of 4 GiB and more are those of zip64.
final class ZipPart: TakeoutPart {
    private let output: PartOutput
    private var directory: [UInt8] = []
    private var count = 0

    private static let limit: Int64 = 0xFFFF_FFFF

    init(path: String) throws { output = try PartOutput(path: path + ".zip") }

    func add(_ path: String, _ content: Content, modified: Int64) throws {
        let offset = output.position
        let name = Array(path.utf8)
        let size = content.count
        let isWide = size >= Self.limit
        var header: [UInt8] = []
        header.put(0x0403_4B50, 4)
        // The name is UTF-8. The checksum comes in afterwards.
        common(&header, size: size, crc: 0, modified: modified)
        header.put(name.count, 2)
        header.put(isWide ? 20 : 0, 2)
        header += name
        if isWide {
            header.put(0x0010_0001, 4)
            header.put(size, 8)
            header.put(size, 8)
        }
        try output.write(header)
        var checksum: UInt32 = 0
        try content.forEachPiece {
            checksum = crc(checksum, $0)
            try output.write($0)
        }
        var bytes: [UInt8] = []
        bytes.put(checksum, 4)
        try output.rewrite(bytes, at: offset + 14)
        entry(name, size: size, crc: checksum, modified: modified, offset: offset)
        count += 1
    }

    private func entry(_ name: [UInt8], size: Int64, crc: UInt32, modified: Int64, offset: Int64) {
        var wide: [UInt8] = []
        if size >= Self.limit {
            wide.put(size, 8)
            wide.put(size, 8)
        }
        if offset >= Self.limit { wide.put(offset, 8) }
        directory.put(0x0201_4B50, 4)
        directory.put(0x032D, 2)
        common(&directory, size: size, crc: crc, modified: modified)
        directory.put(name.count, 2)
        directory.put(wide.isEmpty ? 0 : wide.count + 4, 2)
        directory.put(0, 6)
        directory.put(UInt32(0o100644) << 16, 4)
        directory.put(min(offset, Self.limit), 4)
        directory += name
        if !wide.isEmpty {
            directory.put(1, 2)
            directory.put(wide.count, 2)
            directory += wide
        }
    }

    /// What local header and directory have in common.
    private func common(_ header: inout [UInt8], size: Int64, crc: UInt32, modified: Int64) {
        header.put(45, 2)
        header.put(0x0800, 2)
        header.put(0, 2)
        let date = Timestamp(seconds: modified).date
        let second = modified - modified / 86400 * 86400
        header.put((second / 3600) << 11 | (second / 60 % 60) << 5 | second % 60 / 2, 2)
        header.put(max(0, date.year - 1980) << 9 | date.month << 5 | date.day, 2)
        header.put(crc, 4)
        header.put(min(size, Self.limit), 4)
        header.put(min(size, Self.limit), 4)
    }

    func finish() throws {
        let start = output.position
        try output.write(directory)
        let length = Int64(directory.count)
        var end: [UInt8] = []
        if start >= Self.limit || count >= 0xFFFF {
            let place = output.position
            end.put(0x0606_4B50, 4)
            end.put(44, 8)
            end.put(45, 2)
            end.put(45, 2)
            end.put(0, 8)
            end.put(count, 8)
            end.put(count, 8)
            end.put(length, 8)
            end.put(start, 8)
            end.put(0x0706_4B50, 4)
            end.put(0, 4)
            end.put(place, 8)
            end.put(1, 4)
        }
        end.put(0x0605_4B50, 4)
        end.put(0, 4)
        end.put(min(count, 0xFFFF), 2)
        end.put(min(count, 0xFFFF), 2)
        end.put(length, 4)
        end.put(min(start, Self.limit), 4)
        end.put(0, 2)
        try output.write(end)
        try output.flush()
    }
}
