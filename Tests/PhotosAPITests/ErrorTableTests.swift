import FakePhotos
import Testing

/// Every error that Google's services are known to answer with: what the caller gets, after how many requests and waits.
@Suite struct ErrorTableTests {
    private static let permanent: [CallRow] = [
        CallRow(
            name: "400 INVALID_ARGUMENT", operation: .list,
            faults: [.status(400, "Request must have less than 50 items.", on: .itemsList, count: nil)],
            code: .rejected, message: "less than 50 items", requests: 1),
        CallRow(
            name: "400 FAILED_PRECONDITION", operation: .list,
            faults: [
                .make(.status, on: .itemsList, count: nil) {
                    $0.status = 400
                    $0.body = #"{"error":{"code":400,"message":"No active account.","status":"FAILED_PRECONDITION"}}"#
                }
            ], code: .permission, hint: "open photos.google.com", message: "No active account.", requests: 1),
        CallRow(
            name: "400 unknown album", operation: .createItem,
            faults: [.status(400, "The provided ID does not match any albums.", on: .itemsBatchCreate, count: nil)],
            code: .notFound, requests: 1),
        CallRow(
            name: "400 wrong checksum", operation: .upload,
            faults: [
                .status(400, "Checksum from header does not match received payload content.", on: .uploads, count: nil)
            ], code: .corrupt, isRetryable: true, hint: "upload_hash=false", requests: 6, waits: [1, 2, 4, 8, 16]),
        CallRow(
            name: "400 storage full", operation: .createItem, rules: { $0.storageLimit = 1 }, code: .quota,
            hint: "free some space", requests: 1),
        CallRow(
            name: "200 storage full, in the item", operation: .createItem,
            rules: { ($0.storageLimit, $0.storageFullStatus) = (1, 200) }, code: .quota, hint: "free some space",
            requests: 1),
        CallRow(
            name: "401 once", operation: .list, faults: [.make(.expire, on: .itemsList)], requests: 4, count: 250),
        CallRow(
            name: "401 for ever", operation: .readItem, faults: [.status(401, on: .itemsGet, count: nil)], code: .auth,
            hint: "gphotos login", requests: 4),
        CallRow(
            name: "403 missing scope", operation: .list,
            faults: [.status(403, "Request had insufficient authentication scopes.", on: .itemsList, count: nil)],
            code: .permission, hint: "leave every permission ticked", requests: 1),
        CallRow(
            name: "403 API not enabled", operation: .list, rules: { $0.isDisabled = true }, code: .permission,
            hint: "enable it in the Google Cloud console", requests: 1),
        CallRow(
            name: "403 what another app made", operation: .readItem,
            faults: [.status(403, "The caller does not have permission", on: .itemsGet, count: nil)],
            code: .permission, hint: "only the items and albums that it created itself", requests: 1),
        CallRow(
            name: "403 switched off by an administrator", operation: .list,
            faults: [.status(403, "Google Photos is disabled for the user", on: .itemsList, count: nil)],
            code: .permission, message: "Google Photos is disabled for the user", requests: 1),
        CallRow(
            name: "404", operation: .readAlbum,
            faults: [.status(404, "The provided ID does not match any albums.", on: .albumsGet, count: nil)],
            code: .notFound, message: "does not match any albums", requests: 1),
        CallRow(
            name: "409 ABORTED", operation: .createItem, faults: [.status(409, on: .itemsBatchCreate, count: nil)],
            code: .unavailable, isRetryable: true, requests: 6, waits: [1, 2, 4, 8, 16]),
        CallRow(
            name: "412 FAILED_PRECONDITION", operation: .upload, faults: [.status(412, on: .uploads, count: nil)],
            code: .rejected, requests: 1),
        CallRow(
            name: "403 page of the download host, for ever", operation: .download,
            faults: [.make(.expire, on: .download, count: nil)], code: .permission, hint: "run it again later",
            requests: 4),
        CallRow(
            name: "404 picture of the download host", operation: .download,
            faults: [.make(.image, on: .download, count: nil)], code: .notFound, hint: "still be processed",
            requests: 1),
    ]

    private static let quotas: [CallRow] = [
        CallRow(
            name: "429 day", operation: .list, rules: { $0.requestsPerDay = 1 }, code: .quota,
            hint: "midnight Pacific", requests: 1),
        CallRow(
            name: "429 concurrent write", operation: .createItem,
            faults: [.make(.concurrentWrite, on: .itemsBatchCreate)], requests: 2, waits: [30], count: 1),
        CallRow(
            name: "429 writes per minute", operation: .createItem, rules: { $0.writesPerMinute = 0 },
            code: .rateLimited, isRetryable: true, hint: "run it again later", requests: 6,
            waits: [30, 30, 30, 30, 30]),
        CallRow(
            name: "429 with Retry-After", operation: .list,
            faults: [.status(429, on: .itemsList, retryAfter: 77)], requests: 4, waits: [77, 1, 0],
            count: 250),
        CallRow(
            name: "429 with Retry-After of hours", operation: .readItem,
            faults: [.status(429, on: .itemsGet, count: nil, retryAfter: 7200)], code: .rateLimited,
            isRetryable: true, hint: "run it again later", requests: 1),
        CallRow(
            name: "429 that created no album", operation: .createAlbum,
            faults: [.make(.concurrentWrite, on: .albumsCreate)], requests: 2, waits: [30], count: 1),
        CallRow(
            name: "429 of the download host", operation: .download, faults: [.status(429, on: .download)],
            requests: 2, waits: [30], count: 32_164),
    ]

    private static func transient(_ status: Int) -> [CallRow] {
        [
            CallRow(
                name: "\(status) once", operation: .list, faults: [.status(status, on: .itemsList)], requests: 4,
                waits: [1], count: 250),
            CallRow(
                name: "\(status) for ever", operation: .readItem, faults: [.status(status, on: .itemsGet, count: nil)],
                code: .unavailable, isRetryable: true, hint: "run it again later", requests: 6,
                waits: [1, 2, 4, 8, 16]),
            CallRow(
                name: "\(status) of the download host", operation: .download,
                faults: [.status(status, on: .download, count: 2)], requests: 3, waits: [1, 2], count: 32_164),
            // It may have arrived: an album cannot be deleted, so it is not asked for again.
            CallRow(
                name: "\(status) to a new album", operation: .createAlbum,
                faults: [.status(status, on: .albumsCreate)], code: .unavailable, isRetryable: true, requests: 1),
            CallRow(
                name: "\(status) to an upload", operation: .upload, faults: [.status(status, on: .uploads)],
                requests: 2, waits: [1]),
        ]
    }

    @Test(arguments: permanent) func whatIsRefusedIsNotRepeated(_ row: CallRow) async throws { try await row.check() }

    @Test(arguments: quotas) func quotasEndOrWait(_ row: CallRow) async throws { try await row.check() }

    @Test(arguments: [500, 502, 503, 504].flatMap(transient))
    func whatPassesIsRepeated(_ row: CallRow) async throws { try await row.check() }
}
