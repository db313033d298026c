import Foundation

/// Measures this build against the service fake on loopback, and against `curl` pulling the same bytes in the same run.
///
/// Figures are ratios and rates of one run on one machine; nothing fails because of them. `--quick` is a look, a tenth
/// of the size: CI runs it to see that the program runs. Names such as `takeout` choose some of it.
@main
struct Bench {
    static func main() async throws {
        signal(SIGPIPE, SIG_IGN)
        let arguments = CommandLine.arguments.dropFirst()
        let wanted = arguments.filter { !$0.hasPrefix("--") }
        let scale = arguments.contains("--quick") ? 10 : 1
        let tools = try Tools()
        defer { try? FileManager.default.removeItem(atPath: tools.scratch) }
        say("\(ProcessInfo.processInfo.activeProcessorCount) cores; the service runs on the same ones")
        // A million takes minutes to make and to list: only where it is asked for.
        if arguments.contains("--million") { return try await ListingBench(tools: tools, items: 1_000_000).run() }
        let large = 4 << 20
        let small = 20 << 10
        let all: [(name: String, run: () async throws -> Void)] = [
            ("listing", { try await ListingBench(tools: tools, items: 100_000 / scale).run() }),
            ("unchanged", { try await UnchangedBench(tools: tools, items: 100_000 / scale).run() }),
            ("transfer", { try await TransferBench(tools: tools, items: 400 / scale, itemSize: large).run() }),
            ("transfer", { try await TransferBench(tools: tools, items: 10_000 / scale, itemSize: small).run() }),
            ("download", { try await DownloadBench(tools: tools, items: 400 / scale, itemSize: large).run() }),
            ("download", { try await DownloadBench(tools: tools, items: 10_000 / scale, itemSize: small).run() }),
            ("open", { try await OpenBench.run(tools: tools, scale: scale) }),
            ("restore", { try await RestoreBench.run(tools: tools, scale: scale) }),
            ("takeout-index", { try await TakeoutIndexBench(tools: tools, entries: 100_000 / scale).run() }),
            ("takeout", { try await TakeoutBench(tools: tools, items: 1024 / scale, itemSize: large).run() }),
            ("soak", { try await SoakBench(tools: tools, items: 20_000 / scale).run() }),
        ]
        for bench in all where wanted.isEmpty || wanted.contains(bench.name) { try await bench.run() }
    }
}

/// The programs that are measured, and a directory for what they make.
struct Tools {
    let gphotos: String
    let fake: String
    let curl: String?
    /// On the file system of the build, not in a memory file system.
    let scratch: String

    init() throws {
        let directory = URL(fileURLWithPath: CommandLine.arguments[0]).resolvingSymlinksInPath()
            .deletingLastPathComponent().path
        gphotos = directory + "/gphotos"
        fake = directory + "/gphotos-fake"
        curl = ["/usr/bin/curl", "/usr/local/bin/curl"].first { FileManager.default.isExecutableFile(atPath: $0) }
        // Nothing is removed before the end: for a while, ext4 steps over every inode that was freed, one by one, when it
        // makes a file, which would be measured with it.
        scratch = directory + "/bench-scratch-\(getpid())"
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: true)
    }

    /// A fresh directory below the scratch directory.
    func directory(_ name: String) throws -> String {
        let path = "\(scratch)/\(name)-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }
}

/// Prints a line at once, also into a pipe.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
