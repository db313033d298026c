import ConnectorKit
import Foundation
import NIOHTTP1

/// `POST /v1/uploads`: raw uploads, and the commands of resumable ones.
extension LibraryState {
    mutating func upload(_ call: Call) throws(APIError) -> FakeResponse {
        if call.request.parameter("upload_id") != nil || Self.isResumable(call.request.headers) {
            return try resume(call)
        }
        var sink = try sink(of: call.request)
        if sink.count == 0 { throw .invalidArgument("The request body must not be empty.") }
        let headers = call.request.headers
        let mimeType = headers.first(name: "X-Goog-Upload-Content-Type") ?? ""
        try checkSize(sink.count, mimeType: mimeType)
        let content = try finish(&sink)
        if let promised = Self.promisedSHA1(headers) {
            statistics.checkedUploads += 1
            guard content.sha1 == promised else {
                throw .invalidArgument("Checksum from header does not match received payload content.")
            }
        }
        let token = keep(content, call, filename: headers.first(name: "X-Goog-Upload-File-Name") ?? "")
        return FakeResponse(text: token, type: "text/plain")
    }

    static func isResumable(_ headers: HTTPHeaders) -> Bool {
        headers.first(name: "X-Goog-Upload-Protocol") == "resumable" || headers.contains(name: "X-Goog-Upload-Command")
    }

    /// The hash that the client says the payload has: `X-Goog-Hash: sha1=BASE64`.
    static func promisedSHA1(_ headers: HTTPHeaders) -> [UInt8]? {
        guard let text = headers.first(name: "X-Goog-Hash"), text.hasPrefix("sha1=") else { return nil }
        return Array(Data(base64Encoded: String(text.dropFirst(5))) ?? Data())
    }

    /// The body of an upload, of which a test may have handed in the bytes.
    func sink(of request: FakeRequest) throws(APIError) -> UploadSink {
        if case .upload(let sink) = request.body { return sink }
        var sink = UploadSink(spool: spool, expectedCount: nil, wantsSHA1: Self.promisedSHA1(request.headers) != nil)
        do throws(ConnectorError) {
            try sink.append(request.bytes)
        } catch {
            throw .internalError(error.message)
        }
        return sink
    }

    func finish(_ sink: inout UploadSink) throws(APIError) -> StoredContent {
        do throws(ConnectorError) {
            return try sink.finish()
        } catch {
            throw .internalError(error.message)
        }
    }

    func checkSize(_ count: Int64, mimeType: String) throws(APIError) {
        let limit = mimeType.hasPrefix("image/") ? rules.photoSizeLimit : rules.videoSizeLimit
        if count > limit { throw APIError(413, "OUT_OF_RANGE", "The upload must not have more than \(limit) bytes.") }
    }

    mutating func keep(_ content: StoredContent, _ call: Call, filename: String) -> String {
        let token = "CAIS" + randomText(180)
        uploadTokens[token] = UploadToken(
            account: call.account, client: call.client, content: content, filename: filename, birth: call.now)
        statistics.bytesUploaded += content.count
        return token
    }
}
