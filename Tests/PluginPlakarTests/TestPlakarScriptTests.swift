import Foundation
import Testing

/// `make test-plakar`, as far as it goes without a Plakar.
@Suite(.timeLimit(.minutes(2)))
struct TestPlakarScriptTests {
    private static let package = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().path

    /// - Parameter stub: the text of a script named plakar, the only one on the PATH.
    private func run(stub: String?) throws -> (status: Int32, output: String) {
        let directory = NSTemporaryDirectory() + "gphotos-stub-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        if let stub {
            let path = directory + "/plakar"
            try Data(stub.utf8).write(to: URL(fileURLWithPath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        }
        let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = [
            Self.package + "/scripts/test-plakar.sh", (tests as NSString).deletingLastPathComponent,
        ]
        process.environment = ["PATH": directory + ":/usr/bin:/bin", "TMPDIR": directory]
        let pipe = Foundation.Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    @Test(
        .enabled(if: !["/usr/bin/plakar", "/bin/plakar"].contains(where: FileManager.default.fileExists(atPath:)))
    ) func withoutAPlakarItSaysSoInALine() throws {
        let outcome = try run(stub: nil)
        #expect(outcome == (0, "skipped: there is no plakar on the PATH\n"))
    }

    /// One that does nothing, and says that all is well.
    @Test func aPlakarThatMakesNoPackageFailsIt() throws {
        let outcome = try run(stub: "#!/bin/sh\nexit 0\n")
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("wrong: there is no package"))
    }

    /// Plakar exits 0 although files failed.
    @Test func aFileThatFailedFailsIt() throws {
        let stub = """
            #!/bin/sh
            case "$*" in
            pkg\\ create*) touch gphotos_v0.0.0_linux_amd64.ptar ;;
            *backup*) echo "0badc0de: KO x /media/a.jpg: no" ;;
            esac
            """
        let outcome = try run(stub: stub)
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("wrong: there are files that failed"))
        #expect(outcome.output.contains("backup @demo"))
    }

    /// One that keeps nothing of what it was told to.
    @Test func aSnapshotThatLacksFilesFailsIt() throws {
        let stub = """
            #!/bin/sh
            case "$*" in
            pkg\\ create*) touch gphotos_v0.0.0_linux_amd64.ptar ;;
            *\\ ls) echo "2026-01-01T00:00:00Z   0badc0de   1 MiB   1s /" ;;
            *restore*) mkdir -p "$5" ;;
            esac
            """
        let outcome = try run(stub: stub)
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("wrong: the snapshot is not what the service holds"))
    }
}
