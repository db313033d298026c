import StrictJSON
import Testing

@Suite struct DoctorTests {
    private func statuses(_ outcome: Sandbox.Outcome) throws -> [String] {
        try JSON(parsing: outcome.out).arrayValue?.compactMap { $0["status"]?.stringValue } ?? []
    }

    @Test func aSoundSetupPassesAndShowsWhatTodayHasLeft() async throws {
        try await Stage.run(3) { stage in
            let outcome = await stage.sandbox.run("doctor")
            #expect(outcome.status == 0, "\(outcome.out)")
            #expect(outcome.out.contains("source demo: Google was reached"))
            #expect(outcome.out.contains("destination demo2: Google was reached"))
            // One request for each of the two, both with the same client id.
            #expect(outcome.out.contains("9,999 of 10,000 requests and 75,000 of 75,000 downloads left"))
            #expect(outcome.out.contains("vault") && outcome.out.contains("not there yet"))
            _ = try await stage.backup()
            let again = await stage.sandbox.run("doctor --offline")
            #expect(again.out.contains("1 snapshot"))
            let downloads = 75_000 - stage.service.library.requestCount(.download)
            #expect(again.out.contains("\(downloads / 1000),\(downloads % 1000) of 75,000 downloads left"))
        }
    }

    @Test func whatKeepsABackupFromWorkingFails() async throws {
        try await Stage.run(3) { stage in
            try stage.service.library.revokeTokens(account: "demo")
            let outcome = await stage.sandbox.run("doctor --json")
            #expect(outcome.status == 1)
            #expect(try statuses(outcome).contains("fail"))
            #expect(outcome.out.contains("has expired or was revoked") || outcome.out.contains("refuses"))
        }
    }

    @Test func anEmptyConfigurationIsSaidToBeOne() async throws {
        let outcome = await (try Sandbox()).run("doctor")
        #expect(outcome.status == 0)
        #expect(outcome.out.contains("there is no source and no destination yet"))
    }
}
