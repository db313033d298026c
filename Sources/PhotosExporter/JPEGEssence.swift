import Crypto

/// The hash of a JPEG without its metadata (APP1: Exif and XMP): what is left of a photo when Google has taken out
/// where it was taken. Fed as the bytes come. (ITU-T T.81, B.1: segments up to the scan.)
struct JPEGEssence: Sendable {
    private enum State: Sendable {
        /// Marker and length of a segment, as far as they have come.
        case head([UInt8])
        case body(left: Int, counts: Bool)
        case scan
        /// It is none.
        case other
    }

    private var hasher = SHA256()
    private var state = State.head([])
    private var hasStart = false

    mutating func update(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            switch state {
            case .other: return
            case .scan:
                hasher.update(data: rest)
                return
            case .head(var head):
                head.append(rest.removeFirst())
                read(head)
            case .body(let left, let counts):
                let part = rest.prefix(left)
                if counts { hasher.update(data: part) }
                rest = rest.dropFirst(part.count)
                state = left == part.count ? .head([]) : .body(left: left - part.count, counts: counts)
            }
        }
    }

    private mutating func read(_ head: [UInt8]) {
        state = .head(head)
        if head[0] != 0xFF {
            state = .other
        } else if !hasStart {
            guard head.count == 2 else { return }
            hasStart = true
            state = head[1] == 0xD8 ? .head([]) : .other
        } else if head.count == 2, head[1] == 0xFF {
            // Fill bytes may stand before a marker.
            state = .head([0xFF])
        } else if head.count == 4 {
            let length = Int(head[2]) << 8 | Int(head[3])
            let counts = head[1] != 0xE1
            if length < 2 {
                state = .other
                return
            }
            if counts { hasher.update(data: head) }
            if head[1] == 0xDA {
                state = .scan
            } else {
                state = length == 2 ? .head([]) : .body(left: length - 2, counts: counts)
            }
        }
    }

    /// In hexadecimal digits; nil where it was no JPEG, or ended before its picture.
    func finish() -> String? {
        guard case .scan = state else { return nil }
        return String(hexadecimal: Array(hasher.finalize()))
    }
}
