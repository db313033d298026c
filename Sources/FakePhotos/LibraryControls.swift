import ConnectorKit

/// Faults, clock, rules and counters, for tests.
extension FakeLibrary {
    /// Lets something go wrong.
    public func inject(_ fault: FakeFault) { withState { $0.faults.add(fault) } }

    /// Forgets all faults and lets stalled answers go on.
    public func clearFaults() {
        gate.open(withState { $0.faults.clear() })
    }

    /// Moves the clock on.
    public func advanceClock(seconds: Int) { clock.advance(seconds: Int64(seconds)) }

    /// Seconds since 1970, by the service's clock.
    public var now: Int64 { clock.now }

    public var rules: ServiceRules { withState { $0.rules } }

    public func updateRules(_ change: @Sendable (inout ServiceRules) -> Void) { withState { change(&$0.rules) } }

    /// How often an endpoint was asked since the start, or since the last reset.
    public func requestCount(_ endpoint: Endpoint) -> Int { withState { $0.statistics.count(endpoint) } }

    /// How many requests there were since the start, or since the last reset.
    public var requestCount: Int { withState { $0.statistics.requestCount } }

    /// Requests whose answer is not delivered yet.
    public var requestsInFlight: Int { withState { $0.statistics.inFlight } }

    public var bytesDownloaded: Int64 { withState { $0.statistics.bytesDownloaded } }
    /// The most requests that were under way at a time since the start, or since the last reset.
    public var mostRequestsInFlight: Int { withState { $0.statistics.mostInFlight } }
    /// Uploads that came with their hash.
    public var checkedUploads: Int { withState { $0.statistics.checkedUploads } }
    public var authorizedDownloads: Int { withState { $0.statistics.authorizedDownloads } }
    public var tokenRefreshes: Int { withState { $0.statistics.tokenRefreshes } }

    /// How many requests, and items of a `batchCreate`, a kind of fault befell.
    public func faultCount(_ kind: FakeFault.Kind) -> Int { withState { $0.statistics.count(kind) } }

    /// The last 1,000 requests that are over, from the oldest to the newest.
    public var log: [LoggedRequest] { withState { $0.log.requests } }

    public func clearLog() { withState { $0.log.clear() } }

    /// Every upload that was given a token, from the first to the last.
    public var uploads: [FakeUpload] {
        withState { state in
            state.uploads.enumerated().map { index, record in
                FakeUpload(
                    id: index + 1, account: state.accounts[record.account].name, bytes: record.bytes,
                    sha256: Self.hexadecimal(record.sha256), sha1: Self.hexadecimal(record.sha1),
                    transfer: record.transfer, mimeType: record.mimeType, filename: record.filename,
                    chunks: record.chunks,
                    item: record.item.map {
                        state.sealer.id(.item, ObjectReference(account: record.account, position: $0))
                    })
            }
        }
    }

    /// When the day's quotas are refilled, in seconds since 1970.
    public var quotaReset: Int64 {
        let now = clock.now
        return withState { $0.rules.quotaDay.reset(after: now) }
    }

    /// What an OAuth client has used of the day's quotas.
    public func quotaUsed(clientID: String = FakeLibrary.clientID) -> (requests: Int, downloads: Int) {
        let now = clock.now
        return withState { state in
            guard let client = state.clients.firstIndex(where: { $0.id == clientID }) else { return (0, 0) }
            return state.quota.used(client: client, day: state.rules.quotaDay.number(of: now))
        }
    }

    public func resetStatistics() { withState { $0.statistics.reset() } }

    /// Changes an item as its owner can in Google Photos; what is nil stays.
    /// - Throws: ``ConnectorError`` with code `not-found`.
    public func updateItem(
        _ id: String, filename: String? = nil, description: String? = nil, isArchived: Bool? = nil,
        isFavorite: Bool? = nil, isTrashed: Bool? = nil, isProcessing: Bool? = nil
    ) throws(ConnectorError) {
        try withState { state throws(ConnectorError) in
            guard let object = state.sealer.reference(.item, id), object.account < state.accounts.count,
                object.position < state.accounts[object.account].items.count
            else { throw ConnectorError(.notFound, "there is no item \(id)") }
            func change(_ item: inout MediaItem) {
                if let filename { item.filename = filename }
                if let description { item.description = description }
                if let isArchived { item.flags.set(.archived, isArchived) }
                if let isFavorite { item.flags.set(.favorite, isFavorite) }
                // As long as the clock goes, or from the start.
                if let isProcessing { item.readyTime = isProcessing ? .max : 0 }
                if let isTrashed { item.flags.set(.trashed, isTrashed) }
            }
            change(&state.accounts[object.account].items[Int(object.position)])
        }
    }

    /// Removes an album, as its owner can and no app.
    public func deleteAlbum(_ id: String) throws(ConnectorError) {
        try withState { state throws(ConnectorError) in
            guard let object = state.sealer.reference(.album, id), object.account < state.accounts.count,
                object.position < state.accounts[object.account].albums.count
            else { throw ConnectorError(.notFound, "there is no album \(id)") }
            state.accounts[object.account].albums[Int(object.position)].isDeleted = true
        }
    }
}

extension MediaItem.Flags {
    mutating func set(_ flag: MediaItem.Flags, _ isSet: Bool) {
        if isSet { insert(flag) } else { remove(flag) }
    }
}
