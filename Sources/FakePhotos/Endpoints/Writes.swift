/// What keeps a user from writing too much at a time.
extension LibraryState {
    /// Counts a write before it is carried out.
    mutating func admitWrite(_ call: Call) throws(APIError) {
        if let limit = rules.concurrentWrites, accounts[call.account].writing >= limit {
            throw .concurrentWrite.retry(after: rules.quotaRetryAfter)
        }
        guard let limit = rules.writesPerMinute else { return }
        let minute = call.now / 60
        if accounts[call.account].writeMinute.minute != minute { accounts[call.account].writeMinute = (minute, 0) }
        if accounts[call.account].writeMinute.count >= limit {
            throw .writeQuota(value: limit).retry(after: rules.quotaRetryAfter)
        }
        accounts[call.account].writeMinute.count += 1
    }

    /// A write is under way until its answer is delivered.
    mutating func beginWrite(_ call: Call, _ response: inout FakeResponse) {
        accounts[call.account].writing += 1
        response.writer = call.account
    }
}

extension Endpoint {
    /// Whether it changes albums or descriptions.
    var changesAlbums: Bool {
        switch self {
        case .albumsCreate, .albumsPatch, .albumsBatchAdd, .albumsBatchRemove, .albumsEnrich, .itemsPatch: true
        default: false
        }
    }
}
