import ArgumentParser
import FakePhotos
import Foundation

@main
struct GphotosFake: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gphotos-fake", abstract: "A fake of Google Photos on 127.0.0.1, for tests, demos and benchmarks.",
        subcommands: [ServeCommand.self, TakeoutCommand.self], defaultSubcommand: ServeCommand.self)
}

/// What the library of the account demo is made of.
struct LibraryOptions: ParsableArguments {
    @Option(help: "Media items of the account demo.") var items = 300
    @Option(help: "Albums of the account demo.") var albums = 12
    @Option(help: "The same seed makes the same library.") var seed: UInt64 = 1
    @Option(help: "Exact bytes of every item.") var itemSize: Int?
    @Option(help: "Favourites; one item in twenty by default.") var favorites: Int?
    @Option(help: "Years of pictures, the last of which is 2026.") var spanYears = 8
    @Flag(help: "Leave out what no file system likes in names.") var plainNames = false

    var plan: LibraryPlan {
        var plan = LibraryPlan()
        plan.items = items
        plan.albums = albums
        plan.seed = seed
        plan.itemSize = itemSize
        plan.favorites = favorites
        plan.spanYears = spanYears
        plan.hasOddNames = !plainNames
        return plan
    }
}

/// `gphotos-fake serve`, which need not be said.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "serve", abstract: "Answer like Google Photos.")

    @OptionGroup var library: LibraryOptions
    @Flag(help: "Remove the place from photos on download, as Google does.") var stripGps = false
    @Flag(help: "Give other bytes for videos than were uploaded, as Google does.") var transcode = false
    @Flag(help: "Make items of uploads that are no pictures.") var acceptAnyContent = false
    @Flag(help: "Enforce 10,000 requests and 75,000 downloads a day.") var quotas = false
    @Option(help: "Seconds that an access token is good for.") var tokenLifetime = 3599
    @Option(help: "The port; 0 for any that is free.") var port = 0
    @Option(help: "Write the port to this file.") var portFile: String?
    @Option(help: "Write a configuration as rclone has it to this file.") var rcloneConfig: String?
    @Flag(help: "Say nothing.") var quiet = false

    func run() async throws {
        var options = FakeOptions()
        options.plan = library.plan
        options.rules.stripsLocation = stripGps
        options.rules.transcodesVideos = transcode
        options.rules.acceptsAnyContent = acceptAnyContent
        options.rules.accessTokenLifetime = tokenLifetime
        if quotas { (options.rules.requestsPerDay, options.rules.downloadsPerDay) = (10_000, 75_000) }

        let (ends, end) = AsyncStream.makeStream(of: Void.self)
        let signals = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { end.yield() }
            source.resume()
            return source
        }
        let server = try await FakePhotosServer.start(options: options, port: port)
        if let rcloneConfig { try write(try server.rcloneConfig(), to: rcloneConfig) }
        if let portFile { try write("\(server.port)\n", to: portFile) }
        if !quiet {
            print("listening on \(server.baseURL)")
            fflush(nil)
        }
        for await _ in ends { break }
        for source in signals { source.cancel() }
        try await server.stop()
    }

    /// Writes a file that is either not there or whole, and that only its owner reads.
    private func write(_ text: String, to path: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }
}
