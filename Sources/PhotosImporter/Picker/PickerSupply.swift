import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// The bytes of what was chosen, which the service hands out with the sign-in and as long as the session lives.
struct PickerSupply: ContentSupply {
    let client: PhotosClient
    let urls: PickerURLs
    let receipts: PickReceipts

    func content(of item: ShelvedItem) -> any ContentReader {
        let download = client.pickerDownload { [urls] refused in try await urls.url(of: item, refused: refused) }
        return PickedReader(download, item: item.number, receipts: receipts)
    }
}

/// Passes a content through, and tells where it broke for good.
private actor PickedReader: ContentReader {
    private let download: Download
    private let item: Int64
    private let receipts: PickReceipts

    init(_ download: Download, item: Int64, receipts: PickReceipts) {
        self.download = download
        self.item = item
        self.receipts = receipts
    }

    func read() async throws -> [UInt8]? {
        do {
            return try await download.read()
        } catch let error as ConnectorError {
            await receipts.couldNotRead(item)
            throw error
        }
    }

    func close() async { await download.close() }
}

/// The base URLs of what was chosen. They live for an hour; new ones come from listing the session again, which is done
/// once for all downloads that wait for it.
actor PickerURLs {
    private let client: PhotosClient
    private let index: Index
    private let runtime: Runtime
    /// Item -> the session that it was chosen in.
    private let sessions: [Int64: String]
    private var renewals: [String: Task<Set<String>, any Error>] = [:]

    /// A download that begins before this age ends in time or is resumed.
    private static let longestAge: Int64 = 55 * 60

    init(client: PhotosClient, index: Index, runtime: Runtime, sessions: [Int64: String]) {
        self.client = client
        self.index = index
        self.runtime = runtime
        self.sessions = sessions
    }

    /// The download URL of an item.
    /// - Parameter refused: one that the host did not take.
    /// - Throws: ``ConnectorError`` with code `not-found` for an item that no session has (any more).
    func url(of item: ShelvedItem, refused: String?) async throws -> String {
        guard let session = sessions[item.number] else { throw Self.notChosenNow }
        if let url = try await current(item), url != refused { return url }
        let renewed = try await renew(session)
        // Google may hand out the same URL again; whether it is taken now, the download finds out.
        guard renewed.contains(item.item.id), let url = try await current(item) else { throw Self.notChosenNow }
        return url
    }

    static let notChosenNow = ConnectorError(
        .notFound, "this was chosen in an earlier session of the Picker, which has ended",
        hint: "choose it again; what a host has already stays as it is")

    private func current(_ item: ShelvedItem) async throws -> String? {
        guard let known = try await index.url(ofItem: item.number), !known.url.isEmpty,
            runtime.now() < known.birth.adding(seconds: Self.longestAge)
        else { return nil }
        return MediaItem.downloadURL(baseURL: known.url, kind: item.item.kind)
    }

    /// - Returns: the ids of the items that have fresh URLs now.
    private func renew(_ session: String) async throws -> Set<String> {
        if let renewal = renewals[session] { return try await renewal.value }
        let renewal = Task { [client, index, runtime] in
            var ids: Set<String> = []
            do {
                for try await page in client.pickedItems(session: session) {
                    try await index.keepURLs(of: page.map(MediaItem.init), at: runtime.now())
                    ids.formUnion(page.map(\.id))
                }
            } catch let error as ConnectorError where error.code == .notFound {
                throw Self.notChosenNow
            }
            return ids
        }
        renewals[session] = renewal
        defer { renewals[session] = nil }
        return try await renewal.value
    }
}

extension MediaItem {
    /// What was chosen, as the index keeps the items of every source.
    init(_ item: PickedMediaItem) {
        self.init(
            id: item.id, filename: item.filename, mimeType: item.mimeType, creationTime: item.creationTime,
            width: item.width, height: item.height, kind: item.kind, videoStatus: item.videoStatus,
            cameraMake: item.cameraMake, cameraModel: item.cameraModel, baseURL: item.baseURL)
    }
}
