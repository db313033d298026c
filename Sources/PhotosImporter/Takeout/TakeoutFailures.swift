import ConnectorKit
import Takeout

/// What could not be read of exports, as a listing tells it.
struct TakeoutFailures: Sendable {
    let library: TakeoutLibrary
    let reporter: any ConnectorReporter

    /// What could not be read may have been anything: the whole listing is incomplete, and says so.
    func all() async throws -> [Pathname: ConnectorError] {
        let problems = try await library.problems()
        guard let first = problems.first else { return [:] }
        for problem in problems { reporter.log(.error, problem.description, pathname: nil) }
        let more = problems.count > 1 ? " (and \(problems.count - 1) more)" : ""
        return [
            .root: ConnectorError(
                .corrupt, "not all of the exports can be read: \(first.description)\(more)",
                hint: "gphotos takeout inspect DIRECTORY lists all of it; download damaged and missing parts again")
        ]
    }

    static func nothing(in directory: String) -> ConnectorError {
        ConnectorError(
            .notFound, "there is no export of Google Photos in \(directory)",
            hint: "put the .zip or .tgz parts of a Takeout export there, or what they unpack to")
    }
}

extension TakeoutProblem {
    /// One line for a person.
    public var description: String {
        path.isEmpty ? (message.contains(part) ? message : "\(part): \(message)") : "\(part): \(path) \(message)"
    }
}
