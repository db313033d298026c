import ArgumentParser
import StrictJSON

/// Tells a person or a program why a command ended.
struct FailureReport: Sendable {
    let context: CommandContext
    let isJSON: Bool

    /// Writes what there is to say of an error.
    /// - Returns: the exit status.
    func end(with error: any Error) -> Int32 {
        switch error {
        case is ClosedOutput: return ExitStatus.failed.rawValue
        case let code as ExitCode: return code.rawValue
        case is any FailureDescribing, is CancellationError: return end(with: Failure(describing: error))
        default: return endParsing(with: error)
        }
    }

    private func end(with failure: Failure) -> Int32 {
        if isJSON {
            tell(json(failure).text)
        } else {
            tell("gphotos: \(failure.message.printable)")
            if let hint = failure.hint { tell("hint: \(hint.printable)") }
        }
        return failure.status.rawValue
    }

    /// The parser's own errors: a request for help is one too. What is none of them is a defect of a command.
    private func endParsing(with error: any Error) -> Int32 {
        switch Gphotos.exitCode(for: error) {
        case .success:
            do {
                try context.stdout.write(Gphotos.fullMessage(for: error).withLineEnd)
                return ExitStatus.done.rawValue
            } catch {
                return end(with: error)
            }
        case .validationFailure:
            if isJSON { return end(with: Failure(.usage, Gphotos.message(for: error))) }
            // It repeats what was written on the command line.
            let lines = Gphotos.fullMessage(for: error).split(separator: "\n", omittingEmptySubsequences: false)
            tell(lines.map { String($0).printable }.joined(separator: "\n"))
            return ExitStatus.usage.rawValue
        default:
            return end(with: Failure(describing: error))
        }
    }

    private func json(_ failure: Failure) -> JSON {
        [
            "type": "error", "code": .string(failure.code), "message": .string(failure.message),
            "hint": failure.hint.map { .string($0) } ?? .null, "exit_status": .integer(Int64(failure.status.rawValue)),
        ]
    }

    /// Where stderr is closed, nobody is left to be told.
    private func tell(_ text: String) { try? context.stderr.write(text.withLineEnd) }
}

extension String {
    fileprivate var withLineEnd: String { hasSuffix("\n") ? self : self + "\n" }
}
