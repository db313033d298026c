import ConnectorKit
import NIOCore
import NIOHTTP1
import Synchronization

/// Google Photos in one process: accounts, their items and albums, and everything that the Library API, the download host
/// and the token endpoint say about them.
///
/// ``respond(to:)`` is the whole service without a socket; ``FakePhotosServer`` puts it on one. docs/fake.md describes the
/// behaviour. All of it is safe to use from several tasks.
public final class FakeLibrary: Sendable {
    /// The OAuth client of the accounts that are there from the start.
    public static let clientID = "fake-client-id.apps.googleusercontent.com"
    public static let clientSecret = "fake-client-secret"

    private let state: Mutex<LibraryState>
    let clock: FakeClock
    let gate = StallGate()
    let watchers = Watchers()
    let generator: LibraryGenerator

    /// Makes the accounts `demo`, with what the plan says, and `demo2`, with nothing.
    /// - Parameter now: the clock, in seconds since 1970.
    /// - Throws: ``ConnectorError`` where the plan cannot be carried out or no temporary file can be made.
    public init(
        options: FakeOptions = FakeOptions(), now: (@Sendable () -> Int64)? = nil
    ) throws(ConnectorError) {
        let plan = options.plan
        clock = FakeClock(now)
        let shelf = try MediaShelf(itemSize: plan.itemSize, seed: plan.seed)
        generator = LibraryGenerator(plan: plan)
        var initial = LibraryState(rules: options.rules, seed: plan.seed, shelf: shelf, spool: try Spool())
        initial.clients = [OAuthClient(id: Self.clientID, secret: Self.clientSecret)]
        for name in ["demo", "demo2"] { _ = initial.addAccount(name) }
        generator.fill(&initial, account: 0)
        state = Mutex(initial)
    }

    func withState<Value: Sendable, Failure: Error>(
        _ body: (inout LibraryState) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        try state.withLock { state throws(Failure) in try body(&state) }
    }

    /// Answers a request, waits as long as the answer says, and counts it as delivered.
    public func respond(to request: FakeRequest) async -> FakeResponse {
        let response = answer(request)
        if response.delivery.stallsAfter != nil {
            await withCheckedContinuation { continuation in
                gate.wait(since: response.delivery.clearings) { continuation.resume() }
            }
        }
        if response.delivery.delay > 0 { try? await Task.sleep(for: .seconds(response.delivery.delay)) }
        let cut = response.delivery.closesAfter.map { Int64($0) } ?? (response.delivery.isReset ? 0 : .max)
        let bytes = min(response.contentLength, cut)
        finish(response, Route(method: request.method, path: request.path), bytes: bytes)
        return response
    }

    /// Answers a request at once; ``finish(_:_:bytes:)`` belongs to every answer.
    func answer(_ request: FakeRequest) -> FakeResponse {
        let route = Route(method: request.method, path: request.path)
        if route.endpoint == .control { return control(request, command: route.argument) }
        let start = clock.milliseconds
        var response = withState { $0.answer(request, route, now: start / 1000) }
        watchers.tell()
        response.entry = RequestLog.Entry(request, route, start: start, fault: response.fault)
        return response
    }

    /// Counts an answer whose delivery is over, one way or another.
    /// - Parameter bytes: how much of its body was sent.
    func finish(_ response: FakeResponse, _ route: Route, bytes: Int64) {
        if route.endpoint == .control { return }
        defer { watchers.tell() }
        let isDownload =
            [.download, .videoDownload, .pickerDownload].contains(route.endpoint) && response.status < 300
            && !response.isHeadOnly
        let end = clock.milliseconds
        let isWithoutAnswer = response.delivery.isReset && bytes == 0
        withState { state in
            state.statistics.end(status: response.status, bytesDownloaded: isDownload ? bytes : 0)
            if let writer = response.writer { state.accounts[writer].writing -= 1 }
            guard var entry = response.entry else { return }
            (entry.bytes, entry.end) = (bytes, end)
            entry.status = isWithoutAnswer ? nil : response.status
            state.log.append(entry)
        }
    }

    /// What is to be done with the body of a request whose head is here.
    func bodyPlan(for head: FakeRequest) -> BodyPlan {
        guard Route(method: head.method, path: head.path).endpoint == .uploads else { return .collect }
        let now = clock.now
        let expected = head.headers.first(name: "Content-Length").flatMap { Int64($0) }
        return withState { state in
            guard (try? state.grant(head, now: now)) != nil else { return .discard }
            if let id = head.parameter("upload_id") {
                let offset = head.headers.first(name: "X-Goog-Upload-Offset").flatMap { Int64($0) }
                return state.lendSink(id: id, offset: offset).map { .upload($0, session: id) } ?? .discard
            }
            if LibraryState.isResumable(head.headers) { return .discard }
            if let expected, expected > state.rules.videoSizeLimit { return .discard }
            return .upload(UploadSink(spool: state.spool, expectedCount: expected), session: nil)
        }
    }

    /// What shall break the body of an upload whose head is here.
    func uploadFault(for head: FakeRequest) -> FakeFault? {
        let route = Route(method: head.method, path: head.path)
        guard route.endpoint == .uploads else { return nil }
        defer { watchers.tell() }
        return withState { $0.takeUploadFault(head, route) }
    }

    /// A fault broke the body of an upload: its connection is about to end, and there is no answer.
    func breakOff(_ plan: BodyPlan, of head: FakeRequest, by fault: FakeFault) {
        abandon(plan)
        defer { watchers.tell() }
        let route = Route(method: head.method, path: head.path)
        let now = clock.milliseconds
        var entry = RequestLog.Entry(head, route, start: now, fault: fault.kind)
        entry.end = now
        withState { state in
            state.statistics.begin(route.endpoint)
            if fault.kind == .sessionCut, let id = head.parameter("upload_id") {
                state.endSession(id, isForgotten: fault.status == 404)
            }
            state.statistics.end(status: nil, bytesDownloaded: 0)
            state.log.append(entry)
        }
    }

    /// Takes back what a connection that broke had been lent.
    func abandon(_ plan: BodyPlan) {
        guard case .upload(let sink, let session?) = plan else { return }
        withState { $0.returnSink(id: session, sink) }
    }
}

/// Where the bytes of a request's body go.
enum BodyPlan: Sendable {
    case collect
    case discard
    case upload(UploadSink, session: String?)
}
