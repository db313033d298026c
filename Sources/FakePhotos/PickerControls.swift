import ConnectorKit
import StrictJSON

/// What the user does on the Picker's page.
extension FakeLibrary {
    /// A session as the service knows it.
    public struct PickerState: Sendable, Hashable {
        public var id: String
        public var account: String
        /// The ids of the chosen items, in the order in which they were chosen.
        public var items: [String]
        public var maxItemCount: Int
        public var isDone: Bool
    }

    /// The sessions that were begun and not deleted, the oldest first.
    public var pickerSessions: [PickerState] {
        withState { state in
            state.pickerSessions.sorted { ($0.value.birth, $0.key) < ($1.value.birth, $1.key) }.map { id, session in
                PickerState(
                    id: id, account: state.accounts[session.account].name,
                    items: session.items.map {
                        state.sealer.id(.item, ObjectReference(account: session.account, position: $0))
                    }, maxItemCount: session.maxItemCount, isDone: session.isDone)
            }
        }
    }

    /// Chooses items in a session, beside those that were chosen before.
    /// - Parameter isDone: whether the user presses Done afterwards.
    /// - Throws: ``ConnectorError``: `not-found` for an unknown session or item, `rejected` where it is done already or
    ///   takes no more.
    public func pick(_ ids: [String], session id: String, isDone: Bool = true) throws(ConnectorError) {
        try withState { state throws(ConnectorError) in
            let session = try state.openSession(id)
            var positions: [Int32] = []
            for id in ids {
                guard let object = state.sealer.reference(.item, id), object.account == session.account,
                    object.position < state.accounts[session.account].items.count
                else { throw ConnectorError(.notFound, "there is no item \(id)") }
                positions.append(object.position)
            }
            try state.pick(positions, session: id, isDone: isDone)
        }
    }

    /// Chooses the newest so many items that are not chosen yet.
    public func pick(count: Int, session id: String, isDone: Bool = true) throws(ConnectorError) {
        try withState { state throws(ConnectorError) in
            let session = try state.openSession(id)
            let chosen = Set(session.items)
            let account = state.accounts[session.account]
            let new = account.newestFirst.lazy.filter {
                !chosen.contains($0) && !account.items[Int($0)].flags.contains(.trashed)
            }
            try state.pick(Array(new.prefix(max(0, count))), session: id, isDone: isDone)
        }
    }

    /// Chooses items in the next session that nothing was told of yet, as soon as the app looks at it.
    /// - Parameter looks: how often the app looks in vain before.
    public func willPick(_ ids: [String], isDone: Bool = true, afterLooks looks: Int = 0) {
        withState { $0.pickerChoices.append(PickerChoice(items: .ids(ids), isDone: isDone, looks: looks)) }
    }

    /// Chooses, in the next session that nothing was told of yet, the newest items that were chosen in no session before.
    public func willPick(count: Int, isDone: Bool = true, afterLooks looks: Int = 0) {
        withState { $0.pickerChoices.append(PickerChoice(items: .newest(count), isDone: isDone, looks: looks)) }
    }

    /// `POST /_fake/picker`. Without a session it is about the next one.
    func changePicker(_ body: JSONObject) throws {
        let isDone = body["done"]?.boolValue ?? true
        guard let id = body["session"]?.stringValue else {
            let looks = Int(clamping: body["looks"]?.integerValue ?? 0)
            if let count = body["count"]?.integerValue {
                willPick(count: Int(clamping: count), isDone: isDone, afterLooks: looks)
            } else {
                let ids = (body["pick"]?.arrayValue ?? []).compactMap(\.stringValue)
                willPick(ids, isDone: isDone, afterLooks: looks)
            }
            return
        }
        do throws(ConnectorError) {
            if let count = body["count"]?.integerValue {
                try pick(count: Int(count), session: id, isDone: isDone)
            } else {
                let ids = (body["pick"]?.arrayValue ?? []).compactMap(\.stringValue)
                try pick(ids, session: id, isDone: isDone)
            }
        } catch {
            throw error.code == .notFound ? APIError.notFound(error.message) : APIError.invalidArgument(error.message)
        }
    }

    /// `GET /_fake/picker`.
    var pickerJSON: JSON {
        .array(
            pickerSessions.map {
                [
                    "id": .string($0.id), "account": .string($0.account),
                    "items": .array($0.items.map { .string($0) }), "maxItemCount": .integer(Int64($0.maxItemCount)),
                    "done": .bool($0.isDone),
                ]
            })
    }
}

extension LibraryState {
    fileprivate func openSession(_ id: String) throws(ConnectorError) -> PickerSession {
        guard let session = pickerSessions[id] else { throw ConnectorError(.notFound, "there is no session \(id)") }
        if session.isDone { throw ConnectorError(.rejected, "the session \(id) is done") }
        return session
    }

    /// The user does in a session what was said of it.
    mutating func letUserChoose(_ id: String) {
        guard var session = pickerSessions[id], !session.isDone, session.items.isEmpty else { return }
        let always = rules.pickerChoice.map { PickerChoice(items: .newest($0), isDone: true, looks: 0) }
        guard let choice = pickerChoices.first ?? always else { return }
        session.looks += 1
        pickerSessions[id] = session
        if session.looks <= choice.looks { return }
        if !pickerChoices.isEmpty { pickerChoices.removeFirst() }
        let positions: [Int32]
        switch choice.items {
        case .ids(let ids):
            positions = ids.compactMap { id in
                let object = sealer.reference(.item, id)
                return object?.account == session.account ? object?.position : nil
            }
        case .newest(let count):
            let account = accounts[session.account]
            positions = Array(
                account.newestFirst.lazy.filter {
                    !account.picked.contains($0) && !account.items[Int($0)].flags.contains(.trashed)
                }.prefix(max(0, min(count, session.maxItemCount))))
        }
        // One that takes no more stays as it is, as the page would.
        try? pick(positions, session: id, isDone: choice.isDone)
    }

    fileprivate mutating func pick(_ positions: [Int32], session id: String, isDone: Bool) throws(ConnectorError) {
        guard var session = pickerSessions[id] else { return }
        for position in positions where !session.items.contains(position) { session.items.append(position) }
        accounts[session.account].picked.formUnion(positions)
        guard session.items.count <= session.maxItemCount else {
            throw ConnectorError(.rejected, "the session \(id) takes \(session.maxItemCount) items")
        }
        session.isDone = isDone
        pickerSessions[id] = session
    }
}
