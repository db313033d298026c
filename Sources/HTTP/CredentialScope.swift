/// Where a sign-in may be sent: to whole domains over https, and to origins that are named.
public struct CredentialScope: Sendable, Hashable {
    /// `example.com` stands for itself and every name below it, over https and its own port alone.
    public var domains: [String]
    /// URLs whose scheme, host and port must be the same, as those of a test service.
    public var origins: [String]

    public init(domains: [String] = [], origins: [String] = []) {
        self.domains = domains
        self.origins = origins
    }

    /// Whether the sign-in may be sent to this URL; false for what is no URL that may be asked.
    public func contains(_ url: String) -> Bool {
        guard let url = try? TargetURL(url) else { return false }
        return contains(url)
    }

    func contains(_ url: TargetURL) -> Bool {
        if url.origin.scheme == "https", url.origin.port == "443", domains.contains(where: { isIn($0, url.host) }) {
            return true
        }
        return origins.contains { (try? TargetURL($0))?.origin == url.origin }
    }

    private func isIn(_ domain: String, _ host: String) -> Bool { host == domain || host.hasSuffix(".\(domain)") }
}
