import ConnectorKit
import Crypto
import HTTP

/// The content of a record on its way into an upload: measured and hashed as it passes.
///
/// It ends well only where it is what was promised: an upload reads it to its end before it lets go of the last byte.
actor UploadSource: HTTPBodySource {
    private let content: any ContentReader
    private let promised: String?
    private let largestSize: Int64
    private var hasher = SHA256()
    private var size: Int64 = 0
    private var picture = JPEGEssence()
    /// The hash of the content, after its end.
    private(set) var sha256: String?
    /// What a photo is without its metadata; nil where it is no JPEG.
    var essence: String? { sha256 == nil ? nil : picture.finish() }
    private(set) var failure: (any Error)?

    /// - Parameters:
    ///   - promised: its SHA-256, where the record has it.
    ///   - largestSize: in bytes; a content whose size nobody knew may turn out to be longer.
    init(_ content: any ContentReader, promised: String?, largestSize: Int64) {
        self.content = content
        self.promised = promised
        self.largestSize = largestSize
    }

    func next() async throws -> [UInt8]? {
        if sha256 != nil { return nil }
        do {
            guard let chunk = try await content.read() else {
                let actual = String(hexadecimal: Array(hasher.finalize()))
                if let promised, promised != actual {
                    throw ConnectorError(.corrupt, "the content does not have the hash that was promised")
                }
                sha256 = actual
                return nil
            }
            hasher.update(data: chunk)
            picture.update(chunk)
            size += Int64(chunk.count)
            if size > largestSize {
                throw ConnectorError(.tooLarge, "Google Photos takes no more than \(largestSize >> 20) MiB")
            }
            return chunk
        } catch {
            // An upload that was refused early cancels its source; that is not the reason then.
            if !(error is CancellationError) { failure = error }
            throw error
        }
    }
}
