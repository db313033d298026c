import ConnectorKit
import HTTP

extension PhotosClient {
    /// How many bytes there are behind a download URL, by `HEAD`. The API itself tells no sizes.
    ///
    /// It counts as a download, as Google counts every access to a base URL.
    /// <https://developers.google.com/photos/overview/api-limits-quotas>
    /// - Returns: nil where the host does not say, or does not hand out these bytes now.
    public func size(at url: String) async throws -> Int64? {
        var attempt = 0
        while true {
            do {
                return try await askForSize(at: url)
            } catch {
                guard let failure = GoogleError.transport(error, operation: "read a size") as? ConnectorError else {
                    throw error
                }
                attempt += 1
                try await waitToRepeat(.download, after: attempt, failure)
            }
        }
    }

    private func askForSize(at url: String) async throws -> Int64? {
        try await admit(.download)
        var request = HTTPRequest(method: "HEAD", url: url)
        request.prefersHTTP2 = false
        request.followsRedirects = true
        let start = runtime.now()
        let response = try await http.send(request)
        response.body.close()
        note("download.size", start: start, status: response.status, bytes: 0)
        switch response.status {
        case 200: return response.header("Content-Length").flatMap { Int64($0) }
        case 429:
            throw ConnectorError(
                .rateLimited, "Google asks for slower downloads", isRetryable: true, retryAfter: response.retryAfter,
                hint: "75,000 downloads a day are allowed; run it again later")
        case 500...599:
            throw ConnectorError(
                .unavailable, "the download host failed with HTTP status \(response.status)", isRetryable: true,
                hint: "run it again later")
        default: return nil
        }
    }
}
