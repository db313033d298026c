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
        try checkHash(headers.first(name: "X-Goog-Hash"), of: content)
        let record = UploadRecord(
            account: call.account, bytes: content.count, sha256: content.sha256, sha1: content.sha1, transfer: .raw,
            mimeType: mimeType, filename: headers.first(name: "X-Goog-Upload-File-Name") ?? "", chunks: 1)
        return FakeResponse(text: keep(content, call, record), type: "text/plain")
    }

    static func isResumable(_ headers: HTTPHeaders) -> Bool {
        headers.first(name: "X-Goog-Upload-Protocol") == "resumable" || headers.contains(name: "X-Goog-Upload-Command")
    }

    /// Compares what came with the hashes that the client says it has: `X-Goog-Hash: sha1=BASE64`.
    mutating func checkHash(_ header: String?, of content: StoredContent) throws(APIError) {
        guard let header, rules.hashCheck != .ignored else { return }
        statistics.checkedUploads += 1
        if rules.hashCheck == .refused { throw .invalidArgument("Invalid value for header X-Goog-Hash.") }
        for promise in header.split(separator: ",") {
            let parts = promise.trimmingPrefix(while: \.isWhitespace).split(separator: "=", maxSplits: 1)
            guard let name = parts.first else { continue }
            let hash: [UInt8]
            switch name.lowercased() {
            case "sha1": hash = content.sha1
            case "sha256" where rules.hashCheck == .sha256: hash = content.sha256
            default: continue
            }
            let promised = parts.count == 2 ? Data(base64Encoded: String(parts[1])) : nil
            if promised.map({ Array($0) }) != hash {
                throw .invalidArgument("Checksum from header does not match received payload content.")
            }
        }
    }

    /// The body of an upload, of which a test may have handed in the bytes.
    func sink(of request: FakeRequest) throws(APIError) -> UploadSink {
        if case .upload(let sink) = request.body { return sink }
        var sink = UploadSink(spool: spool, expectedCount: nil)
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

    /// Keeps an upload for the day, and what it was for good.
    mutating func keep(_ content: StoredContent, _ call: Call, _ record: UploadRecord) -> String {
        let token = "CAIS" + randomText(180)
        uploadTokens[token] = UploadToken(
            account: call.account, client: call.client, content: content, filename: record.filename, birth: call.now,
            record: uploads.count)
        uploads.append(record)
        statistics.bytesUploaded += content.count
        return token
    }
}
