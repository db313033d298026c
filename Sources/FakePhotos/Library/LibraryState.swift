import ConnectorKit

/// Everything that the service knows, behind one lock. What calls do to it stands in `Endpoints`, by family.
struct LibraryState: Sendable {
    var rules: ServiceRules
    let sealer: Sealer
    let shelf: MediaShelf
    let spool: Spool
    /// The base of all URLs that are handed out, such as `http://127.0.0.1:8080`.
    var origin = "http://127.0.0.1"
    var random: SplitMix64

    var clients: [OAuthClient] = []
    var accounts: [Account] = []
    /// Cameras that items point to; the first stands for none.
    var cameras: [Camera] = [Camera()]
    private var cameraPositions: [Camera: UInt16] = [:]
    /// The number of the next generated item: no two of a library have the same.
    var nextSerial: UInt32 = 0

    var accessTokens: [String: TokenGrant] = [:]
    var refreshTokens: [String: TokenGrant] = [:]
    var authorizationCodes: [String: AuthorizationCode] = [:]
    var signIn = SignInRules()
    /// The number of the next refresh token: which is older is told by it.
    var nextRefreshToken = 0
    var uploadTokens: [String: UploadToken] = [:]
    var uploadSessions: [String: UploadSession] = [:]
    var pickerSessions: [String: PickerSession] = [:]
    /// What the user will choose in the sessions that come, the next one first.
    var pickerChoices: [PickerChoice] = []

    /// What was uploaded, from the first to the last.
    var uploads: [UploadRecord] = []

    var faults: FaultScript
    var statistics = Statistics()
    var log = RequestLog()
    var quota = QuotaCounters()

    init(rules: ServiceRules, seed: UInt64, shelf: MediaShelf, spool: Spool) {
        self.rules = rules
        self.shelf = shelf
        self.spool = spool
        sealer = Sealer(seed: seed)
        faults = FaultScript(seed: seed)
        random = SplitMix64(seed: seed ^ 0x746F_6B65_6E73)
    }

    /// Opaque text of so many characters, the same for the same seed and history.
    mutating func randomText(_ count: Int) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        return String((0..<count).map { _ in alphabet[Int.random(in: 0..<64, using: &random)] })
    }

    mutating func position(of camera: Camera?) -> UInt16 {
        guard let camera else { return 0 }
        if let known = cameraPositions[camera] { return known }
        guard let position = UInt16(exactly: cameras.count) else { return 0 }
        cameras.append(camera)
        cameraPositions[camera] = position
        return position
    }

    func accountIndex(_ name: String) -> Int? { accounts.firstIndex { $0.name == name } }

    func content(of item: MediaItem) -> Content { shelf.content(of: item) }
}

/// An app that was registered with Google: its project owns what it makes.
struct OAuthClient: Sendable {
    var id: String
    var secret: String
}

/// What a token allows.
struct TokenGrant: Sendable {
    var account: Int
    var client: Int
    var scopes: Set<Scope>
    /// Seconds since 1970; nil for a token without end.
    var expiry: Int64?
    /// Which of several refresh tokens is the oldest.
    var number = -1
    /// Of a refresh token: the last time that it was used or made; nil for one that was there from the start.
    var lastUse: Int64?
}

/// The parts of the API that a user can allow. All others died on 31 March 2025.
public enum Scope: String, Sendable, Hashable, CaseIterable {
    case append = "https://www.googleapis.com/auth/photoslibrary.appendonly"
    case read = "https://www.googleapis.com/auth/photoslibrary.readonly.appcreateddata"
    case edit = "https://www.googleapis.com/auth/photoslibrary.edit.appcreateddata"
    /// What its user chooses in the Picker.
    case picker = "https://www.googleapis.com/auth/photospicker.mediaitems.readonly"
}

/// Uploaded bytes that wait to become an item.
struct UploadToken: Sendable {
    var account: Int
    var client: Int
    var content: StoredContent
    /// The name in the older header `X-Goog-Upload-File-Name`.
    var filename: String
    /// Seconds since 1970.
    var birth: Int64
    /// Position of what is kept of the upload.
    var record: Int
    var isUsed = false
}

/// A resumable upload.
struct UploadSession: Sendable {
    enum Status: String { case active, final, cancelled }

    var account: Int
    var client: Int
    var filename: String
    var mimeType: String
    /// As promised at the start.
    var rawSize: Int64?
    /// Nil while a request is writing to it, and at the end.
    var sink: UploadSink?
    var received: Int64 = 0
    /// Requests that brought bytes.
    var chunks = 0
    /// `X-Goog-Hash` of the start.
    var hash: String?
    var status = Status.active
    var token: String?
}
