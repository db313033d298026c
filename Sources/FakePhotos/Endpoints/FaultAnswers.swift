import NIOHTTP1

/// What faults do to answers.
extension LibraryState {
    /// The answer of a fault that keeps the request from being carried out; nil for the others.
    mutating func response(insteadOf route: Route, _ request: FakeRequest, _ fault: FakeFault) -> FakeResponse? {
        switch fault.kind {
        case .status:
            var response: FakeResponse
            if let body = fault.body {
                let type = body.hasPrefix("{") ? "application/json; charset=UTF-8" : "text/plain; charset=utf-8"
                response = FakeResponse(status: fault.status, text: body, type: type)
            } else if route.endpoint == .download {
                response = FakeResponse(status: fault.status, text: "Error \(fault.status)")
            } else {
                let message = fault.status == 429 ? APIError.concurrentWrite.message : "An injected fault."
                response = APIError(fault.status, APIError.name(of: fault.status), message).response
            }
            if let seconds = fault.retryAfter { response.headers.add(name: "Retry-After", value: "\(seconds)") }
            return response
        case .html:
            let page = "<!DOCTYPE html>\n<html lang=en><title>Sign in</title><p>Please try again.</html>\n"
            return FakeResponse(status: fault.status, text: fault.body ?? page, type: "text/html; charset=utf-8")
        case .reset:
            var response = FakeResponse(status: 500, text: "")
            response.delivery.isReset = true
            return response
        case .expire:
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
        case .dropAnswer, .truncate, .slow, .emptyPage, .repeatItem, .repeatToken, .latency, .stall, .itemError,
            .cutUpload:
            return nil
        }
    }

    /// Changes the delivery of an answer.
    static func spoil(_ response: inout FakeResponse, _ fault: FakeFault) {
        switch fault.kind {
        case .dropAnswer: response.delivery.isReset = true
        case .truncate: response.delivery.closesAfter = fault.bytes
        case .stall: response.delivery.stallsAfter = fault.bytes
        case .latency: response.delivery.delay += fault.seconds
        case .slow:
            response.delivery.pieceSize = max(1, fault.bytes)
            response.delivery.pieceDelay = fault.seconds
        case .status, .html, .reset, .expire, .emptyPage, .repeatItem, .repeatToken, .itemError, .cutUpload: break
        }
    }
}
