import ConnectorKit
import HTTP
import PhotosAPI

extension PhotosClient {
    /// A client as the settings want it; a renewed sign-in goes to the host, which keeps it.
    ///
    /// Without a word to the network; the ledger of the day is opened.
    /// - Parameter reload: asked before a sign-in is renewed, since another process may have done that.
    public convenience init(
        _ settings: LibrarySettings, runtime: Runtime, reporter: any ConnectorReporter,
        reload: @escaping TokenReload = { nil }
    ) throws {
        var configuration = settings.http
        // A transfer that waits for its reader holds its connection and does not count as one of the transfers.
        configuration.maxConnectionsPerHost = settings.transfers * 4
        self.init(
            configuration: settings.api, http: try HTTPClient(configured: configuration), runtime: runtime,
            ledger: try QuotaLedger(settings, environment: runtime.environment, now: runtime.now(), reporter: reporter),
            reload: reload,
            onEvent: { reporter.tell($0) },
            onRenewal: { reporter.configChanged(["token": $0.json.reveal()]) })
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

extension ConnectorReporter {
    fileprivate func tell(_ event: ClientEvent) {
        switch event {
        case .waits(let kind, let duration):
            let seconds = Int((duration / .seconds(1)).rounded(.up))
            log(.info, "Google asks for fewer \(kind.rawValue) requests: waiting \(seconds) s", pathname: nil)
        case .retries(let error, let duration):
            let seconds = Int((duration / .seconds(1)).rounded(.up))
            log(.warning, "\(error.message): trying again in \(seconds) s", pathname: nil)
        case .exchange(let exchange):
            log(.debug, exchange.description, pathname: nil)
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
        if let patience = api.retry.patience {
            configuration.connectTimeout = min(configuration.connectTimeout, patience / 2)
            configuration.stallTimeout = min(configuration.stallTimeout, patience)
        }
        return configuration
    }
}

extension ClientStatistics {
    /// By the names that hosts know.
    public var counters: [String: Int64] {
        var counters = [
            "api_requests": Int64(apiRequests), "downloads": Int64(downloads), "bytes_downloaded": bytesDownloaded,
            "bytes_uploaded": bytesUploaded, "retries": Int64(retries),
            "milliseconds_waited": Int64(waited / .milliseconds(1)),
        ]
        counters["api_requests_left"] = requestsLeft.map { Int64($0) }
        counters["downloads_left"] = downloadsLeft.map { Int64($0) }
        for (endpoint, count) in byEndpoint { counters["requests." + endpoint] = Int64(count) }
        return counters
    }
}
