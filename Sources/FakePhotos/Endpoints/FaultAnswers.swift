import NIOHTTP1

/// What faults do to requests and answers.
extension LibraryState {
    /// The fault that befalls a whole request.
    mutating func takeFault(_ request: FakeRequest, _ route: Route) -> FakeFault? {
        takeFault(request, route) { fault in
            guard route.endpoint == .uploads, fault.breaksUpload else { return true }
            // Those had their turn while the body came in, or have it now where there was no socket.
            return !request.isReceived && Self.reaches(fault, request)
        }
    }

    /// The fault that befalls the body of an upload whose head is here.
    mutating func takeUploadFault(_ head: FakeRequest, _ route: Route) -> FakeFault? {
        takeFault(head, route) { $0.breaksUpload && Self.reaches($0, head) }
    }

    private mutating func takeFault(
        _ request: FakeRequest, _ route: Route, where applies: (FakeFault) -> Bool
    ) -> FakeFault? {
        if faults.isEmpty { return nil }
        let isInSession = request.parameter("upload_id") != nil
        var script = faults
        let fault = script.take(route.endpoint) {
            applies($0) && (isInSession || $0.kind != .sessionCut)
        } subject: {
            subject(of: request, route)
        }
        faults = script
        if let fault { statistics.befall(fault) }
        return fault
    }

    /// Whether a body is long enough to be broken where the fault says.
    private static func reaches(_ fault: FakeFault, _ request: FakeRequest) -> Bool {
        let count = request.promisedCount ?? .max
        return fault.kind == .throttle ? count > 0 : count > Int64(fault.bytes)
    }

    /// The answer of a fault that keeps the request from being carried out; nil for the others.
    mutating func response(insteadOf route: Route, _ request: FakeRequest, _ fault: FakeFault) -> FakeResponse? {
        var response: FakeResponse
        switch fault.kind {
        case .status where !fault.isDone: response = Self.errorResponse(route, fault)
        case .dailyQuota:
            response =
                route.endpoint == .download
                ? Self.tooManyDownloads(retryAfter: nil)
                : APIError.dailyQuota(value: rules.requestsPerDay ?? 10_000).response
        case .concurrentWrite: response = APIError.concurrentWrite.response
        case .html:
            let page = "<!DOCTYPE html>\n<html lang=en><title>Sign in</title><p>Please try again.</html>\n"
            response = FakeResponse(
                status: fault.status, text: fault.body ?? page, type: "text/html; charset=utf-8")
        case .image: response = Self.picture(status: fault.status)
        case .reset where fault.bytes == 0:
            response = FakeResponse(status: 500, text: "")
            response.delivery.isReset = true
        case .reset, .truncate, .sessionCut:
            guard route.endpoint == .uploads else { return nil }
            return breakOff(request, fault)
        case .expire: response = expire(route, request)
        default: return nil
        }
        if let seconds = fault.retryAfter { response.headers.add(name: "Retry-After", value: "\(seconds)") }
        response.fault = fault.kind
        return response
    }

    private static func errorResponse(_ route: Route, _ fault: FakeFault) -> FakeResponse {
        if let body = fault.body {
            let type = body.hasPrefix("{") ? "application/json; charset=UTF-8" : "text/plain; charset=utf-8"
            return FakeResponse(status: fault.status, text: body, type: type)
        }
        if route.endpoint == .download { return FakeResponse(status: fault.status, text: "Error \(fault.status)") }
        let message = fault.status == 429 ? APIError.concurrentWrite.message : "An injected fault."
        return APIError(fault.status, APIError.name(of: fault.status), fault.message ?? message).response
    }

    private mutating func expire(_ route: Route, _ request: FakeRequest) -> FakeResponse {
        if route.endpoint == .download { return Self.forbidden }
        if route.endpoint == .token {
            return FakeResponse(
                status: 400,
                json: ["error": "invalid_grant", "error_description": "Token has been expired or revoked."])
        }
        if let header = request.headers.first(name: "Authorization") {
            accessTokens[String(header.dropFirst("Bearer ".count))] = nil
        }
        return APIError.unauthenticated.response
    }

    /// An upload that breaks: in the middle of its body where the fault has bytes, else by the end of its session alone.
    private mutating func breakOff(_ request: FakeRequest, _ fault: FakeFault) -> FakeResponse? {
        if fault.bytes > 0 { takePart(request, bytes: fault.bytes) }
        if fault.kind == .sessionCut {
            endSession(request.parameter("upload_id") ?? "", isForgotten: fault.status == 404)
        }
        if fault.bytes == 0 { return nil }
        var response = FakeResponse(status: 500, text: "")
        response.delivery.isReset = true
        response.fault = fault.kind
        return response
    }

    /// Changes an answer, or its delivery.
    func spoil(_ response: inout FakeResponse, _ route: Route, _ fault: FakeFault) {
        response.fault = fault.kind
        switch fault.kind {
        case .status:
            let writer = response.writer
            response = Self.errorResponse(route, fault)
            if let seconds = fault.retryAfter { response.headers.add(name: "Retry-After", value: "\(seconds)") }
            (response.writer, response.fault) = (writer, fault.kind)
        case .dropAnswer: response.delivery.isReset = true
        case .reset:
            response.delivery.isReset = true
            response.delivery.closesAfter = fault.bytes
        case .truncate: response.delivery.closesAfter = fault.bytes
        // What stalls an upload without a socket is over before there is an answer.
        case .stall:
            response.delivery.stallsAfter = route.endpoint == .uploads ? 0 : fault.bytes
            response.delivery.clearings = fault.clearings
        case .latency: response.delivery.delay += fault.seconds
        case .slow:
            response.delivery.pieceSize = max(1, fault.bytes)
            response.delivery.pieceDelay = fault.seconds
        case .throttle:
            let pieces = max(1, min(response.delivery.pieceSize, fault.bytes / Self.piecesPerSecond))
            response.delivery.pieceSize = pieces
            response.delivery.pieceDelay = Double(pieces) / Double(fault.bytes)
        case .corrupt:
            let last = max(response.range.lowerBound, response.range.upperBound - 1)
            let start = min(last, response.range.lowerBound + Int64(fault.bytes))
            let end = min(response.range.upperBound, start + Self.corruptedCount)
            if start < end { response.content = response.content.inverting(start..<end) }
        case .invalidJSON:
            let count = response.contentLength
            let cut = fault.bytes > 0 ? min(Int64(fault.bytes), max(0, count - 1)) : count / 2
            response.range = response.range.lowerBound..<response.range.lowerBound + cut
        default: break
        }
    }

    /// How often a throttled body moves on.
    static let piecesPerSecond = 20
    private static let corruptedCount: Int64 = 16
}
