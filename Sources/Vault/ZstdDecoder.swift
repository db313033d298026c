import CZstd

/// A zstd frame on its way back to its content.
final class ZstdDecoder {
    private let context: OpaquePointer
    /// Whether the frame was read to its end; a file that ends earlier is cut short.
    private(set) var isComplete = false

    /// zstd says why a frame is no frame.
    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    init() throws(VaultError) {
        guard let context = ZSTD_createDCtx() else { throw ZstdEncoder.outOfMemory }
        self.context = context
    }

    deinit { ZSTD_freeDCtx(context) }

    /// Decodes some of `input`, from `position` on, which moves.
    /// - Returns: at most `limit` bytes of content; fewer, or none, where the decoder wants more input.
    func decode(_ input: [UInt8], position: inout Int, limit: Int) throws(Failure) -> [UInt8] {
        // Asked once more at the end of a frame, zstd would begin another.
        if isComplete, position == input.count { return [] }
        var remaining = 0
        var consumed = position
        let content = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
            var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
            input.withUnsafeBytes { bytes in
                var source = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: consumed)
                repeat {
                    remaining = ZSTD_decompressStream(context, &target, &source)
                } while ZSTD_isError(remaining) == 0 && remaining != 0 && source.pos < source.size
                    && target.pos < target.size
                consumed = source.pos
            }
            count = target.pos
        }
        position = consumed
        if ZSTD_isError(remaining) != 0 { throw Failure(description: String(cString: ZSTD_getErrorName(remaining))) }
        isComplete = remaining == 0
        return content
    }
}
