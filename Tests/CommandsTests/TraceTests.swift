import Foundation
import StrictJSON
import Testing

/// What a run says of itself, at its most talkative: all of it, and no secret.
@Suite struct TraceTests {
    @Test func theMostVerboseRunShowsEveryRequestAndNoSecret() async throws {
        try await Stage.run(30) { stage in
            stage.service.library.inject(.init(.status, on: .itemsSearch))
            let outcome = await stage.sandbox.run("backup @demo -vv")
            #expect(outcome.status == 0)
            #expect(outcome.err.contains("mediaItems.search: 500 after"))
            #expect(outcome.err.contains("mediaItems.search: 200 after"))
            #expect(outcome.err.contains("albums.list: 200 after"))
            let downloads = outcome.err.split(separator: "\n").count { $0.hasPrefix("download: 200 after") }
            #expect(downloads == 30)
            let restore = await stage.sandbox.run("restore latest:/album/Lisbon --to @demo2:/album/Lisbon -vv")
            #expect(restore.err.contains("uploads: 200 after"))
            let said = outcome.out + outcome.err + restore.out + restore.err
            for secret in try await Self.secrets(stage) { #expect(!said.contains(secret), "\(secret.prefix(8))...") }
        }
    }

    /// The tokens and client secrets of the configuration, and the mark of every download URL.
    private static func secrets(_ stage: Stage) async throws -> [String] {
        let config = try stage.sandbox.config()
        var secrets = ["/lh3/", "ya29.", "Bearer"]
        for (kind, name) in [("sources", "demo"), ("destinations", "demo2")] {
            let settings = try #require(config[kind]?[name])
            secrets.append(try #require(settings["client_secret"]?.stringValue))
            let token = try JSON(parsing: try #require(settings["token"]?.stringValue))
            secrets.append(try #require(token["refresh_token"]?.stringValue))
        }
        return secrets
    }
}
