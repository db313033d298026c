import ConnectorKit
import Glibc

/// Tells a person what the protocol has no message for: stderr is the host's own terminal.
///
/// Warnings and errors only, and what a person has to do. Progress is the host's to show; a renewed access token is not kept, since Plakar does not
/// take settings back, and the refresh token gives another.
struct StandardErrorReporter: ConnectorReporter {
    /// What each line begins with.
    let name: String
    /// Writes a line.
    var write: @Sendable (String) -> Void = { line in
        _ = line.withCString { Glibc.write(2, $0, strlen($0)) }
    }

    func progress(_ progress: Progress) {}

    func log(_ level: LogLevel, _ message: String, pathname: Pathname?) {
        if level < .warning { return }
        let place = pathname.map { "\($0): " } ?? ""
        write("\(name): \(level.rawValue): \(place)\(message)\n")
    }

    func ask(_ message: String, link: String) { write("\(name): \(message) \(link)\n") }

    func configChanged(_ values: [String: String]) {}
}
