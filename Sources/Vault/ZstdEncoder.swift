import CZstd

/// A zstd frame in the making. The manual: https://facebook.github.io/zstd/doc/api_manual_v1.5.4.html
final class ZstdEncoder {
    private let context: OpaquePointer
    private var output: [UInt8]

    /// Level 3 is zstd's own default.
    init(level: Int32 = 3) throws(VaultError) {
        guard let context = ZSTD_createCCtx() else { throw Self.outOfMemory }
        self.context = context
        output = [UInt8](repeating: 0, count: ZSTD_CStreamOutSize())
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
    }

    deinit { ZSTD_freeCCtx(context) }

    static let outOfMemory = VaultError(.cannotWrite, "no memory for zstd")

    /// Takes more content and hands out what is ready of the frame.
    func encode(_ bytes: UnsafeRawBufferPointer, isLast: Bool, to sink: (UnsafeRawBufferPointer) throws -> Void) throws
    {
        var input = ZSTD_inBuffer(src: bytes.baseAddress, size: bytes.count, pos: 0)
        let directive = isLast ? ZSTD_e_end : ZSTD_e_continue
        while true {
            let (remaining, count) = output.withUnsafeMutableBytes { buffer in
                var target = ZSTD_outBuffer(dst: buffer.baseAddress, size: buffer.count, pos: 0)
                let remaining = ZSTD_compressStream2(context, &target, &input, directive)
                return (remaining, target.pos)
            }
            if ZSTD_isError(remaining) != 0 { throw Self.outOfMemory }
            if count > 0 {
                try output.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
            }
            if isLast ? remaining == 0 : input.pos == input.size { return }
        }
    }

    /// The frame of a content that is in memory; nil where zstd could not.
    static func frame(of bytes: UnsafeRawBufferPointer, level: Int32 = 3) -> [UInt8]? {
        guard let context = ZSTD_createCCtx() else { return nil }
        defer { ZSTD_freeCCtx(context) }
        ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level)
        ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1)
        let frame = [UInt8](unsafeUninitializedCapacity: ZSTD_compressBound(bytes.count)) { buffer, count in
            let size = ZSTD_compress2(context, buffer.baseAddress, buffer.count, bytes.baseAddress, bytes.count)
            count = ZSTD_isError(size) != 0 ? 0 : size
        }
        return frame.isEmpty ? nil : frame
    }
}
