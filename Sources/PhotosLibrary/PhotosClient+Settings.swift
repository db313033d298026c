import ConnectorKit
import HTTP
import PhotosAPI

extension PhotosClient {
    /// A client as the settings want it; a renewed sign-in goes to the host, which keeps it.
    public convenience init(
        _ settings: LibrarySettings, runtime: Runtime, reporter: any ConnectorReporter
    ) throws(ConnectorError) {
        var configuration = settings.http
        // A transfer that waits for its reader holds its connection and does not count as one of the transfers.
        configuration.maxConnectionsPerHost = settings.transfers * 4
        let http: HTTPClient
        do throws(HTTPError) {
            http = try HTTPClient(configuration: configuration)
        } catch {
            throw ConnectorError(.config, error.message)
        }
        self.init(configuration: settings.api, http: http, runtime: runtime) {
            reporter.configChanged(["token": $0.json.reveal()])
        }
    }
}

extension OriginalsProxy {
    /// The proxy that the settings name; nil where they name none.
    public convenience init?(_ settings: LibrarySettings, runtime: Runtime) throws(ConnectorError) {
        guard let url = settings.proxyURL else { return nil }
        try self.init(url: url, http: settings.http, retry: settings.api.retry, runtime: runtime)
    }
}

extension LibrarySettings {
    fileprivate var http: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(userAgent: "gphotos/\(Product.version)")
        configuration.caFile = caFile
        return configuration
    }
}

extension PhotosClient.Statistics {
    /// By the names that hosts know.
    public var counters: [String: Int64] {
        ["api_requests": Int64(apiRequests), "bytes_downloaded": bytesDownloaded, "bytes_uploaded": bytesUploaded]
    }
}
