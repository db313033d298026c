import ConnectorKit
import PhotosAPI
import PhotosLibrary
import Synchronization

/// The bytes that Google's download host hands out, or a proxy that has the originals.
struct ByteSupply: ContentSupply {
    let client: PhotosClient
    let urls: BaseURLs
    let proxy: OriginalsProxy?

    /// The bytes of an item. Nothing is sent before the first read.
    func content(of item: ShelvedItem) -> any ContentReader {
        // What the proxy cannot deliver is not asked of the API: the original is what was wanted.
        if let proxy { return proxy.original(ofItem: item.item.id) }
        let refusals = Mutex(0)
        let download = client.download { [urls] refused in
            let count = refusals.withLock { count in
                if refused != nil { count += 1 }
                return count
            }
            // The first refusal is that of a URL that grew old, and its neighbours' did too. The next one is of a URL that
            // was new: what others wait for does not help this one.
            return count < 2
                ? try await urls.url(of: item, refused: refused) : try await urls.url(ofItemAlone: item)
        }
        return item.item.kind == .video ? VideoReader(download, id: item.item.id, client: client) : download
    }
}

/// The bytes of a video. Where the download host has none, the video itself is asked why: the host says only 404 or 403,
/// of one that is still processed as of one that is gone.
private actor VideoReader: ContentReader {
    private let download: Download
    private let id: String
    private let client: PhotosClient

    init(_ download: Download, id: String, client: PhotosClient) {
        self.download = download
        self.id = id
        self.client = client
    }

    func read() async throws -> [UInt8]? {
        do {
            return try await download.read()
        } catch let error as ConnectorError where error.code == .notFound || error.code == .permission {
            guard let item = try? await client.mediaItem(id) else { throw error }
            throw item.notReadable ?? error
        }
    }

    func close() async { await download.close() }
}
