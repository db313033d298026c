import ConnectorKit
import PhotosLibrary

/// What the records of one export share: who uploads which content, titles, and why nothing more can be done.
actor UploadDesk {
    private var busy: [String: [CheckedContinuation<Void, Never>]] = [:]
    private var titles: [Pathname: String] = [:]
    /// A failure that every further record would meet as well.
    private(set) var fatal: ConnectorError?
    /// Records that failed and did not succeed since, by the hash of their pathnames.
    private var failures: Set<Int> = []
    /// Whether anything came of which nobody can say which item it is.
    private var hasUnread = false
    private var told: Set<String> = []
    /// Albums with links that came before what they lead to.
    private var late: Set<AlbumReference> = []

    func start() {
        fatal = nil
        late = []
    }

    /// Waits while another record uploads the same content.
    func begin(_ sha256: String) async {
        while busy[sha256] != nil { await withCheckedContinuation { busy[sha256, default: []].append($0) } }
        busy[sha256] = []
    }

    func end(_ sha256: String) {
        for waiter in busy.removeValue(forKey: sha256) ?? [] { waiter.resume() }
    }

    func note(title: String, of directory: Pathname) { titles[directory] = title }

    func title(of directory: Pathname) -> String? { titles[directory] }

    /// Nothing can be stored at all.
    func refuse(_ error: ConnectorError) { fatal = error }

    func noteFatal(_ error: ConnectorError) {
        if Self.isFatal(error) { fatal = fatal ?? error }
    }

    func note(_ outcome: RecordOutcome, of record: Pathname) {
        if outcome.status == .failed {
            failures.insert(record.string.hashValue)
        } else if !failures.isEmpty {
            failures.remove(record.string.hashValue)
        }
    }

    func noteUnread() { hasUnread = true }

    var hasFailures: Bool { hasUnread || !failures.isEmpty }

    func noteLate(_ album: AlbumReference) { late.insert(album) }

    func isLate(_ album: AlbumReference) -> Bool { late.contains(album) }

    /// True the first time that something is to be told.
    func isNews(_ text: String) -> Bool { told.insert(text).inserted }

    /// Whether nothing else can be stored after it.
    static func isFatal(_ error: ConnectorError) -> Bool { [.auth, .quota].contains(error.code) }
}
