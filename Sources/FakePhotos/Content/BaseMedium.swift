import Foundation
import NIOCore

/// One of the pictures and videos that come with the library, ready to be made unique: a generated item is
/// head, comment with the item's number, padding, tail.
struct BaseMedium: Sendable {
    let name: String
    let probe: MediaProbe
    let container: Container
    /// What generated items are made of: its location may be removed already.
    private let head: ByteBuffer
    private let tail: ByteBuffer
    private let padding: [ByteBuffer]
    private let paddingCount: Int
    private let markerCount: Int

    /// Bytes of the text that tells an item from all others, before it is lengthened.
    static let markerTextCount = 50

    var kind: MediaKind { probe.kind }

    /// Bytes of every item that is made of it.
    var count: Int { head.readableBytes + container.wrappedCount(markerCount) + paddingCount + tail.readableBytes }

    /// Where the number starts in such an item.
    private var commentOffset: Int { head.readableBytes }

    /// - Parameters:
    ///   - size: bytes that items shall have; nil for as many as it takes.
    /// - Returns: nil where the file is no known format, or items of that size cannot be made of it.
    init?(name: String, bytes: [UInt8], size: Int?, noise: Noise) {
        guard let probe = MediaProbe(Array(bytes.prefix(MediaProbe.prefixLength))),
            let container = Container(probe.kind)
        else { return nil }
        self.name = name
        self.probe = probe
        self.container = container

        let bytes = probe.kind == .webp ? Self.extendedWebP(bytes, probe) : bytes
        let cut = Self.cut(bytes, container)
        var head = Array(bytes[..<cut])
        let smallest = bytes.count + container.wrappedCount(Self.markerTextCount)
        var markerCount = Self.markerTextCount
        var paddingCount = 0
        if let size {
            paddingCount = size - smallest
            // Boxes and RIFF have 32 bits for sizes.
            guard paddingCount >= 0, size < 1 << 32, container != .riff || size % 2 == 0 else { return nil }
            if paddingCount < Container.minimumPadding {
                markerCount += paddingCount
                paddingCount = 0
            }
        }
        if container == .riff {
            // The size in the RIFF header counts everything after it.
            let total = bytes.count + container.wrappedCount(markerCount) + paddingCount
            var field: [UInt8] = []
            field.appendInteger(total - 8, width: 4, isBigEndian: false)
            head.replaceSubrange(4..<8, with: field)
        }
        self.markerCount = markerCount
        self.paddingCount = paddingCount
        padding = paddingCount > 0 ? container.padding(paddingCount, noise: noise) : []
        self.head = ByteBuffer(bytes: head)
        tail = ByteBuffer(bytes: bytes[cut...])
    }

    /// Where comments go: before the first table of a JPEG, before the end of a PNG or GIF, at the end of the others,
    /// which have offsets from their start within them.
    private static func cut(_ bytes: [UInt8], _ container: Container) -> Int {
        let reading = ByteReading(bytes: bytes)
        switch container {
        case .jpeg:
            var offset = 2
            while let marker = reading.integer16(at: offset), (0xFFE0...0xFFEF).contains(marker),
                let length = reading.integer16(at: offset + 2)
            {
                offset += 2 + length
            }
            return offset
        case .png: return bytes.count - 12
        case .gif: return bytes.count - 1
        case .riff, .boxes: return bytes.count
        }
    }

    /// A WebP of the simple format in the extended one, which alone may hold other chunks (Google, "WebP Container
    /// Specification", "Extended File Format").
    private static func extendedWebP(_ bytes: [UInt8], _ probe: MediaProbe) -> [UInt8] {
        guard bytes.count > 16, Array(bytes[12..<16]) != Array("VP8X".utf8) else { return bytes }
        var chunk = Array("VP8X".utf8)
        chunk.appendInteger(10, width: 4, isBigEndian: false)
        chunk.appendInteger(0, width: 4)
        chunk.appendInteger(probe.width - 1, width: 3, isBigEndian: false)
        chunk.appendInteger(probe.height - 1, width: 3, isBigEndian: false)
        return Array(bytes[..<12]) + chunk + Array(bytes[12...])
    }

    private func markerText(serial: UInt32, seed: UInt64) -> [UInt8] {
        var text: [UInt8] = Array("gphotos-fake seed ".utf8)
        Self.appendHexadecimal(seed, to: &text)
        text += Array(" item ".utf8)
        let digits = Array(String(serial).utf8)
        text.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: 10 - digits.count))
        text += digits
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: markerCount - text.count))
        return text
    }

    private static func appendHexadecimal(_ value: UInt64, to text: inout [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        for shift in stride(from: 60, through: 0, by: -4) { text.append(digits[Int(value >> UInt64(shift)) & 15]) }
    }

    /// The bytes of an item.
    func content(serial: UInt32, seed: UInt64) -> Content {
        var content = Content(head)
        content.append(ByteBuffer(bytes: container.comment(markerText(serial: serial, seed: seed))))
        for part in padding { content.append(part) }
        content.append(tail)
        return content
    }

    /// The number of the item whose content this may be; nil where it is none of this medium.
    func serial(in content: Content, seed: UInt64) -> UInt32? {
        guard content.count == Int64(count) else { return nil }
        let commentCount = container.wrappedCount(markerCount)
        let start = Int64(commentOffset)
        var reader = ContentReader(content, range: start..<start + Int64(commentCount))
        var comment: [UInt8] = []
        while let bytes = reader.next(upTo: commentCount) { comment.append(contentsOf: bytes.readableBytesView) }
        guard let text = ByteReading(bytes: comment).find(" item "),
            let serial = UInt32(String(decoding: comment[text + 6..<min(comment.count, text + 16)], as: UTF8.self)),
            container.comment(markerText(serial: serial, seed: seed)) == comment
        else { return nil }
        return serial
    }
}
