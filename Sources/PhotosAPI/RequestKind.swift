/// What a request costs: each kind has its own limits at Google.
/// <https://developers.google.com/photos/overview/api-limits-quotas>
public enum RequestKind: String, Sendable, Hashable, CaseIterable {
    /// Lists and reads.
    case read
    /// Creates or changes items and albums: one at a time per account.
    case write
    /// Sends the bytes of an upload.
    case upload
    /// Asks for the bytes of an item.
    case download
    /// A call of the Picker API: 100,000 a minute per project, none of them from a daily quota.
    case picker
    /// Asks for the bytes of an item that was chosen in the Picker: 1,000,000 a minute, in the same way.
    case pickerDownload

    /// What a day has of it; nil where no day is counted.
    public var quota: DailyQuota? {
        switch self {
        case .read, .write, .upload: .requests
        case .download: .downloads
        case .picker, .pickerDownload: nil
        }
    }
}

/// The two daily quotas of a Google Cloud project.
public enum DailyQuota: String, Sendable, Hashable, CaseIterable {
    /// Calls of the API and uploads: 10,000 a day.
    case requests
    /// Requests for bytes: 75,000 a day.
    case downloads
}
