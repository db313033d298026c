import FakePhotos
import StrictJSON
import Testing

@Suite struct FaultRuleTests {
    /// The numbers of the requests that failed, counted from 1.
    private func failures(of count: Int, _ library: FakeLibrary, _ target: String = "/v1/albums") async throws -> [Int]
    {
        let client = try TestClient(library)
        var failures: [Int] = []
        for number in 1...count where await client.get(target).status != 200 { failures.append(number) }
        return failures
    }

    @Test func everyNthRequestIsBefallenForEver() async throws {
        let library = try FakeLibrary(options: .empty)
        var fault = FakeFault(.status, on: .albumsList)
        (fault.every, fault.after, fault.count) = (3, 1, nil)
        library.inject(fault)
        #expect(try await failures(of: 14, library) == [4, 7, 10, 13])
        #expect(library.faultCount(.status) == 4)
        library.clearFaults()
        #expect(try await failures(of: 3, library) == [])
        fault.count = 2
        library.inject(fault)
        #expect(try await failures(of: 14, library) == [4, 7])
    }

    @Test(arguments: [UInt64(1), 2, 77])
    func aRateIsDecidedByTheSeed(seed: UInt64) async throws {
        func run(_ seed: UInt64) async throws -> [Int] {
            var options = FakeOptions.empty
            options.plan.seed = seed
            let library = try FakeLibrary(options: options)
            var fault = FakeFault(.status, on: .albumsList)
            (fault.rate, fault.count) = (0.1, nil)
            library.inject(fault)
            return try await failures(of: 1000, library)
        }
        let first = try await run(seed)
        #expect((60...140).contains(first.count), "\(first.count) of 1000, seed \(seed)")
        #expect(try await run(seed) == first)
        #expect(try await run(seed + 1) != first)
    }

    @Test(arguments: [
        ("albums.*", ["/v1/albums"], ["/v1/mediaItems"]),
        ("*.list", ["/v1/albums", "/v1/mediaItems"], ["/v1/nothing"]),
        ("media?tems.list", ["/v1/mediaItems"], ["/v1/albums"]),
        ("*", ["/v1/albums", "/v1/mediaItems"], []),
    ])
    func patternsNameEndpoints(pattern: String, befallen: [String], others: [String]) async throws {
        let library = try FakeLibrary(options: .empty)
        let client = try TestClient(library)
        var fault = FakeFault(.status, onAll: pattern)
        (fault.status, fault.count) = (503, nil)
        library.inject(fault)
        for target in befallen { #expect(await client.get(target).status == 503, "\(target)") }
        for target in others { #expect(await client.get(target).status != 503, "\(target)") }
    }

    @Test func aFaultOfPagesWaitsForAPage() async throws {
        let library = try FakeLibrary()
        let client = try TestClient(library)
        library.inject(FakeFault(.emptyPage))
        let id = try library.items(hashing: false)[0].id
        #expect(await client.get("/v1/mediaItems/\(id)").status == 200)
        #expect(library.faultCount(.emptyPage) == 0)
        #expect(try await client.get("/v1/mediaItems").json().ids.isEmpty)
        #expect(library.faultCount(.emptyPage) == 1)
    }

    @Test func rulesComeAsJSON() async throws {
        let library = try FakeLibrary(options: .empty)
        func post(_ fault: JSON) async -> Int {
            await library.respond(to: FakeRequest("POST", "/_fake/faults", body: fault.bytes)).status
        }
        #expect(await post(["kind": "status", "endpoint": "albums.*", "every": 2]) == 200)
        #expect(try await failures(of: 6, library) == [2, 4, 6])
        library.clearFaults()
        #expect(await post(["kind": "status", "endpoint": "albums.list", "count": nil, "status": 503]) == 200)
        #expect(try await failures(of: 4, library) == [1, 2, 3, 4])
        let wrong: [JSON] = [
            ["kind": "status", "endpoint": "albumz.*"], ["kind": "status", "rate": 1.5],
            ["kind": "status", "every": 0],
            ["kind": "status", "count": 0], ["kind": "throttle", "bytes": 0], ["kind": "status", "after": -1],
        ]
        for fault in wrong { #expect(await post(fault) == 400, "\(fault)") }
    }
}
