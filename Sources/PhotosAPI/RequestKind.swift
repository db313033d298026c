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
    /// A call of the Picker API: 100,000 a minute per project, none of them from a daily quota.
    case picker
    /// Asks for the bytes of an item that was chosen in the Picker: 1,000,000 a minute, in the same way.
    case pickerDownload
}

extension PhotosClient {
    /// Lets a request go when its turn has come, and counts it.
    func admit(_ kind: RequestKind) async throws {
        count {
            switch kind {
            case .read, .write, .upload: $0.apiRequests += 1
            case .download: $0.downloads += 1
            case .picker, .pickerDownload: $0.pickerRequests += 1
            }
        }
    }
}
