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

extension Bench {
    /// Seconds of user and system time so far: the 14th and 15th field of /proc/PID/stat, in ticks (proc(5)).
    static func cpu(ofProcess pid: pid_t) -> Double {
        let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        // The second field is the program's name, which may hold anything.
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        let ticks = fields.dropFirst(11).prefix(2).compactMap { Double($0) }.reduce(0, +)
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

func childrenCPU() -> Double { cpu(of: -1) }

/// User and system time of this process.
func ownCPU() -> Double { cpu(of: 0) }

/// - Parameter who: RUSAGE_SELF or RUSAGE_CHILDREN, which the Glibc module has as an enumeration that getrusage does not
///   take.
private func cpu(of who: Int32) -> Double {
    var usage = rusage()
    getrusage(who, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// A running gphotos-fake, and the home of a gphotos that has its account as the source `demo`.
final class Service {
    let home: String
    let baseURL: String
    var port: Int { baseURL.split(separator: ":").last.flatMap { Int($0) } ?? 0 }
    /// Its accounts, as rclone's configuration has them.
    let config: String
    private let process = Process()

    init(tools: Tools, arguments: [String]) throws {
        home = try tools.directory("home")
        config = home + "/rclone.conf"
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
            tools.gphotos, ["source", "import", "demo", "--config", config, "--quiet"], environment: environment)
        // A million items are more than Google tells of in a day.
        _ = try Bench.run(
            tools.gphotos, ["source", "set", "demo", "daily_downloads=100000000", "daily_requests=100000000"],
            environment: environment)
    }

    var environment: [String: String] {
        [
            "XDG_CONFIG_HOME": home + "/config", "XDG_STATE_HOME": home + "/state", "XDG_DATA_HOME": home + "/data",
        ]
    }

    /// What a control of the service answers.
    /// - Parameter body: what is sent to it, where something is.
    @discardableResult
    func control(_ path: String, body: String? = nil) async throws -> [UInt8] {
        let client = try HTTPClient(configuration: .init(userAgent: "gphotos-bench"))
        defer { client.shutdown() }
        let request = HTTPRequest(
            method: body == nil ? "GET" : "POST", url: baseURL + "/_fake/" + path,
            body: body.map { .bytes(Array($0.utf8)) } ?? .none)
        let response = try await client.send(request)
        guard response.status == 200 else { throw CommandFailed(description: "\(path) answered \(response.status)") }
        return try await response.body.collect(limit: 64 << 20)
    }

    /// Requests so far, by endpoint.
    func requests() async throws -> [String: Int] {
        let stats = try JSONSerialization.jsonObject(with: Data(try await control("stats"))) as? [String: Any]
        return stats?["requests"] as? [String: Int] ?? [:]
    }

    /// Seconds of user and system time so far.
    var cpu: Double { Bench.cpu(ofProcess: process.processIdentifier) }

    static func list(_ requests: [String: Int]) -> String {
        requests.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    func stop() {
        process.terminate()
        process.waitUntilExit()
    }
}
