import ConnectorKit
import GRPCCore

extension ConnectorError {
    /// All that Plakar shows of an error: what failed, and what the person can do.
    var sentence: String { hint.map { "\(message); \($0)" } ?? message }
}

extension RPCError {
    /// Any error as the status of a call.
    ///
    /// The host shows the message. It makes its own words for `unavailable`, which it takes for a broken pipe, so a
    /// service that is not reached is `aborted` here; and `cancelled` is for what it cancelled itself.
    init(describing error: any Error) {
        if let known = error as? RPCError {
            self = known
            return
        }
        let error = ConnectorError(wrapping: error)
        let code: RPCError.Code =
            switch error.code {
            case .protocolViolation, .readOnly, .rejected, .tooLarge: .failedPrecondition
            case .unsupported, .version: .unimplemented
            case .config: .invalidArgument
            case .auth: .unauthenticated
            case .permission: .permissionDenied
            case .notFound: .notFound
            case .quota, .rateLimited: .resourceExhausted
            case .network, .unavailable: .aborted
            case .corrupt: .dataLoss
            case .cancelled: .cancelled
            case .internalDefect: .internalError
            default: .unknown
            }
        self.init(code: code, message: error.sentence)
    }
}
