import ConnectorKit
import Crypto
import PhotosAPI
import PhotosLibrary

extension Record {
    /// The record of an item in one of its places.
    /// - Parameter isOriginal: whether its bytes are those that were uploaded, and not what the API makes of them.
    init(_ shelved: ShelvedItem, at place: ShelvedItem.Place, isOriginal: Bool) {
        let item = shelved.item
        var attributes = [Attribute.id: item.id, Attribute.filename: item.filename]
        if !item.description.isEmpty { attributes[Attribute.description] = item.description }
        if item.width > 0, item.height > 0 { attributes[Attribute.dimensions] = "\(item.width)x\(item.height)" }
        attributes[Attribute.camera] = item.camera
        if let position = place.position { attributes[Record.orderAttribute] = String(position) }
        self.init(
            pathname: place.path, kind: .file, size: shelved.size, permissions: 0o600,
            modificationTime: item.creationTime, mimeType: item.mimeType.isEmpty ? nil : item.mimeType,
            fingerprint: item.fingerprint(isOriginal: isOriginal), attributes: attributes,
            caveats: item.caveats(isOriginal: isOriginal), hasContent: true)
        // The web page has a video from its upload on.
        if isOriginal { return }
        error = item.notReadable
        if error != nil { hasContent = false }
    }
}

extension MediaItem {
    /// How the content that can be had differs from the original.
    func caveats(isOriginal: Bool) -> [Caveat] {
        if isOriginal { return [] }
        // The API strips the place from photos and hands out re-encoded videos, always.
        let caveats: [Caveat] = [kind == .video ? .transcoded : .locationRemoved]
        return videoStatus == .processing ? caveats + [.stillProcessing] : caveats
    }

    /// Make and model; nil where none is known.
    var camera: String? {
        let camera = [cameraMake, cameraModel].filter { !$0.isEmpty }.joined(separator: " ")
        return camera.isEmpty ? nil : camera
    }

    /// All that the API tells of a content: there is neither a version nor a hash.
    func fingerprint(isOriginal: Bool) -> String {
        var known = "\(id)\n\(creationTime)\n\(width)x\(height)\n\(mimeType)\n\(filename)"
        // A host that has what the API made of it does not have the original.
        if isOriginal { known += "\noriginal" }
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
                .notFound, "Google could not process this video and does not hand it out",
                hint: "upload it again, or get it by Takeout")
        default: nil
        }
    }
}
