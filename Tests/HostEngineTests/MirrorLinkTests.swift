import ConnectorKit
import Foundation
import PluginJSONL
import Synchronization
import Testing

@testable import HostEngine

/// Keeps what failed.
private final class Failures: RunObserver {
    private let list = Mutex<[String]>([])

    var paths: [String] { list.withLock { $0.sorted() } }
    func progress(_ progress: RunProgress) {}
    func failed(_ pathname: Pathname, _ error: ConnectorError) { list.withLock { $0.append(pathname.string) } }
}

/// A mirror of a source that has links: a shell script that says what it is told to.
@Suite(.timeLimit(.minutes(1)))
struct MirrorLinkTests {
    private static let connector = """
        while read -r line; do
          id=$(printf '%s' "$line" | sed 's/.*"id":\\([0-9]*\\).*/\\1/')
          case "$line" in
          *'"type":"hello"'*) echo '{"type":"hello","protocol":"kloset.jsonl","version":1,"name":"links",\
        "plugin_version":"1","roles":["importer"],"capabilities":[],"max_line":8388608}' ;;
          *'"type":"init"'*) echo '{"type":"ok","id":'$id',"origin":"o","kind":"k","root":"/","flags":[]}' ;;
          *'"type":"import"'*) cat "$0"; left=$(wc -l < "$0"); import=$id ;;
          *'"type":"result"'*) left=$((left - 1))
            if [ $left = 0 ]; then echo '{"type":"ok","id":'$import',"records":0,"errors":0}'; fi ;;
          *'"type":"close"'*) echo '{"type":"ok","id":'$id'}'; exit 0 ;;
          esac
        done
        """

    /// Runs a mirror of directories and links.
    private func mirror(_ links: [(path: String, target: String)], in scratch: Scratch) async throws -> Failures {
        var records = ["/", "/album", "/media"].map { #""pathname":"\#($0)","kind":"directory""# }
        records += links.map { #""pathname":"\#($0.path)","kind":"symlink","target":"\#($0.target)""# }
        let lines = records.enumerated().map { number, fields in
            #"{"type":"record","record":\#(number + 1),\#(fields),"permissions":448,"#
                + #""mod_time":"2026-01-02T03:04:05Z","has_content":false}"#
        }
        try scratch.write(lines.joined(separator: "\n") + "\n", to: "records")
        let command = ConnectorCommand(
            executable: "/bin/sh", arguments: ["-c", Self.connector, scratch.path + "/records"],
            environment: ["PATH": "/usr/bin:/bin"])
        let link = try await ConnectorLink.open(
            command, config: [:], options: ConnectorOptions(), version: "1", runtime: .live
        ) { _ in }
        let failures = Failures()
        do {
            _ = try await Mirror(
                link: link, folder: scratch.path + "/out", transfers: 2, runtime: .live, observer: failures
            ).run(.always) { _ in }
        } catch {
            await link.close()
            throw error
        }
        await link.close()
        return failures
    }

    private func target(_ name: String, in scratch: Scratch) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: scratch.path + "/out" + name)
    }

    @Test func linksAreMadeRenewedAndRemovedAndNoneLeadsOut() async throws {
        let scratch = try Scratch()
        let first = try await mirror(
            [("/album/a", "../media/x"), ("/album/out", "../../etc/passwd"), ("/album/abs", "/etc/passwd")], in: scratch
        )
        #expect(first.paths == ["/album/abs", "/album/out"])
        #expect(target("/album/a", in: scratch) == "../media/x")
        #expect(target("/album/out", in: scratch) == nil)

        let second = try await mirror([("/album/a", "../media/y"), ("/album/b", "a")], in: scratch)
        #expect(second.paths.isEmpty)
        #expect(target("/album/a", in: scratch) == "../media/y")

        try FileManager.default.removeItem(atPath: scratch.path + "/out/album/b")
        try FileManager.default.createSymbolicLink(
            atPath: scratch.path + "/out/album/b", withDestinationPath: "mine")
        let third = try await mirror([("/album/b", "a")], in: scratch)
        #expect(third.paths == ["/album/b"])
        #expect(target("/album/a", in: scratch) == nil)
        #expect(target("/album/b", in: scratch) == "mine")
    }
}
