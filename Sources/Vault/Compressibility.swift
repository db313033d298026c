/// The rule of 5 %: a content is stored compressed where that saves at least that much.
///
/// Photos and videos are compressed already, and most of what a vault holds is of that kind. So the fastest level of
/// zstd looks at the start of a content, and only where that pays is the whole compressed.
enum Compressibility {
    /// How much of a content the first look takes in, in bytes.
    static let probeLength = 128 << 10

    static func pays(stored: Int64, content: Int64) -> Bool { stored * 100 <= content * 95 }

    /// - Parameter start: the content, or more than ``probeLength`` bytes of it.
    static func isLikely(_ start: [UInt8]) -> Bool {
        start.withUnsafeBytes { bytes in
            let probe = UnsafeRawBufferPointer(rebasing: bytes.prefix(probeLength))
            guard !probe.isEmpty, let frame = ZstdEncoder.frame(of: probe, level: 1) else { return false }
            return pays(stored: Int64(frame.count), content: Int64(probe.count))
        }
    }
}
