/// Writes tgz parts.
public struct TarWriter {
    /// How a name of more than 100 bytes is written.
    public enum LongNames: Sendable, CaseIterable { case ustar, pax, gnu }

    public var files: [PackedFile]
    public var longNames: LongNames

    public init(_ files: [PackedFile] = [], longNames: LongNames = .pax) {
        self.files = files
        self.longNames = longNames
    }

    /// - Parameter members: gzip members that the archive is split into.
    public func bytes(level: Int32 = 6, members: Int = 1) -> [UInt8] {
        let tar = tar
        let length = max(1, (tar.count + members - 1) / members)
        var out: [UInt8] = []
        for start in stride(from: 0, to: tar.count, by: length) {
            out += Self.gzipped(Array(tar[start..<min(start + length, tar.count)]), level: level)
        }
        return out
    }

    public static func gzipped(_ bytes: [UInt8], level: Int32) -> [UInt8] {
        // With a file name in the header, as gzip writes it.
        var out: [UInt8] = [0x1F, 0x8B, 8, 8, 0, 0, 0, 0, 0, 255] + Array("takeout.tar".utf8) + [0]
        out += Zlib.deflated(bytes, level: level)
        out.append(Zlib.crc(bytes), bytes: 4)
        out.append(UInt32(truncatingIfNeeded: bytes.count), bytes: 4)
        return out
    }

    private var tar: [UInt8] {
        var out: [UInt8] = []
        for file in files {
            let name = Array(file.path.utf8)
            var prefix: [UInt8] = []
            var short = name
            if name.count > 100 {
                switch longNames {
                case .ustar:
                    if let slash = name.lastIndex(of: UInt8(ascii: "/")) {
                        prefix = Array(name[..<slash])
                        short = Array(name[(slash + 1)...])
                    }
                case .pax:
                    let body = Array(" path=\(file.path)\n".utf8)
                    var length = body.count
                    while String(length).utf8.count + body.count != length {
                        length = String(length).utf8.count + body.count
                    }
                    append(Array(String(length).utf8) + body, name: Array("PaxHeader".utf8), type: "x", to: &out)
                    short = Array(name.prefix(100))
                case .gnu:
                    append(name + [0], name: Array("././@LongLink".utf8), type: "L", to: &out)
                    short = Array(name.prefix(100))
                }
            }
            append(
                file.isSymlink ? [] : file.bytes, name: short, prefix: prefix, type: file.isSymlink ? "2" : "0",
                modified: file.modified, to: &out)
        }
        return out + [UInt8](repeating: 0, count: 1024)
    }

    private func append(
        _ content: [UInt8], name: [UInt8], prefix: [UInt8] = [], type: Unicode.Scalar, modified: Int64 = 0,
        to out: inout [UInt8]
    ) {
        var header = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: [UInt8], at offset: Int) {
            header.replaceSubrange(offset..<offset + bytes.count, with: bytes)
        }
        func octal(_ value: Int64, digits: Int) -> [UInt8] {
            let text = String(value, radix: 8)
            return Array((String(repeating: "0", count: digits - text.count) + text).utf8)
        }
        put(name, at: 0)
        put(octal(0o644, digits: 7), at: 100)
        put(octal(Int64(content.count), digits: 11), at: 124)
        put(octal(modified, digits: 11), at: 136)
        put([UInt8](repeating: 0x20, count: 8), at: 148)
        header[156] = UInt8(type.value)
        put(Array("ustar\u{0}00".utf8), at: 257)
        put(prefix, at: 345)
        put(octal(Int64(header.reduce(0) { $0 + Int($1) }), digits: 6) + [0, 0x20], at: 148)
        out += header + content
        out += [UInt8](repeating: 0, count: (512 - content.count % 512) % 512)
    }
}
