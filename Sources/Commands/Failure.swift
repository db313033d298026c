/// Why a command failed, as a person and a program are told.
///
/// Neither message nor hint ever holds a token, a secret, an authorization code or a signed URL.
struct Failure: Error, Sendable, Hashable {
    var status: ExitStatus
    /// A word for programs, such as `not-found`.
    var code: String
    /// One sentence.
    var message: String
    /// What the person can do.
    var hint: String?

    /// - Parameter code: nil for the usual word of the status.
    init(_ status: ExitStatus, code: String? = nil, _ message: String, hint: String? = nil) {
        self.status = status
        self.code = code ?? status.code
        self.message = message
        self.hint = hint
    }
}

/// An error that knows how a command ends with it. Errors of other targets conform by an extension in this one.
protocol FailureDescribing: Error {
    var failure: Failure { get }
}

extension Failure: FailureDescribing {
    var failure: Failure { self }
}
