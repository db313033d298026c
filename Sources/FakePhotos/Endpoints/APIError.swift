import StrictJSON

/// An error in Google's envelope.
struct APIError: Error, Sendable {
    var httpStatus: Int
    /// The name of the gRPC status.
    var status: String
    var message: String
    var errors: JSON?
    var details: JSON?
    /// Seconds, for the header Retry-After.
    var retryAfter: Int?

    init(_ httpStatus: Int, _ status: String, _ message: String) {
        self.httpStatus = httpStatus
        self.status = status
        self.message = message
    }

    static func invalidArgument(_ message: String) -> APIError { APIError(400, "INVALID_ARGUMENT", message) }
    static func notFound(_ message: String) -> APIError { APIError(404, "NOT_FOUND", message) }
    static func permissionDenied(_ message: String) -> APIError { APIError(403, "PERMISSION_DENIED", message) }
    static func internalError(_ message: String) -> APIError { APIError(500, "INTERNAL", message) }

    static let unauthenticated = APIError(
        401, "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid "
            + "authentication credential. See https://developers.google.com/identity/sign-in/web/devconsole-project.")

    static let insufficientScopes = permissionDenied("Request had insufficient authentication scopes.")

    static let concurrentWrite = APIError(
        429, "RESOURCE_EXHAUSTED",
        "Quota exceeded for quota 'concurrent write request' of service 'photoslibrary.googleapis.com'.")

    /// The day's quota is used up; the body is that of a real answer.
    static func dailyQuota(value: Int) -> APIError {
        quota(
            metric: "All requests", limit: "All requests per day", value: value, name: "ApiCallsPerProjectPerDay",
            code: "all_requests")
    }

    /// No write is possible for lack of space.
    static func storageFull(status: Int) -> APIError {
        APIError(
            status, name(of: status),
            "The remaining storage in the user's account is not enough to perform this operation.")
    }

    func retry(after seconds: Int?) -> APIError {
        var error = self
        error.retryAfter = seconds
        return error
    }

    static func writeQuota(value: Int) -> APIError {
        quota(
            metric: "photoslibrary.googleapis.com/write_requests", limit: "WritesPerMinutePerUser", value: value,
            name: "WritesPerMinutePerUser", code: "write_requests")
    }

    private static func quota(metric: String, limit: String, value: Int, name: String, code: String) -> APIError {
        var error = APIError(
            429, "RESOURCE_EXHAUSTED",
            "Quota exceeded for quota metric '\(metric)' and limit '\(limit)' of service "
                + "'photoslibrary.googleapis.com' for consumer 'project_number:1234567890'.")
        error.errors = [
            ["message": .string(error.message), "domain": "global", "reason": "rateLimitExceeded"]
        ]
        error.details = [
            [
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED",
                "domain": "googleapis.com",
                "metadata": [
                    "quota_limit_value": .string("\(value)"), "quota_limit": .string(name),
                    "quota_metric": .string("photoslibrary.googleapis.com/\(code)"),
                    "service": "photoslibrary.googleapis.com", "consumer": "projects/1234567890",
                    "quota_location": "global",
                ],
            ],
            [
                "@type": "type.googleapis.com/google.rpc.Help",
                "links": [
                    [
                        "description": "Request a higher quota limit.",
                        "url": "https://cloud.google.com/docs/quota#requesting_higher_quota",
                    ]
                ],
            ],
        ]
        return error
    }

    /// The name of the gRPC status that goes with a status of HTTP.
    static func name(of httpStatus: Int) -> String {
        switch httpStatus {
        case 400: "INVALID_ARGUMENT"
        case 401: "UNAUTHENTICATED"
        case 403: "PERMISSION_DENIED"
        case 404: "NOT_FOUND"
        case 409: "ABORTED"
        case 412: "FAILED_PRECONDITION"
        case 413: "OUT_OF_RANGE"
        case 429: "RESOURCE_EXHAUSTED"
        case 503: "UNAVAILABLE"
        case 504: "DEADLINE_EXCEEDED"
        default: "INTERNAL"
        }
    }

    var response: FakeResponse {
        var error: JSONObject = ["code": .integer(Int64(httpStatus)), "message": .string(message)]
        error["errors"] = errors
        error["status"] = .string(status)
        error["details"] = details
        var response = FakeResponse(
            status: httpStatus, jsonBytes: Array(JSON.object(["error": .object(error)]).prettyText.utf8))
        if let retryAfter { response.headers.add(name: "Retry-After", value: "\(retryAfter)") }
        return response
    }
}
