import ConnectorKit

/// What a part of a connector says that runs in this very process.
struct ConsoleReporter: ConnectorReporter {
    let console: Console

    func progress(_ progress: Progress) {}
    func configChanged(_ values: [String: String]) {}

    func log(_ level: LogLevel, _ message: String, pathname: Pathname?) {
        console.log(level, pathname.map { "\($0): \(message)" } ?? message)
    }
}
