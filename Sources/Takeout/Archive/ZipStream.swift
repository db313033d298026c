import ConnectorKit

/// The content of one entry of a zip, unpacked and checked against its length and CRC-32.
final class ZipStream: ByteStream {
    private let file: RandomAccessFile
    private let entry: ArchiveEntry
    private let inflater: Inflater?
    /// Where its packed bytes begin in the file.
    let start: Int64
    private var offset: Int64
    private let end: Int64
    private var input: [UInt8] = []
    private var position = 0
    private var produced: Int64 = 0
    private var crc = CRC32()
    private var isDone = false

    /// - Throws: ``ConnectorError`` with code `corrupt` where there is no such entry at its place.
    init(_ file: RandomAccessFile, entry: ArchiveEntry) throws(ConnectorError) {
        self.file = file
        self.entry = entry
        // The local header has lengths of its own for name and extra field.
        let header = try file.readExactly(at: entry.offset, count: 30)
        guard header.uint32(0) == 0x0403_4B50 else {
            throw ConnectorError(.corrupt, "\(entry.path) is damaged in \(file.name)", hint: "download it again")
        }
        start = entry.offset + 30 + Int64(header.uint16(26)) + Int64(header.uint16(28))
        offset = start
        end = offset + entry.packedSize
        if end > file.size { throw file.cutShort }
        inflater = entry.method == .deflated ? Inflater() : nil
    }

    func next() throws -> [UInt8]? {
        if isDone { return nil }
        let bytes = try inflater.map(inflated) ?? stored()
        crc.add(bytes)
        produced += Int64(bytes.count)
        if produced > entry.size { throw damage }
        if !bytes.isEmpty { return bytes }
        isDone = true
        guard produced == entry.size, entry.crc == nil || entry.crc == crc.value else { throw damage }
        return nil
    }

    private func stored() throws -> [UInt8] {
        let bytes = try file.readExactly(at: offset, count: Int(min(end - offset, Int64(pieceLength))))
        offset += Int64(bytes.count)
        return bytes
    }

    /// A piece of output, empty at the end of the data.
    private func inflated(by inflater: Inflater) throws -> [UInt8] {
        // One byte more than is expected, so that too much is noticed.
        let room = Int(min(entry.size - produced + 1, Int64(pieceLength)))
        return try [UInt8](unsafeUninitializedCapacity: room) { output, count in
            while count < room {
                if position == input.count {
                    input = try stored()
                    position = 0
                }
                let step = try input.withUnsafeBufferPointer { bytes in
                    do {
                        return try inflater.run(
                            UnsafeBufferPointer(rebasing: bytes[position...]),
                            into: UnsafeMutableBufferPointer(rebasing: output[count..<room]))
                    } catch {
                        throw damage
                    }
                }
                position += step.consumed
                count += step.produced
                if step.isEnd { break }
                // The data go on where the entry has ended.
                if step.consumed == 0, step.produced == 0, offset == end { throw damage }
            }
        }
    }

    private var damage: ConnectorError {
        ConnectorError(
            .corrupt, "\(entry.path) is damaged in \(file.name): its length or checksum is wrong",
            hint: "download the part again")
    }
}
