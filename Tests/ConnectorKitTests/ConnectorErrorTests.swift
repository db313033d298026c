import ConnectorKit
import Testing

struct ConnectorErrorTests {
    private struct Strange: Error, CustomStringConvertible {
        var description: String { "strange" }
    }

    @Test func wrapsItself() {
        let error = ConnectorError(.quota, "full", isRetryable: true, retryAfter: 30, hint: "wait")
        #expect(ConnectorError(wrapping: error) == error)
    }

    @Test func wrapsACancellation() {
        let error = ConnectorError(wrapping: CancellationError())
        #expect(error.code == .cancelled)
        #expect(error.isRetryable)
    }

    @Test func wrapsTheUnknown() {
        let error = ConnectorError(wrapping: Strange())
        #expect(error == ConnectorError(.internalDefect, "an unexpected failure: Strange"))
        #expect(!error.isRetryable)
    }

    @Test func description() {
        let error = ConnectorError(.rateLimited, "slow down", retryAfter: 3, hint: "wait")
        #expect(error.description == "rate-limited: slow down")
        #expect("\(ConnectorError(.init(rawValue: "new-code"), "m"))" == "new-code: m")
    }

    /// The words of the protocol: another one here is another protocol.
    @Test func codesOnTheWire() {
        let codes: [ConnectorError.Code] = [
            .protocolViolation, .version, .unsupported, .config, .auth, .permission, .notFound, .quota, .rateLimited,
            .network, .unavailable, .corrupt, .readOnly, .rejected, .tooLarge, .cancelled, .internalDefect,
        ]
        #expect(
            codes.map(\.rawValue) == [
                "protocol", "version", "unsupported", "config", "auth", "permission", "not-found", "quota",
                "rate-limited", "network", "unavailable", "corrupt", "read-only", "rejected", "too-large", "cancelled",
                "internal",
            ])
    }
}
