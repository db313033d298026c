import ConnectorKit
import RcloneConfig

extension Failure {
    /// Any error as a failure: what describes itself as it does, a cancellation as such, all else as a defect.
    init(describing error: any Error) {
        let describing = error as? any FailureDescribing ?? ConnectorError(wrapping: error)
        self = describing.failure
    }
}

extension ConnectorError: FailureDescribing {
    var failure: Failure { Failure(status, code: code.rawValue, message, hint: hint) }

    private var status: ExitStatus {
        switch code {
        case .config: .badConfiguration
        case .auth, .permission, .readOnly: .notAllowed
        case .notFound: .notFound
        case .quota, .rateLimited: .comeBackLater
        case .network, .unavailable: .unreachable
        case .corrupt: .badInput
        case .cancelled: .interrupted
        // A connector may have codes of its own; protocol, version, unsupported, rejected, too-large and internal.
        default: .failed
        }
    }
}

extension RcloneConfigError: FailureDescribing {
    var failure: Failure {
        switch reason {
        case .unreadable: Failure(.badInput, message, hint: hint)
        case .noSuchSection: Failure(.notFound, message, hint: hint)
        case .unsuitable: Failure(.badConfiguration, message, hint: hint)
        }
    }
}
