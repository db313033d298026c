import ConnectorKit
import HTTP
import PhotosAPI

extension PhotosClient {
    /// A client as the settings want it; a renewed sign-in goes to the host, which keeps it.
    public convenience init(
        _ settings: LibrarySettings, runtime: Runtime, reporter: any ConnectorReporter,
        reload: @escaping TokenReload = { nil }
    ) throws(ConnectorError) {
        var configuration = HTTPClient.Configuration(userAgent: "gphotos/\(Product.version)")
        configuration.caFile = settings.caFile
        // A transfer that waits for its reader holds its connection and does not count as one of the transfers.
        configuration.maxConnectionsPerHost = settings.transfers * 4
        let http = try HTTPClient(configured: configuration)
        self.init(configuration: settings.api, http: http, runtime: runtime, reload: reload) {
            reporter.configChanged(["token": $0.json.reveal()])
        }
    }
}

extension HTTPClient {
    convenience init(configured configuration: Configuration) throws(ConnectorError) {
        do throws(HTTPError) {
            try self.init(configuration: configuration)
        } catch {
            throw ConnectorError(.config, error.message)
        }
    }
}

extension PhotosClient.Statistics {
    /// By the names that hosts know.
    public var counters: [String: Int64] {
        ["api_requests": Int64(apiRequests), "bytes_downloaded": bytesDownloaded, "bytes_uploaded": bytesUploaded]
    }
}
