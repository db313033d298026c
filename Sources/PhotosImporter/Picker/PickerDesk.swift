import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// Begins sessions of the Picker, waits for the person, and goes on with sessions that an earlier run left.
struct PickerDesk: Sendable {
    let client: PhotosClient
    let memory: PickerMemory
    let maxItems: Int
    /// Whose sessions these are: those of another app are out of reach.
    let app: String
    /// Only the sessions of this host are gone on with.
    let host: PickerMemory.Host
    let reporter: any ConnectorReporter
    let runtime: Runtime

    /// A session whose items can be listed.
    struct ChosenSession: Sendable, Hashable {
        var id: String
        /// Whether an earlier run tried all of it: it is here for what was left then.
        var wasRead: Bool
    }

    /// The sessions to read now, from the oldest to the newest.
    ///
    /// A session that was begun and not read to its end is gone on with, and nobody is asked. Else a person is asked;
    /// what is left of earlier sessions is tried beside.
    func chosen() async throws -> [ChosenSession] {
        var found: [ChosenSession] = []
        var goesOn = false
        for known in try await memory.takeSessions(of: app, for: host) {
            guard let session = try await session(known) else { continue }
            if !session.isDone {
                // Nobody is to wait for it any more, says the service.
                guard let polling = session.polling, polling.timeout > .zero else {
                    await end(session.id)
                    continue
                }
                try await wait(for: session)
                goesOn = true
            } else if !known.wasRead {
                reporter.log(.info, Self.goingOn, pathname: nil)
                goesOn = true
            }
            found.append(ChosenSession(id: known.id, wasRead: known.wasRead))
        }
        if !goesOn { found.append(ChosenSession(id: try await begin(after: found), wasRead: false)) }
        return found
    }

    /// The sessions of earlier runs that can be read now: nobody is asked, and nobody is waited for.
    func left() async throws -> [ChosenSession] {
        var found: [ChosenSession] = []
        for known in try await memory.takeSessions(of: app, for: host) {
            guard let session = try await session(known), session.isDone else { continue }
            if !known.wasRead { reporter.log(.info, Self.goingOn, pathname: nil) }
            found.append(ChosenSession(id: known.id, wasRead: known.wasRead))
        }
        return found
    }

    private static let goingOn = "going on with what was chosen before"

    /// Ends a session. That fails now and then: then it is remembered and ended by a later run, or by itself.
    func end(_ id: String) async {
        do {
            try await client.deletePickerSession(id)
            try await memory.forget(session: id)
        } catch {
            let reason = ConnectorError(wrapping: error).message
            reporter.log(.warning, "a session of the Picker was not ended: \(reason)", pathname: nil)
            try? await memory.noteRead(session: id)
        }
    }

    /// A session that an earlier run remembered; nil where it is gone.
    private func session(_ known: PickerMemory.Session) async throws -> PickerSession? {
        do {
            return try await client.pickerSession(known.id)
        } catch let error as ConnectorError where error.code == .notFound {
            try await memory.forget(session: known.id)
            if known.wasRead { reporter.log(.warning, Self.leftBehind, pathname: nil) }
            return nil
        }
    }

    /// What a session that ended too early takes with it.
    static let leftBehind =
        "a session of the Picker has ended: what could not be read of it has to be chosen again"

    private func begin(after others: [ChosenSession]) async throws -> String {
        let session = try await newSession(after: others)
        // Before anything else: a session that nobody knows of counts against the account until it ends.
        try await memory.note(session: session.id, of: app, for: host, begun: runtime.now())
        try await wait(for: session)
        return session.id
    }

    private func newSession(after others: [ChosenSession]) async throws -> PickerSession {
        do {
            return try await client.createPickerSession(maxItemCount: maxItems)
        } catch let error as ConnectorError where error.code == .quota && !others.isEmpty {
            // Ours may be the ones too many. That nothing is left of them is told when they are listed.
            for other in others { await end(other.id) }
            return try await client.createPickerSession(maxItemCount: maxItems)
        }
    }

    /// The shortest time between two looks, whatever the service says.
    private static let shortestInterval = Duration.milliseconds(1)

    /// Seconds between two lines that tell that a run waits: the service wants a look each few seconds.
    private static let toldEvery: Int64 = 30

    /// Waits until the person pressed Done, in the rhythm that the service wants.
    private func wait(for begun: PickerSession) async throws {
        if begun.isDone { return }
        let most = begun.maxItemCount ?? maxItems
        reporter.ask(
            "Choose up to \(most) photos and videos here, signed in to the account, and press Done:", link: begun.url)
        let start = runtime.now()
        let patience = begun.polling?.timeout ?? .zero
        let end = start.adding(patience)
        var lastTold = start
        var session = begun
        while !session.isDone {
            guard let polling = session.polling, polling.timeout > .zero, runtime.now() < end else {
                throw ConnectorError(
                    .notPicked, "nobody pressed Done in the Picker within \(patience.inWords)", isRetryable: true,
                    hint: "run it again: it goes on with a choice that was made meanwhile, or shows a new link")
            }
            try await runtime.sleep(max(polling.interval, Self.shortestInterval))
            do {
                session = try await client.pickerSession(begun.id)
            } catch let error as ConnectorError where error.code == .notFound {
                try await memory.forget(session: begun.id)
                throw Self.gone
            }
            let now = runtime.now()
            if !session.isDone, now < end, now >= lastTold.adding(seconds: Self.toldEvery) {
                lastTold = now
                reporter.log(.info, "still waiting for the choice in the Picker, until \(end.clock) UTC", pathname: nil)
            }
        }
    }

    /// A session that ended before its items were read.
    static let gone = ConnectorError(
        .notFound, "the session of the Picker has ended before its items were read",
        hint: "run it again and choose once more; what was read already is not read again")

    static let nothingChosen = ConnectorError(
        .notPicked, "nothing was chosen in the Picker, so there is nothing new to read",
        hint: "run it again and choose something; earlier snapshots are as they were")
}

extension Timestamp {
    /// Such as `2026-11-21 15:42:10`.
    fileprivate var clock: String { String(description.prefix(19).replacing("T", with: " ")) }
}

extension Duration {
    /// Such as `30 minutes` or `45 seconds`.
    fileprivate var inWords: String {
        let seconds = Int(self / .seconds(1))
        let (count, unit) = seconds >= 60 && seconds % 60 == 0 ? (seconds / 60, "minute") : (seconds, "second")
        return "\(count) \(unit)\(count == 1 ? "" : "s")"
    }
}
