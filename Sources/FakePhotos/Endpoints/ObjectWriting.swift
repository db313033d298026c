import ConnectorKit
import StrictJSON

/// Items and albums as the Library API shows them: integers of 64 bits as strings, nothing that is empty.
struct ObjectWriter {
    private var json: JSONWriter
    private let sealer: Sealer
    private let cameras: [Camera]
    private let originBytes: [UInt8]
    private let now: Int64
    private var scratch: [UInt8] = []
    private static let productBase = Array("https://photos.google.com/lr/".utf8)

    init(_ state: LibraryState, now: Int64, capacity: Int = 1024) {
        json = JSONWriter(reservingCapacity: capacity)
        sealer = state.sealer
        cameras = state.cameras
        originBytes = Array(state.origin.utf8)
        self.now = now
        scratch.reserveCapacity(160)
    }

    /// The text so far.
    mutating func take() -> [UInt8] { json.take() }

    /// For what stands around items and albums.
    mutating func write(_ body: (inout JSONWriter) -> Void) { body(&json) }

    private mutating func id(_ purpose: Sealer.Purpose, _ object: ObjectReference) {
        scratch.removeAll(keepingCapacity: true)
        sealer.appendID(purpose, object, to: &scratch)
        json.value(unescaped: scratch)
    }

    private mutating func productURL(_ purpose: Sealer.Purpose, _ object: ObjectReference) {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: Self.productBase)
        scratch.append(contentsOf: (purpose == .item ? "photo/" : "album/").utf8)
        sealer.appendID(purpose, object, to: &scratch)
        json.value(unescaped: scratch)
    }

    private mutating func baseURL(_ object: ObjectReference) {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: originBytes)
        scratch.append(contentsOf: "/lh3/".utf8)
        sealer.append(.grant, object.word, UInt64(bitPattern: now), to: &scratch)
        json.value(unescaped: scratch)
    }

    mutating func item(_ item: MediaItem, _ object: ObjectReference) {
        json.beginObject()
        json.key("id")
        id(.item, object)
        if !item.description.isEmpty {
            json.key("description")
            json.value(item.description)
        }
        json.key("productUrl")
        productURL(.item, object)
        json.key("baseUrl")
        baseURL(object)
        json.key("mimeType")
        json.value(item.kind.mimeType)
        json.key("mediaMetadata")
        metadata(of: item)
        if !item.filename.isEmpty {
            json.key("filename")
            json.value(item.filename)
        }
        json.endObject()
    }

    private mutating func metadata(of item: MediaItem) {
        json.beginObject()
        json.key("creationTime")
        json.value(Timestamp(seconds: item.creationTime).description)
        if item.width > 0, item.height > 0 {
            json.key("width")
            json.value("\(item.width)")
            json.key("height")
            json.value("\(item.height)")
        }
        let camera = cameras[Int(item.camera)]
        if item.kind.isVideo {
            json.key("video")
            json.beginObject()
            write(makeAndModelOf: camera)
            json.key("status")
            json.value(item.videoStatus(now: now))
        } else {
            json.key("photo")
            json.beginObject()
            write(makeAndModelOf: camera)
            write(exposureOf: camera)
        }
        json.endObject()
        json.endObject()
    }

    private mutating func write(makeAndModelOf camera: Camera) {
        if !camera.make.isEmpty {
            json.key("cameraMake")
            json.value(camera.make)
        }
        if !camera.model.isEmpty {
            json.key("cameraModel")
            json.value(camera.model)
        }
    }

    private mutating func write(exposureOf camera: Camera) {
        if let focalLength = camera.focalLength {
            json.key("focalLength")
            json.value(focalLength)
        }
        if let aperture = camera.apertureFNumber {
            json.key("apertureFNumber")
            json.value(aperture)
        }
        if let iso = camera.isoEquivalent {
            json.key("isoEquivalent")
            json.value(iso)
        }
        if let seconds = camera.exposureSeconds {
            json.key("exposureTime")
            json.value("\(seconds)s")
        }
    }

    /// - Parameter items: those of the album that are still there.
    mutating func album(_ album: Album, _ object: ObjectReference, items: [Int32], isWriteable: Bool) {
        json.beginObject()
        json.key("id")
        id(.album, object)
        if !album.title.isEmpty {
            json.key("title")
            json.value(album.title)
        }
        json.key("productUrl")
        productURL(.album, object)
        if isWriteable {
            json.key("isWriteable")
            json.value(true)
        }
        if !items.isEmpty {
            json.key("mediaItemsCount")
            json.value("\(items.count)")
            let cover = ObjectReference(account: object.account, position: album.cover ?? items[0])
            json.key("coverPhotoBaseUrl")
            baseURL(cover)
            json.key("coverPhotoMediaItemId")
            id(.item, cover)
        }
        json.endObject()
    }
}

extension MediaItem {
    /// The processing status of a video, in the API's words.
    func videoStatus(now: Int64) -> String {
        if flags.contains(.failed) { return "FAILED" }
        return now < readyTime ? "PROCESSING" : "READY"
    }
}
