/// The head of a response, and its body to come.
public struct HTTPResponse: Sendable {
    public let status: Int
    /// In the order in which they came; the names as the server wrote them.
    public let headers: [HTTPHeader]
    /// The URL that gave this response, after redirects. May hold secrets in its query: not for logs.
    public let url: String
    /// The major version: 1 or 2.
    public let httpVersion: Int
    public let body: HTTPBody

    /// The value of the first header of this name, in any case.
    public func header(_ name: String) -> String? { headers.first { $0.isNamed(name) }?.value }
}
