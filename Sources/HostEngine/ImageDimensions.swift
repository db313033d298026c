import Foundation

/// Width and height of a picture, in either order: services turn pictures upright.
public struct ImageDimensions: Sendable, Hashable {
    public var longer: Int
    public var shorter: Int

    public init(_ width: Int, _ height: Int) {
        longer = max(width, height)
        shorter = min(width, height)
    }

    /// Reads `WIDTHxHEIGHT`.
    public init?(_ text: String) {
        let numbers = text.split(separator: "x").map { Int($0) }
        guard numbers.count == 2, let width = numbers[0], let height = numbers[1] else { return nil }
        self.init(width, height)
    }

    /// Of a JPEG (ITU T.81, B.2.2) or PNG (RFC 2083, 4.1.1), from its headers; nil for all else.
    init?(of descriptor: Int32) {
        func bytes(_ count: Int, at offset: Int) -> [UInt8]? {
            var buffer = [UInt8](repeating: 0, count: count)
            return pread(descriptor, &buffer, count, off_t(offset)) == count ? buffer : nil
        }
        func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }
        guard let head = bytes(24, at: 0) else { return nil }
        if head.starts(with: [0x89, 0x50, 0x4E, 0x47]) {
            self.init(number(head[16..<20]), number(head[20..<24]))
            return
        }
        guard head.starts(with: [0xFF, 0xD8]) else { return nil }
        var offset = 2
        while let segment = bytes(9, at: offset), segment[0] == 0xFF {
            let marker = segment[1]
            // The frame headers; DHT, JPG and DAC are between them.
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                self.init(number(segment[7..<9]), number(segment[5..<7]))
                return
            }
            if marker == 0xFF {
                offset += 1
            } else {
                offset += 2 + number(segment[2..<4])
            }
        }
        return nil
    }
}

extension LocalDirectory {
    func dimensions(of name: String) -> ImageDimensions? {
        let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        return ImageDimensions(of: file)
    }
}
