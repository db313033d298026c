import ConnectorKit
import Crypto
import PhotosAPI
import PhotosLibrary

extension Record {
    /// The record of an item in one of its places.
    init(_ shelved: ShelvedItem, at place: ShelvedItem.Place) {
        let item = shelved.item
        var attributes = [Attribute.id: item.id, Attribute.filename: item.filename]
        if !item.description.isEmpty { attributes[Attribute.description] = item.description }
        if item.width > 0, item.height > 0 { attributes[Attribute.dimensions] = "\(item.width)x\(item.height)" }
        if !item.cameraModel.isEmpty || !item.cameraMake.isEmpty {
            attributes[Attribute.camera] =
                [item.cameraMake, item.cameraModel].filter { !$0.isEmpty }.joined(separator: " ")
        }
        if let position = place.position { attributes[Record.orderAttribute] = String(position) }
        self.init(
            pathname: place.path, kind: .file, size: shelved.size, permissions: 0o600,
            modificationTime: item.creationTime, mimeType: item.mimeType.isEmpty ? nil : item.mimeType,
            fingerprint: item.fingerprint, attributes: attributes,
            // The API strips the place from photos and hands out re-encoded videos, always.
            caveats: [item.kind == .video ? .transcoded : .locationRemoved], hasContent: true)
        error = item.notReadable
        if error != nil { hasContent = false }
        if item.videoStatus == .processing { caveats.append(.stillProcessing) }
    }
}

extension MediaItem {
    /// All that the API tells of a content: there is neither a version nor a hash.
    var fingerprint: String {
        let known = "\(id)\n\(creationTime)\n\(width)x\(height)\n\(mimeType)\n\(filename)"
        return String(hexadecimal: Array(SHA256.hash(data: Array(known.utf8)).prefix(16)))
    }

    /// Why there are no bytes to be had, where it is known beforehand.
    var notReadable: ConnectorError? {
        switch videoStatus {
        case .processing:
            ConnectorError(
                .unavailable, "Google is still processing this video", isRetryable: true,
                hint: "it is read by the next backup")
        case .failed:
            ConnectorError(
                .rejected, "Google could not process this video and does not hand it out",
                hint: "upload it again, or get it by Takeout")
        default: nil
        }
    }
}
