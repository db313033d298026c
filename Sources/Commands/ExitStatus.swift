import ArgumentParser

/// What the process ends with; the numbers are those of BSD's sysexits.h where one fits.
enum ExitStatus: Int32, Sendable, Hashable, CaseIterable {
    case done = 0
    case failed = 1
    case someItemsFailed = 3
    case usage = 64
    case badInput = 65
    case notFound = 66
    case unreachable = 69
    case cannotWrite = 73
    case comeBackLater = 75
    case notAllowed = 77
    case badConfiguration = 78
    case interrupted = 130
    case terminated = 143

    /// One line for `gphotos help exit-codes`.
    var meaning: String {
        switch self {
        case .done: "all of it done"
        case .failed: "failed"
        case .someItemsFailed: "done, but some items failed: they are listed"
        case .usage: "wrong usage"
        case .badInput:
            "input that makes no sense: a configuration that cannot be read, a damaged vault or archive"
        case .notFound: "no such source, destination, section, vault, snapshot or path"
        case .unreachable: "Google or the network cannot be reached, or answers nonsense"
        case .cannotWrite: "cannot write: permissions, a full disk, a folder that is something else"
        case .comeBackLater: "come back later: the daily quota is used up, or the vault is in use"
        case .notAllowed: "not signed in, or not allowed"
        case .badConfiguration:
            "a configuration that is readable and does not fit: another type, redacted, a wrong value"
        case .interrupted: "ended by SIGINT"
        case .terminated: "ended by SIGTERM"
        }
    }

    /// The word for programs, where a failure has no better one.
    var code: String {
        switch self {
        case .done: "done"
        case .failed: "failed"
        case .someItemsFailed: "some-items-failed"
        case .usage: "usage"
        case .badInput: "bad-input"
        case .notFound: "not-found"
        case .unreachable: "unavailable"
        case .cannotWrite: "cannot-write"
        case .comeBackLater: "busy"
        case .notAllowed: "permission"
        case .badConfiguration: "config"
        case .interrupted, .terminated: "cancelled"
        }
    }
}

extension ExitCode {
    /// Thrown by a command that has said all there is to say: it ends with this status and no further word.
    init(_ status: ExitStatus) { self.init(status.rawValue) }
}
