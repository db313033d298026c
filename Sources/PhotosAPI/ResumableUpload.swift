import ConnectorKit

/// One content on its way through the resumable protocol.
///
/// Where nothing breaks these are two requests: one that starts the session and one for all of the bytes. With a hash
/// there are three: it stands before the bytes of a request and is known only when all were read, so the last piece, of
/// one granule at most, goes alone.
struct ResumableUpload: Sendable {
    private let client: PhotosClient
    private let feed: UploadFeed
    private let mimeType: String
    private let onSession: PhotosClient.SessionKeeper
    private var session: UploadSession
    /// Where the next request begins: what the server has.
    private var offset: Int64
    /// Where this upload began.
    private let start: Int64
    /// The furthest that the server got, and the breaks since then.
    private var farthest: Int64
    private var failures = 0

    private init(
        _ session: UploadSession, at offset: Int64, _ feed: UploadFeed, mimeType: String, client: PhotosClient,
        onSession: @escaping PhotosClient.SessionKeeper
    ) {
        self.client = client
        self.feed = feed
        self.mimeType = mimeType
        self.onSession = onSession
        self.session = session
        self.offset = offset
        start = offset
        farthest = offset
    }

    /// Sends a content, by a session that lives where there is one.
    static func run(
        _ feed: UploadFeed, mimeType: String, client: PhotosClient, continuing known: UploadSession?,
        onSession: @escaping PhotosClient.SessionKeeper
    ) async throws -> UploadToken {
        func upload(_ session: UploadSession, at offset: Int64) async throws -> UploadToken {
            var upload = ResumableUpload(
                session, at: offset, feed, mimeType: mimeType, client: client, onSession: onSession)
            // What the feed reads is read for whichever request comes next, and so does not end with one by itself.
            return try await withTaskCancellationHandler {
                try await upload.run()
            } onCancel: {
                Task { await feed.stop() }
            }
        }
        if let known, known.size == feed.size, known.isAlive(at: client.runtime.now()), client.isTrusted(known) {
            switch try await client.status(of: known) {
            case .active(let received): return try await upload(known, at: received)
            case .final(var token?):
                // Nobody knows when it was given out, but that it was after the session began.
                token.birth = known.birth
                if token.isUsable(at: client.runtime.now()) { return token }
            case .final, .over: break
            }
        }
        let session = try await client.startUpload(size: feed.size, mimeType: mimeType)
        try await onSession(session)
        return try await upload(session, at: 0)
    }

    private mutating func run() async throws -> UploadToken {
        do {
            try await feed.skip(to: offset)
            while true {
                do {
                    let token = try await sendRest()
                    client.count { $0.bytesUploaded += session.size - start }
                    return token
                } catch let error as ConnectorError {
                    // A content that broke off is no failure of Google's, whatever the request made of it.
                    if await feed.failure != nil { throw error }
                    if let token = try await recover(from: error) { return token }
                }
            }
        } catch {
            await feed.stop()
            throw await end(after: await feed.failure ?? error)
        }
    }

    /// Sends what the server does not have.
    private mutating func sendRest() async throws -> UploadToken {
        var sha1: [UInt8]?
        if client.configuration.sendsUploadHash {
            // Behind it is the last piece, of one byte at least.
            let last = offset + max(0, session.size - 1 - offset) / session.granularity * session.granularity
            if last > offset {
                _ = try await client.send(offset..<last, of: feed, to: session, isLast: false)
                offset = last
            }
            do {
                sha1 = try await feed.sha1()
            } catch {
                throw ConnectorError(wrapping: error)
            }
        }
        guard
            let token = try await client.send(offset..<session.size, of: feed, to: session, isLast: true, sha1: sha1)
        else { throw GoogleError.nonsense(operation: "upload a file", isHTML: false) }
        return token
    }

    /// After a break: asks what has arrived, and goes back to there.
    /// - Returns: the token, where only the answer with it was lost and the service repeats it.
    private mutating func recover(from error: ConnectorError) async throws -> UploadToken? {
        // A refusal can mean that the server has other bytes than we think; a wrong hash is final.
        let isRefusal = [.rejected, .notFound].contains(error.code)
        guard isRefusal || (error.isRetryable && error.code != .corrupt) else { throw error }
        var cause = error
        cause.isRetryable = true
        while true {
            failures += 1
            guard let delay = client.retryDelay(after: failures, error: cause) else {
                throw isRefusal ? error : cause
            }
            try await client.runtime.sleep(delay)
            switch try await client.status(of: session) {
            case .active(let received):
                if isRefusal, received == offset { throw error }
                if received > farthest { (farthest, failures) = (received, 0) }
                if await feed.holds(received) {
                    try await feed.skip(to: received)
                    offset = received
                    return nil
                }
                // The server may not have noticed yet that the connection broke, and still be storing.
                cause = Self.lost
            case .final(let token?): return token
            case .final, .over:
                // The session ended, or its token went with the answer. Small contents are still here.
                guard await feed.holds(0) else { throw Self.over }
                session = try await client.startUpload(size: feed.size, mimeType: mimeType)
                try await onSession(session)
                (offset, farthest) = (0, 0)
                return nil
            }
        }
    }

    /// Leaves the session to the next run, or gives it up where it is of no use.
    /// - Returns: the error to throw.
    private func end(after error: any Error) async -> any Error {
        guard let failure = error as? ConnectorError else { return error }
        switch failure.code {
        case .corrupt, .rejected, .tooLarge:
            await client.cancel(session)
            try? await onSession(nil)
        case .unavailable where failure == Self.over:
            try? await onSession(nil)
        default: break
        }
        return error
    }

    private static let lost = ConnectorError(
        .network, "an upload broke, and less of it had arrived than can be sent again", isRetryable: true,
        hint: "run it again: it goes on where it stopped")

    private static let over = ConnectorError(
        .unavailable, "Google ended an upload before its time", isRetryable: true,
        hint: "run it again: this file is sent from its start")
}
