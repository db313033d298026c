import ConnectorKit
import Foundation
import HTTP

/// A resumable upload that Google has begun to take.
/// <https://developers.google.com/photos/library/guides/resumable-uploads>
public struct UploadSession: Sendable, Hashable {
    /// Where its bytes go. A capability: never logged.
    public var url: Secret
    /// In bytes: every piece but the last is a multiple of it.
    public var granularity: Int64
    /// In bytes, of the whole content.
    public var size: Int64
    public var birth: Timestamp

    public init(url: Secret, granularity: Int64, size: Int64, birth: Timestamp) {
        self.url = url
        self.granularity = granularity
        self.size = size
        self.birth = birth
    }

    /// In seconds. The guide names no end; other services of Google with this protocol keep sessions for a week
    /// (<https://developers.google.com/drive/api/guides/manage-uploads#resumable>). One that ended earlier says so.
    public static let longestAge: Int64 = 7 * 86400

    public func isAlive(at now: Timestamp) -> Bool { now < birth.adding(seconds: Self.longestAge) }
}

/// What a session says of itself.
enum UploadStatus: Sendable {
    /// So many bytes are there.
    case active(received: Int64)
    /// All bytes are there and the token was given out; again, where the service repeats it.
    case final(UploadToken?)
    /// Cancelled, or not known any more.
    case over
}

extension PhotosClient {
    func startUpload(size: Int64, mimeType: String) async throws -> UploadSession {
        let operation = "start an upload"
        let answer = try await answer(
            Call(
                method: "POST", path: "/v1/uploads",
                headers: [
                    HTTPHeader("X-Goog-Upload-Command", "start"), HTTPHeader("X-Goog-Upload-Protocol", "resumable"),
                    HTTPHeader("X-Goog-Upload-Content-Type", mimeType), HTTPHeader("X-Goog-Upload-Raw-Size", "\(size)"),
                ], operation: operation, kind: .upload))
        // What is held to be sent again must be able to hold the last piece.
        guard let url = answer.head.header("X-Goog-Upload-URL"),
            let granularity = answer.head.header("X-Goog-Upload-Chunk-Granularity").flatMap({ Int64($0) }),
            (1...UploadFeed.window).contains(granularity)
        else { throw GoogleError.nonsense(operation: operation, isHTML: GoogleError.looksLikeHTML(answer.body)) }
        let session = UploadSession(url: Secret(url), granularity: granularity, size: size, birth: runtime.now())
        guard isTrusted(session) else {
            throw ConnectorError(
                .unavailable, "an upload was to be sent to another host than that of the API, which is not done",
                hint: "a proxy may have changed the answer; check api_url if you set it")
        }
        return session
    }

    /// Whether a session is where the sign-in and the bytes may go.
    func isTrusted(_ session: UploadSession) -> Bool {
        HTTPClient.isSameOrigin(session.url.reveal(), configuration.apiURL)
    }

    func status(of session: UploadSession) async throws -> UploadStatus {
        let operation = "continue an upload"
        do {
            let answer = try await answer(request(session, "query", operation: operation))
            switch answer.head.header("X-Goog-Upload-Status") {
            case "active":
                guard let received = answer.head.header("X-Goog-Upload-Size-Received").flatMap({ Int64($0) }),
                    (0...session.size).contains(received)
                else { throw GoogleError.nonsense(operation: operation, isHTML: false) }
                return .active(received: received)
            case "final": return .final(try? token(in: answer.body, operation: operation))
            default: return .over
            }
        } catch let error as ConnectorError where [.notFound, .rejected].contains(error.code) {
            return .over
        }
    }

    /// Gives a session up, so that nothing of it is left; where that fails, it ends by itself.
    func cancel(_ session: UploadSession) async {
        var call = request(session, "cancel", operation: "cancel an upload")
        call.isIdempotent = false
        _ = try? await answer(call)
    }

    /// Sends a range of the content, which may be empty at the end.
    ///
    /// - Parameter sha1: of the whole content. Google's own Data Transfer Project sends `X-Goog-Hash` with raw uploads,
    ///   where a wrong one is refused; that `finalize` honours it too is not documented. Where it does not, the header
    ///   changes nothing; where it should disturb, `upload_hash=false` leaves it out.
    /// - Returns: the token of the last piece.
    func send(
        _ range: Range<Int64>, of feed: UploadFeed, to session: UploadSession, isLast: Bool, sha1: [UInt8]? = nil
    ) async throws -> UploadToken? {
        var call = request(session, isLast ? "upload, finalize" : "upload", operation: "upload a file")
        call.headers.append(HTTPHeader("X-Goog-Upload-Offset", "\(range.lowerBound)"))
        if let sha1 { call.headers.append(.googleHash(sha1)) }
        call.isIdempotent = false
        // A piece is repeated by whoever asks first what has arrived of it, not by the call.
        call.body = .stream(length: Int64(range.count), UploadPiece(feed, range))
        let answer = try await answer(call)
        return isLast ? try token(in: answer.body, operation: call.operation) : nil
    }

    private func request(_ session: UploadSession, _ command: String, operation: String) -> Call {
        Call(
            method: "POST", path: session.url.reveal(), headers: [HTTPHeader("X-Goog-Upload-Command", command)],
            operation: operation, kind: .upload)
    }

    /// The upload token is the body, as plain text.
    func token(in body: [UInt8], operation: String) throws -> UploadToken {
        let text = String(decoding: body, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        if text.isEmpty || GoogleError.looksLikeHTML(body) {
            throw GoogleError.nonsense(operation: operation, isHTML: GoogleError.looksLikeHTML(body))
        }
        return UploadToken(secret: Secret(text), birth: runtime.now())
    }
}

extension HTTPHeader {
    /// `X-Goog-Hash`: not in the public guide. Google's Data Transfer Project relies on it (dtinit/data-transfer-project,
    /// GooglePhotosInterface.uploadMediaContent): it is the one check from end to end that the API has.
    static func googleHash(_ sha1: [UInt8]) -> HTTPHeader {
        HTTPHeader("X-Goog-Hash", "sha1=\(Data(sha1).base64EncodedString())")
    }
}
