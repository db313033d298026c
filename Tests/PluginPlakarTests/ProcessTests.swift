import ConnectorKit
import Crypto
import FakePhotos
import Foundation
import SeededRandom
import TestSupport
import Testing

@testable import PluginPlakar

/// The program itself, as Plakar starts it, against the service.
@Suite(.timeLimit(.minutes(2)))
struct ProcessTests {
    /// What Plakar keeps of a file, and by which it decides whether to read it again.
    private struct Kept: Sendable {
        var info: Plakar_Connectors_FileInfo
        var sha256: String

        /// The size that was read takes the place of the one that was told; -1 is equal to any.
        func isUnchanged(_ other: Plakar_Connectors_FileInfo) -> Bool {
            var other = other
            if other.size == -1 { other.size = info.size }
            return other == info
        }
    }

    private struct Backup: Sendable {
        var answer: Importer_InitResponse
        var records: [Plakar_Connectors_Record]
        var kept: [String: Kept]
        var opened: Int
    }

    /// Starts `gphotos plugin ROLE --protocol plakar` and runs a body on its pipes.
    /// - Returns: what the body returned, the exit status and what was on stderr.
    private func withProcess<Result: Sendable>(
        _ role: String, home: String, _ body: @Sendable (PlakarHost) async throws -> Result
    ) async throws -> (Result, Int32, String) {
        let input = Foundation.Pipe()
        let output = Foundation.Pipe()
        let errors = home + "/stderr"
        _ = FileManager.default.createFile(atPath: errors, contents: nil)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: Self.program)
        process.arguments = ["plugin", role, "--protocol", "plakar"]
        process.environment = ["HOME": home, "XDG_STATE_HOME": home + "/state"]
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle(forWritingAtPath: errors)
        let (exited, exit) = AsyncStream.makeStream(of: Void.self)
        process.terminationHandler = { _ in exit.finish() }
        try process.run()
        func own(_ handle: FileHandle) -> Int32 { fcntl(handle.fileDescriptor, F_DUPFD_CLOEXEC, 3) }
        let ends = (own(output.fileHandleForReading), own(input.fileHandleForWriting))
        for handle in [input.fileHandleForReading, input.fileHandleForWriting] { try handle.close() }
        for handle in [output.fileHandleForReading, output.fileHandleForWriting] { try handle.close() }
        let result = try await PlakarHost.connected(input: ends.0, output: ends.1, body)
        for await _ in exited {}
        let said = String(decoding: FileManager.default.contents(atPath: errors) ?? Data(), as: UTF8.self)
        return (result, process.terminationStatus, said)
    }

    private static var program: String {
        let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return (tests as NSString).deletingLastPathComponent + "/gphotos"
    }

    private func withHome(_ body: (String) async throws -> Void) async throws {
        let home = NSTemporaryDirectory() + "gphotos-plakar-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: home) }
        try await body(home)
    }

    /// The settings as `plakar source import -rclone` stores them.
    private func stored(_ service: FakeService, _ account: String, location: String = "rclone://") throws
        -> [String: String]
    {
        let settings = try service.settings(account).values.filter { $0.key != "name" }
        return Dictionary(uniqueKeysWithValues: settings.map { ("rclone_" + $0.key, $0.value) })
            .merging(["location": location]) { $1 }
    }

    /// A backup as Plakar makes one: without a ping, and reading what it does not have, at any time.
    private func backUp(
        _ config: [String: String], parent: [String: Kept] = [:], home: String, seed: UInt64
    ) async throws -> Backup {
        let (backup, status, said) = try await withProcess("importer", home: home) { host in
            let answer = try await host.setUpSource(config)
            let kept = Box<[String: Kept]>([:])
            let opened = Box(0)
            let chance = Box(SeededRandom(seed: seed))
            let records = try await host.backUp { record in
                guard record.hasReader_p else { return }
                if let known = parent[record.pathname], known.isUnchanged(record.fileInfo) {
                    kept.change { $0[record.pathname] = known }
                    return
                }
                let turns = Box(0)
                chance.change { random in
                    let count = Int.random(in: 0..<20, using: &random)
                    turns.change { $0 = count }
                }
                for _ in 0..<turns.value { await Task.yield() }
                opened.change { $0 += 1 }
                var hash = SHA256()
                var info = record.fileInfo
                info.size = 0
                for chunk in try await host.open(record.pathname) {
                    #expect(!chunk.isEmpty && chunk.count <= 1 << 20)
                    hash.update(data: chunk)
                    info.size += Int64(chunk.count)
                }
                let content = Kept(info: info, sha256: String(hexadecimal: Array(hash.finalize())))
                kept.change { $0[record.pathname] = content }
            }
            try await host.close()
            return Backup(answer: answer, records: records, kept: kept.value, opened: opened.value)
        }
        #expect(status == 0)
        #expect(said.isEmpty, "a backup that went well is quiet")
        return backup
    }

    @Test func aSecondBackupWithNothingChangedOpensNothing() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var options = FakeOptions()
        options.plan.items = 120
        try await FakeService.run(options) { service in
            try await withHome { home in
                let config = try stored(service, "demo")
                let first = try await backUp(config, home: home, seed: seed)
                #expect(first.answer.flags == LocationFlag.stream)
                #expect(first.opened == first.records.filter(\.hasReader_p).count, "seed \(seed)")
                let second = try await backUp(config, parent: first.kept, home: home, seed: seed)
                #expect(second.opened == 0)
                #expect(second.answer.origin == first.answer.origin)
                #expect(second.answer == first.answer)
                #expect(second.records.map(\.pathname).sorted() == first.records.map(\.pathname).sorted())
                // All that was learnt was saved before Close: now the sizes are known.
                #expect(second.records.filter { $0.hasReader_p && $0.fileInfo.size < 0 }.isEmpty)
                // Even a state that is lost costs nothing: -1 is no difference.
                try FileManager.default.removeItem(atPath: home + "/state")
                #expect(try await backUp(config, parent: first.kept, home: home, seed: seed).opened == 0)
                #expect(service.library.requestCount(.download) == 120)
            }
        }
    }

    @Test func everyFileHasTheBytesOfItsItemAndEveryParentComesFirst() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        var options = FakeOptions()
        options.plan.items = 60
        try await FakeService.run(options) { service in
            try await withHome { home in
                let backup = try await backUp(try stored(service, "demo"), home: home, seed: seed)
                let expected = Set(try service.library.items(of: "demo").filter { !$0.isTrashed }.map(\.sha256))
                #expect(Set(backup.kept.values.map(\.sha256)) == expected, "seed \(seed)")
                var seen: Set<String> = []
                for record in backup.records {
                    let pathname = try Pathname(record.pathname)
                    #expect(seen.insert(record.pathname).inserted)
                    #expect(record.fileInfo.name == (pathname.isRoot ? "/" : pathname.name))
                    for directory in pathname.ancestors { #expect(seen.contains(directory.string)) }
                    #expect((record.fileInfo.mode & GoFileMode.directory != 0) == !record.hasReader_p)
                    // Those would be read again in every backup, and no destination gets them.
                    #expect(!record.isXattr && record.extendedAttributes.isEmpty)
                }
                #expect(backup.records.first?.pathname == "/")
            }
        }
    }

    @Test func aContentIsReadHoursAfterItsRecordAlthoughItsURLIsOver() async throws {
        var options = FakeOptions()
        options.plan.items = 30
        try await FakeService.run(options) { service in
            try await withHome { home in
                let config = try stored(service, "demo")
                let (sizes, status, said) = try await withProcess("importer", home: home) { host in
                    try await host.setUpSource(config)
                    let sizes = try await host.stream(PlakarHost.importer, "Import") {
                        (responses: ImportTests.Responses, input: ImportTests.Acknowledgements) in
                        var records: [Plakar_Connectors_Record] = []
                        var iterator = responses.makeAsyncIterator()
                        while let response = try await iterator.next(), !response.finished {
                            records.append(response.record)
                        }
                        service.clock.advance(.seconds(3 * 3600))
                        var sizes: Set<Int64> = []
                        for record in records {
                            if record.hasReader_p {
                                sizes.insert(Int64(try await host.open(record.pathname).reduce(0) { $0 + $1.count }))
                            }
                            input.yield(.with { $0.result.header = record })
                        }
                        input.finish()
                        while try await iterator.next() != nil {}
                        return sizes
                    }
                    try await host.close()
                    return sizes
                }
                let items = try service.library.items(of: "demo", hashing: false).filter { !$0.isTrashed }
                #expect(sizes == Set(items.map(\.size)))
                #expect(status == 0)
                #expect(said.isEmpty)
            }
        }
    }

    @Test(arguments: ["rclone", "googlephotos", "gphotos"])
    func aPartOfTheLibraryHasItsOwnRootAndItsParents(scheme: String) async throws {
        var options = FakeOptions()
        options.plan.items = 300
        try await FakeService.run(options) { service in
            try await withHome { home in
                let backup = try await backUp(
                    try stored(service, "demo", location: scheme + ":///album/Lisbon"), home: home, seed: 1)
                #expect(backup.answer.root == "/album/Lisbon")
                let directories = backup.records.filter { !$0.hasReader_p }.map(\.pathname)
                #expect(directories == ["/", "/album", "/album/Lisbon"])
                #expect(backup.kept.count > 5)
                #expect(backup.kept.keys.filter { !$0.hasPrefix("/album/Lisbon/") } == [])
            }
        }
    }

    /// As Plakar writes the path of `@NAME:/PATH`.
    @Test func aPathOfTheCommandLineIsDecoded() async throws {
        var options = FakeOptions()
        options.plan.items = 5
        try await FakeService.run(options) { service in
            try await withHome { home in
                let items = try service.library.items(of: "demo").filter { !$0.isTrashed }
                _ = try service.library.addAlbum("Ünder 100%?", items: [items[0].id])
                let config = try stored(service, "demo", location: "rclone:///album/%C3%9Cnder%20100%25%3F")
                let backup = try await backUp(config, home: home, seed: 1)
                #expect(backup.answer.root == "/album/Ünder 100%?")
                #expect(Array(backup.kept.values.map(\.sha256)) == [items[0].sha256])
            }
        }
    }

    @Test func aListingThatFailsFailsTheImportAndLeavesNoSnapshot() async throws {
        var options = FakeOptions()
        options.plan.items = 20
        try await FakeService.run(options) { service in
            try await withHome { home in
                let config = try stored(service, "demo")
                try service.library.revokeTokens(account: "demo")
                let (failure, status, _) = try await withProcess("importer", home: home) { host in
                    try await host.setUpSource(config)
                    do {
                        _ = try await host.backUp()
                        return ""
                    } catch {
                        try await host.close()
                        return "\(error)"
                    }
                }
                #expect(failure.contains("sign"))
                #expect(status == 0)
            }
        }
    }

    @Test func aPhotoThatCannotBeReadFailsItsReadAlone() async throws {
        var options = FakeOptions()
        options.plan.items = 20
        try await FakeService.run(options) { service in
            try await withHome { home in
                let item = try #require(try service.library.items(of: "demo").first)
                var fault = FakeFault(.status, on: .download)
                fault.match = item.id
                fault.status = 404
                fault.count = 100
                service.library.inject(fault)
                let config = try stored(service, "demo")
                let (failed, status, _) = try await withProcess("importer", home: home) { host in
                    try await host.setUpSource(config)
                    let failed = Box<[String]>([])
                    _ = try await host.backUp { record in
                        guard record.hasReader_p else { return }
                        do { _ = try await host.open(record.pathname) } catch {
                            failed.change { $0.append(record.fileInfo.name) }
                        }
                    }
                    try await host.close()
                    return failed.value
                }
                #expect(Set(failed) == [item.filename])
                #expect(status == 0)
            }
        }
    }

    /// Plakar tells no name of a remote of rclone's: two accounts of one client must not be taken for one.
    @Test func aSecondAccountOfTheSameClientGetsEverythingToo() async throws {
        var options = FakeOptions()
        options.plan.items = 10
        try await FakeService.run(options) { service in
            try await withHome { home in
                let originals = try service.library.items(of: "demo").filter { !$0.isTrashed }
                _ = service.library.addAccount("demo3")
                for account in ["demo2", "demo3"] {
                    let config = try stored(service, account)
                    let (errors, status, _) = try await withProcess("exporter", home: home) { host in
                        try await restore(originals, service, config, on: host)
                    }
                    #expect(errors == [])
                    #expect(status == 0)
                    let restored = try service.library.items(of: account)
                    #expect(restored.map(\.sha256).sorted() == originals.map(\.sha256).sorted())
                }
            }
        }
    }

    @Test func whatWasBackedUpIsRestoredToAnotherAccountAndTwiceTheSame() async throws {
        var options = FakeOptions()
        options.plan.items = 30
        try await FakeService.run(options) { service in
            try await withHome { home in
                let originals = Array(try service.library.items(of: "demo").filter { !$0.isTrashed }.prefix(8))
                let config = try stored(service, "demo2")
                for _ in 0..<2 {
                    let (errors, status, said) = try await withProcess("exporter", home: home) { host in
                        try await restore(originals, service, config, on: host)
                    }
                    #expect(errors == [])
                    #expect(status == 0)
                    #expect(said.isEmpty)
                    let album = try service.library.albums(of: "demo2").first { $0.title == "Back" }
                    #expect(album?.items.count == 8)
                    let restored = try service.library.items(of: "demo2")
                    #expect(restored.map(\.sha256).sorted() == originals.map(\.sha256).sorted())
                }
            }
        }
    }

    /// Sends items of one account as an album for the other, as `plakar restore -to` does.
    /// - Returns: the errors of the results.
    private func restore(
        _ items: [FakeItem], _ service: FakeService, _ config: [String: String], on host: PlakarHost
    ) async throws -> [String] {
        let request = Plakar_Exporter_InitRequest.with {
            $0.config = config
            $0.options.maxconcurrency = 4
        }
        let answer = try await host.unary(
            PlakarHost.exporter, "Init", request, as: Plakar_Exporter_InitResponse.self)
        #expect(answer.root == "/")
        let errors = try await host.stream(PlakarHost.exporter, "Export") {
            (results: ExportTests.Results, packets: ExportTests.Packets) in
            for path in ["/", "/album", "/album/Back"] {
                let directory = Record.directory(try Pathname(path), modificationTime: .epoch)
                packets.yield(.with { $0.record = Plakar_Connectors_Record(directory, hasContent: false) })
            }
            for item in items {
                let content = try #require(service.library.content(ofItem: item.id))
                let record = try Record.file("/album/Back/\(item.filename)", size: item.size)
                packets.yield(.with { $0.record = Plakar_Connectors_Record(record, hasContent: true) })
                for start in stride(from: 0, to: content.count, by: 1 << 20) {
                    packets.yield(.with { $0.chunk = Data(content[start..<min(start + 1 << 20, content.count)]) })
                }
                packets.yield(.with { $0.chunk = Data() })
            }
            packets.finish()
            var count = 0
            var errors: [String] = []
            for try await message in results {
                count += 1
                if !message.result.error.isEmpty { errors.append(message.result.error) }
            }
            #expect(count == items.count + 3)
            return errors
        }
        _ = try await host.unary(
            PlakarHost.exporter, "Close", Plakar_Exporter_CloseRequest(), as: Plakar_Exporter_CloseResponse.self)
        return errors
    }
}
