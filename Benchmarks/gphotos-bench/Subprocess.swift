import Foundation
import HTTP

/// What a finished command used.
struct Usage {
    var seconds: Double
    /// User and system time.
    var cpu: Double
    var output: String
}

struct CommandFailed: Error, CustomStringConvertible {
    var description: String
}

extension Bench {
    /// Runs a command to its end.
    static func run(_ executable: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Usage {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        let before = childrenCPU()
        let start = ContinuousClock.now
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        let seconds = (ContinuousClock.now - start) / .seconds(1)
        guard process.terminationStatus == 0 else {
            throw CommandFailed(
                description: "\(executable) \(arguments.first ?? "") ended with \(process.terminationStatus)")
        }
        return Usage(
            seconds: seconds, cpu: childrenCPU() - before, output: String(decoding: output, as: UTF8.self))
    }
}

private func childrenCPU() -> Double {
    var usage = rusage()
    // RUSAGE_CHILDREN, which the Glibc module has as an enumeration that getrusage does not take.
    getrusage(-1, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// A running gphotos-fake, and the home of a gphotos that has its account as the source `demo`.
final class Service {
    let home: String
    let baseURL: String
    private let process = Process()

    init(tools: Tools, arguments: [String]) throws {
        home = try tools.directory("home")
        let config = home + "/rclone.conf"
        process.executableURL = URL(fileURLWithPath: tools.fake)
        process.arguments = ["--rclone-config", config] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        var line = ""
        while !line.contains("\n") {
            let data = pipe.fileHandleForReading.availableData
            if data.isEmpty { throw CommandFailed(description: "gphotos-fake did not start") }
            line += String(decoding: data, as: UTF8.self)
        }
        guard let url = line.split(whereSeparator: \.isWhitespace).first(where: { $0.hasPrefix("http://") }) else {
            throw CommandFailed(description: "gphotos-fake printed no address")
        }
        baseURL = String(url)
        _ = try Bench.run(
            tools.gphotos, ["source", "import", "--config", config, "--quiet"], environment: environment)
    }

    var environment: [String: String] {
        [
            "XDG_CONFIG_HOME": home + "/config", "XDG_STATE_HOME": home + "/state", "XDG_DATA_HOME": home + "/data",
        ]
    }

    /// What a control of the service answers.
    func control(_ path: String) async throws -> [UInt8] {
        let client = try HTTPClient(configuration: .init(userAgent: "gphotos-bench"))
        defer { client.shutdown() }
        return try await client.send(HTTPRequest(url: baseURL + "/_fake/" + path)).body.collect(limit: 64 << 20)
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
