import NIOCore

/// What becomes of bytes on their way back to their owner.
extension MediaShelf {
    /// More than the metadata of any JPEG: two full segments, of Exif and of XMP, and the small ones around them.
    private static let metadataLength = 256 << 10

    /// What a baseUrl serves for `=d` or `=dv`: the stored bytes, changed as the rules say.
    func served(_ item: MediaItem, _ rules: ServiceRules) -> Content {
        let content = content(of: item)
        if rules.stripsLocation, item.kind == .jpeg { return Self.withoutLocation(content) }
        if rules.transcodesVideos, item.kind.isVideo {
            var transcoded = content
            // Another file that any player plays: what stands behind a video's end is skipped.
            let container = Container(item.kind) ?? .boxes
            transcoded.append(ByteBuffer(bytes: container.comment(Array("transcoded".utf8))))
            return transcoded
        }
        return content
    }

    private static func withoutLocation(_ content: Content) -> Content {
        let prefix = content.prefix(metadataLength)
        guard let stripped = LocationRemoval.remove(fromJPEG: prefix) else { return content }
        var served = Content(ByteBuffer(bytes: stripped))
        served.append(content.slice(Int64(prefix.count)..<content.count))
        return served
    }
}
