import FakePhotos
import Testing

/// Every fault that the fake has, seen by the caller of the client. What stalls is left to the timeouts of HTTP, whose
/// clock is the real one.
@Suite struct FaultTableTests {
    private static let pages: [CallRow] = [
        CallRow(
            name: "empty page", operation: .list, faults: [.make(.emptyPage, on: .itemsList, count: 2)], requests: 5,
            count: 250),
        CallRow(
            name: "repeated item", operation: .list,
            faults: [.make(.repeatItem, on: .itemsList, count: nil) { $0.after = 1 }], requests: 3, count: 250),
        CallRow(
            name: "repeated token", operation: .list, faults: [.make(.repeatToken, on: .itemsList)], requests: 4,
            count: 250),
        CallRow(
            name: "repeated token, for ever", operation: .list,
            faults: [.make(.repeatToken, on: .itemsList, count: nil)], code: .unavailable, isRetryable: true,
            requests: 7),
        // Nothing on any page tells of it.
        CallRow(
            name: "missing item", operation: .list, faults: [.make(.skipItem, on: .itemsList)], requests: 3,
            count: 249),
    ]

    private static let answers: [CallRow] = [
        CallRow(
            name: "web page", operation: .list, faults: [.make(.html, on: .itemsList)], code: .unavailable,
            hint: "captive portal", message: "web page", requests: 1),
        CallRow(
            name: "web page in place of bytes", operation: .download, faults: [.make(.html, on: .download)],
            code: .unavailable, hint: "captive portal", message: "web page", requests: 1),
        CallRow(
            name: "web page in place of an upload token", operation: .upload, faults: [.make(.html, on: .uploads)],
            code: .unavailable, message: "web page", requests: 1),
        CallRow(
            name: "picture of an error", operation: .readItem, faults: [.make(.image, on: .itemsGet)],
            code: .notFound, requests: 1),
        CallRow(
            name: "invalid JSON", operation: .list, faults: [.make(.invalidJSON, on: .itemsList)],
            requests: 4, waits: [1], count: 250),
        CallRow(
            name: "invalid JSON, for ever", operation: .list,
            faults: [.make(.invalidJSON, on: .itemsList, count: nil)], code: .unavailable, isRetryable: true,
            message: "not what the API promises", requests: 6, waits: [1, 2, 4, 8, 16]),
        CallRow(
            name: "corrupt JSON", operation: .readItem, faults: [.make(.corrupt, on: .itemsGet)], requests: 2,
            waits: [1]),
        // The length is right and there is no hash to compare with: sixteen bytes are wrong.
        CallRow(
            name: "corrupt bytes", operation: .download, faults: [.make(.corrupt, on: .download, bytes: 1000)],
            requests: 1, count: 32_164 - 16),
        CallRow(
            name: "bytes in small pieces", operation: .download,
            faults: [.make(.slow, on: .download, bytes: 8192) { $0.seconds = 0.001 }], requests: 1, count: 32_164),
        CallRow(
            name: "few bytes a second", operation: .download,
            faults: [.make(.throttle, on: .download, bytes: 500_000)], requests: 1, count: 32_164),
        CallRow(
            name: "late answer", operation: .list,
            faults: [.make(.latency, on: .itemsList) { $0.seconds = 0.05 }], requests: 3, count: 250),
        CallRow(
            name: "late answer to an upload", operation: .upload,
            faults: [.make(.throttle, on: .uploads, bytes: 1000)], requests: 1, count: 1),
        CallRow(
            name: "day's quota", operation: .list, faults: [.make(.dailyQuota, on: .itemsList, count: nil)],
            code: .quota, hint: "midnight Pacific", requests: 1),
        CallRow(
            name: "URL that is over", operation: .download, faults: [.make(.expire, on: .download)], requests: 2,
            count: 32_164),
    ]

    private static let breaks: [CallRow] = [
        CallRow(
            name: "cut short", operation: .list, faults: [.make(.truncate, on: .itemsList, bytes: 1000)], requests: 4,
            waits: [1], count: 250),
        CallRow(
            name: "cut short", operation: .download, faults: [.make(.truncate, on: .download, bytes: 10_000)],
            requests: 2, waits: [1], count: 32_164),
        CallRow(
            name: "reset at an offset", operation: .download, faults: [.make(.reset, on: .download, bytes: 10_000)],
            requests: 2, waits: [1], count: 32_164),
        CallRow(
            name: "reset in the midst of the body", operation: .upload,
            faults: [.make(.reset, on: .uploads, bytes: 5)], requests: 2),
        CallRow(
            name: "closed in the midst of the body", operation: .upload,
            faults: [.make(.truncate, on: .uploads, bytes: 5)], requests: 2),
    ]

    private static let writes: [CallRow] = [
        // Asked again, the service says that the token is used up: whoever has the bytes sends them again, and gets the
        // item that is there.
        CallRow(
            name: "done, and 503", operation: .createItem,
            faults: [.make(.status, on: .itemsBatchCreate) { ($0.status, $0.isDone) = (503, true) }],
            code: .rejected, isRetryable: true, requests: 2, waits: [1]),
        CallRow(
            name: "item that fails for now", operation: .createItem,
            faults: [.make(.itemError, on: .itemsBatchCreate) { $0.code = 13 }], code: .unavailable,
            isRetryable: true, hint: "run it again later", requests: 1),
        CallRow(
            name: "item that fails for good", operation: .createItem,
            faults: [.make(.itemError, on: .itemsBatchCreate)], code: .rejected, message: "BAD_IMAGE", requests: 1),
        CallRow(
            name: "answer lost", operation: .createAlbum, faults: [.make(.dropAnswer, on: .albumsCreate)],
            code: .network, isRetryable: true, requests: 1),
    ]

    @Test(arguments: pages) func listsComeWholeOrFail(_ row: CallRow) async throws { try await row.check() }

    @Test(arguments: answers) func whatIsNoAnswerIsSaidToBeNone(_ row: CallRow) async throws { try await row.check() }

    @Test(arguments: breaks) func breaksAreMended(_ row: CallRow) async throws { try await row.check() }

    @Test(arguments: writes) func writesAreNotLost(_ row: CallRow) async throws { try await row.check() }
}
