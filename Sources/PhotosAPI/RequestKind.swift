/// What a request costs: each kind has its own limits at Google.
/// <https://developers.google.com/photos/overview/api-limits-quotas>
public enum RequestKind: String, Sendable, Hashable, CaseIterable {
    /// Lists and reads.
    case read
    /// Creates or changes items and albums: one at a time per account.
    case write
    /// Sends the bytes of an upload.
    case upload
    /// Asks for the bytes of an item: counted apart from all others.
    case download
}

extension PhotosClient {
    /// Lets a request go when its turn has come, and counts it.
    func admit(_ kind: RequestKind) async throws {
        count {
            if kind == .download { $0.downloads += 1 } else { $0.apiRequests += 1 }
        }
    }
}
