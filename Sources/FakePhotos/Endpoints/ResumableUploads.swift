import ConnectorKit
import NIOCore
import NIOHTTP1

/// The commands of resumable uploads: start, upload, finalize, query, cancel.
extension LibraryState {
    mutating func resume(_ call: Call) throws(APIError) -> FakeResponse {
        let headers = call.request.headers
        // "upload, finalize" also comes without the blank.
        let commands = (headers.first(name: "X-Goog-Upload-Command") ?? "").lowercased().split(separator: ",").map {
            $0.trimmingPrefix(while: \.isWhitespace)
        }
        if commands == ["start"] { return try startUpload(call) }
        let id = call.request.parameter("upload_id") ?? ""
        guard let session = uploadSessions[id], session.account == call.account, session.client == call.client else {
            throw .notFound("The upload session was not found.")
        }
        switch commands {
        case ["query"]:
            return Self.status(session, body: rules.repeatsUploadTokens ? session.token ?? "" : "")
        case ["cancel"]:
            if session.status == .active { endSession(id, isForgotten: false) }
            return uploadSessions[id].map { Self.status($0) } ?? Self.status(session)
        case ["upload"], ["upload", "finalize"], ["finalize"]:
            return try takeChunk(call, id: id, session, isLast: commands.last == "finalize")
        default:
            throw .invalidArgument("Invalid X-Goog-Upload-Command.")
        }
    }

    private static func status(_ session: UploadSession, body: String = "") -> FakeResponse {
        var response = FakeResponse(text: body)
        response.headers.add(name: "X-Goog-Upload-Status", value: session.status.rawValue)
        if session.status != .cancelled {
            response.headers.add(name: "X-Goog-Upload-Size-Received", value: "\(session.received)")
        }
        return response
    }

    private mutating func startUpload(_ call: Call) throws(APIError) -> FakeResponse {
        let headers = call.request.headers
        let mimeType = headers.first(name: "X-Goog-Upload-Content-Type") ?? ""
        let rawSize = headers.first(name: "X-Goog-Upload-Raw-Size").flatMap { Int64($0) }
        if rawSize == 0 { throw .invalidArgument("The upload must not be empty.") }
        if let rawSize { try checkSize(rawSize, mimeType: mimeType) }
        let id = randomText(60)
        uploadSessions[id] = UploadSession(
            account: call.account, client: call.client,
            filename: headers.first(name: "X-Goog-Upload-File-Name") ?? "", mimeType: mimeType, rawSize: rawSize,
            sink: UploadSink(spool: spool, expectedCount: rawSize), hash: headers.first(name: "X-Goog-Hash"))
        var response = FakeResponse(text: "")
        response.headers.add(contentsOf: [
            "X-Goog-Upload-URL": "\(origin)/v1/uploads?upload_id=\(id)&upload_protocol=resumable",
            "X-Goog-Upload-Chunk-Granularity": "\(UploadSink.blockSize)", "X-Goog-Upload-Status": "active",
        ])
        return response
    }

    /// Lends the sink of a session to the connection that brings bytes for it: nil where it must not write.
    mutating func lendSink(id: String, offset: Int64?) -> UploadSink? {
        guard let session = uploadSessions[id], session.status == .active, offset == session.received else {
            return nil
        }
        defer { uploadSessions[id]?.sink = nil }
        return session.sink
    }

    /// Takes a sink back from a connection that broke: whole blocks stay.
    mutating func returnSink(id: String, _ sink: UploadSink) {
        var sink = sink
        sink.dropPending()
        uploadSessions[id]?.received = sink.count
        uploadSessions[id]?.sink = sink
    }

    /// Keeps the first bytes of a chunk whose connection broke there.
    mutating func takePart(_ request: FakeRequest, bytes: Int) {
        guard let id = request.parameter("upload_id") else { return }
        let offset = request.headers.first(name: "X-Goog-Upload-Offset").flatMap { Int64($0) }
        guard var sink = lendSink(id: id, offset: offset) else { return }
        try? sink.append(request.bytes.getSlice(at: request.bytes.readerIndex, length: bytes) ?? request.bytes)
        returnSink(id: id, sink)
    }

    /// Ends a session before its time.
    /// - Parameter isForgotten: whether nothing is known of it afterwards; else it is cancelled.
    mutating func endSession(_ id: String, isForgotten: Bool) {
        uploadSessions[id]?.status = .cancelled
        uploadSessions[id]?.sink = nil
        if isForgotten { uploadSessions[id] = nil }
    }

    /// Takes a sink back after a request that did nothing with it.
    mutating func restoreSink(_ request: FakeRequest) {
        guard case .upload(let sink) = request.body, let id = request.parameter("upload_id"),
            let session = uploadSessions[id], session.status == .active, session.sink == nil
        else { return }
        returnSink(id: id, sink)
    }

    private mutating func takeChunk(
        _ call: Call, id: String, _ session: UploadSession, isLast: Bool
    ) throws(APIError) -> FakeResponse {
        guard session.status == .active else { throw APIError(410, "FAILED_PRECONDITION", "The upload is not active.") }
        let offset = call.request.headers.first(name: "X-Goog-Upload-Offset").flatMap { Int64($0) }
        guard offset == session.received else {
            throw .invalidArgument("The upload offset does not match the bytes that were received.")
        }
        var sink: UploadSink
        if case .upload(let lent) = call.request.body {
            sink = lent
        } else {
            guard let own = session.sink else { throw APIError(409, "ABORTED", "The upload is being written to.") }
            sink = own
            do throws(ConnectorError) { try sink.append(call.request.bytes) } catch {
                throw .internalError(error.message)
            }
        }
        let isWhole = session.rawSize.map { sink.count == $0 } ?? (sink.count > 0)
        let isAligned = sink.count % Int64(UploadSink.blockSize) == 0
        guard isLast ? isWhole : isAligned else {
            returnSink(id: id, sink)
            throw .invalidArgument(
                isLast
                    ? "The upload does not have the size that was promised."
                    : "The chunk size must be a multiple of the granularity.")
        }
        uploadSessions[id]?.received = sink.count
        uploadSessions[id]?.chunks += 1
        guard isLast else {
            uploadSessions[id]?.sink = sink
            var response = FakeResponse(text: "")
            response.headers.add(name: "X-Goog-Upload-Status", value: "active")
            return response
        }
        try checkSize(sink.count, mimeType: session.mimeType)
        let content = try finish(&sink)
        do {
            try checkHash(session.hash ?? call.request.headers.first(name: "X-Goog-Hash"), of: content)
        } catch {
            uploadSessions[id]?.status = .cancelled
            throw error
        }
        uploadSessions[id]?.status = .final
        let token = keep(
            content, call,
            UploadRecord(
                account: call.account, bytes: content.count, sha256: content.sha256, sha1: content.sha1,
                transfer: .resumable, mimeType: session.mimeType, filename: session.filename,
                chunks: session.chunks + 1))
        uploadSessions[id]?.token = token
        var response = FakeResponse(text: token, type: "text/plain")
        response.headers.add(name: "X-Goog-Upload-Status", value: "final")
        return response
    }
}
