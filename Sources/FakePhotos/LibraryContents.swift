import ConnectorKit
import NIOCore

/// A media item as it truly is, with what the API does not tell.
public struct FakeItem: Sendable, Hashable {
    public var id: String
    public var filename: String
    public var description: String
    /// Of the bytes that are stored, in hexadecimal digits; empty where it was not asked for.
    public var sha256: String
    /// Bytes that are stored.
    public var size: Int64
    public var mimeType: String
    public var creationTime: Timestamp
    public var isArchived: Bool
    public var isFavorite: Bool
    public var isTrashed: Bool
    public var downloads: Int
}

/// An album as it truly is.
public struct FakeAlbum: Sendable, Hashable {
    public var id: String
    public var title: String
    /// The ids of its items in their order.
    public var items: [String]
}

/// A media item that a test puts into an account.
public struct NewFakeItem: Sendable {
    public var filename: String
    /// Its bytes; nil for a generated picture or video of ``kind``.
    public var content: [UInt8]?
    public var kind = MediaKind.jpeg
    /// Nil for now.
    public var creationTime: Timestamp?
    public var description = ""
    public var isArchived = false
    public var isFavorite = false
    /// Whether it is a photo with a video in it.
    public var isMotionPhoto = false
    /// Whether it is a video that the service could not make sense of.
    public var hasFailed = false
    /// The OAuth client whose app made it.
    public var clientID = FakeLibrary.clientID

    public init(_ filename: String, content: [UInt8]? = nil) {
        self.filename = filename
        self.content = content
    }
}

/// What a client needs to sign in as an account.
public struct FakeCredentials: Sendable, Hashable {
    public var clientID: String
    public var clientSecret: String
    public var refreshToken: String
}

extension LibraryState {
    /// Adds an account that the first client can read and write.
    mutating func addAccount(_ name: String) -> String {
        accounts.append(Account(name: name))
        let token = "1//fake-refresh-\(name)-\(randomText(32))"
        refreshTokens[token] = TokenGrant(
            account: accounts.count - 1, client: 0, scopes: Set(Scope.allCases), expiry: nil)
        return token
    }

    func refreshToken(account: Int, client: Int) -> String? {
        refreshTokens.first { $0.value.account == account && $0.value.client == client }?.key
    }

    func account(named name: String) throws(ConnectorError) -> Int {
        guard let index = accountIndex(name) else { throw ConnectorError(.notFound, "there is no account \(name)") }
        return index
    }

    func client(_ id: String) throws(ConnectorError) -> Int {
        guard let index = clients.firstIndex(where: { $0.id == id }) else {
            throw ConnectorError(.notFound, "there is no OAuth client \(id)")
        }
        return index
    }
}

/// Direct access for tests: to look at what is there, and to change it without the API.
extension FakeLibrary {
    public var accountNames: [String] { withState { $0.accounts.map(\.name) } }

    /// Adds an account without items and returns its refresh token.
    @discardableResult
    public func addAccount(_ name: String) -> String { withState { $0.addAccount(name) } }

    /// Registers another app: its project sees nothing of what the others made.
    public func addClient(id: String, secret: String) {
        withState { $0.clients.append(OAuthClient(id: id, secret: secret)) }
    }

    /// What a client needs to sign in; a refresh token is made where the account has none for that client.
    /// - Throws: ``ConnectorError`` with code `not-found`.
    public func credentials(
        account: String, clientID: String = FakeLibrary.clientID
    ) throws(ConnectorError) -> FakeCredentials {
        try withState { state throws(ConnectorError) in
            let account = try state.account(named: account)
            let client = try state.client(clientID)
            var token = state.refreshToken(account: account, client: client)
            if token == nil {
                let new = "1//fake-refresh-\(state.randomText(40))"
                state.refreshTokens[new] = TokenGrant(
                    account: account, client: client, scopes: Set(Scope.allCases), expiry: nil)
                token = new
            }
            return FakeCredentials(
                clientID: clientID, clientSecret: state.clients[client].secret, refreshToken: token ?? "")
        }
    }

    /// An access token, without the token endpoint.
    public func accessToken(
        account: String, clientID: String = FakeLibrary.clientID, scopes: Set<Scope> = Set(Scope.allCases)
    ) throws(ConnectorError) -> String {
        let now = clock.now
        return try withState { state throws(ConnectorError) in
            let account = try state.account(named: account)
            let client = try state.client(clientID)
            return state.issueAccessToken(account: account, client: client, scopes: scopes, now: now)
        }
    }

    /// Ends all tokens of an account, as its user can.
    public func revokeTokens(account: String, clientID: String = FakeLibrary.clientID) throws(ConnectorError) {
        try withState { state throws(ConnectorError) in
            state.revoke(account: try state.account(named: account), client: try state.client(clientID))
        }
    }

    /// Adds an item and returns its id.
    @discardableResult
    public func addItem(_ new: NewFakeItem, account: String = "demo") throws(ConnectorError) -> String {
        let now = clock.now
        return try withState { state throws(ConnectorError) in
            let account = try state.account(named: account)
            let client = try state.client(new.clientID)
            let time = new.creationTime?.seconds ?? now
            var item: MediaItem
            if let bytes = new.content {
                var sink = UploadSink(spool: state.spool, expectedCount: Int64(bytes.count))
                try sink.append(ByteBuffer(bytes: bytes))
                let stored = try sink.finish()
                let probe = MediaProbe(Array(bytes.prefix(MediaProbe.prefixLength)))
                item = MediaItem(
                    source: .stored(stored), filename: new.filename, creationTime: time,
                    width: Int32(clamping: probe?.width ?? 0), height: Int32(clamping: probe?.height ?? 0),
                    kind: probe?.kind ?? new.kind)
                item.camera = state.position(of: probe?.camera)
                state.accounts[account].contents[stored.sha256] = Int32(state.accounts[account].items.count)
            } else {
                let medium = state.shelf.position(of: new.kind, choice: 0)
                item = state.generatedItem(medium: medium, filename: new.filename, creationTime: time)
            }
            if item.kind.isVideo { item.readyTime = now + Int64(state.rules.videoProcessingTime) }
            item.description = new.description
            item.project = UInt16(client)
            if new.isArchived { item.flags.insert(.archived) }
            if new.isFavorite { item.flags.insert(.favorite) }
            if new.isMotionPhoto { item.flags.insert(.motion) }
            if new.hasFailed { item.flags.insert(.failed) }
            let position = state.accounts[account].append(item)
            return state.sealer.id(.item, ObjectReference(account: account, position: position))
        }
    }

    /// Adds generated items, as many as asked for, and returns their ids.
    @discardableResult
    public func addGeneratedItems(_ count: Int, account: String = "demo") throws(ConnectorError) -> [String] {
        let now = clock.now
        return try withState { state throws(ConnectorError) in
            let account = try state.account(named: account)
            let start = state.accounts[account].items.count
            generator.addItems(count, to: &state, account: account, endingAt: now)
            return (start..<start + count).map {
                state.sealer.id(.item, ObjectReference(account: account, position: Int32($0)))
            }
        }
    }

    /// Adds an album and returns its id.
    @discardableResult
    public func addAlbum(
        _ title: String, items: [String] = [], account: String = "demo", clientID: String = FakeLibrary.clientID
    ) throws(ConnectorError) -> String {
        try withState { state throws(ConnectorError) in
            let account = try state.account(named: account)
            let positions = try items.map { id throws(ConnectorError) in
                guard let object = state.sealer.reference(.item, id), object.account == account else {
                    throw ConnectorError(.notFound, "there is no item \(id)")
                }
                return object.position
            }
            let album = Album(title: title, items: positions, project: UInt16(try state.client(clientID)), cover: nil)
            state.accounts[account].albums.append(album)
            let position = Int32(state.accounts[account].albums.count - 1)
            return state.sealer.id(.album, ObjectReference(account: account, position: position))
        }
    }

    /// All items of an account in the order they were made, trashed ones too.
    /// - Parameter hashing: whether the contents are read for their hashes.
    public func items(of name: String = "demo", hashing: Bool = true) throws(ConnectorError) -> [FakeItem] {
        // The contents are shared pieces: they are put together one at a time, and hashed outside the lock.
        let (items, shelf, sealer, index) = try withState { state throws(ConnectorError) in
            let index = try state.account(named: name)
            return (state.accounts[index].items, state.shelf, state.sealer, index)
        }
        return items.enumerated().map { position, item in
            let content = shelf.content(of: item)
            return FakeItem(
                id: sealer.id(.item, ObjectReference(account: index, position: Int32(position))),
                filename: item.filename, description: item.description,
                sha256: hashing ? Self.hexadecimal(content.sha256) : "", size: content.count,
                mimeType: item.kind.mimeType, creationTime: Timestamp(seconds: item.creationTime),
                isArchived: item.flags.contains(.archived), isFavorite: item.flags.contains(.favorite),
                isTrashed: item.flags.contains(.trashed), downloads: Int(item.downloads))
        }
    }

    public func albums(of name: String = "demo") throws(ConnectorError) -> [FakeAlbum] {
        try withState { state throws(ConnectorError) in
            let index = try state.account(named: name)
            return state.accounts[index].albums.enumerated().filter { !$0.element.isDeleted }.map { position, album in
                FakeAlbum(
                    id: state.sealer.id(.album, ObjectReference(account: index, position: Int32(position))),
                    title: album.title,
                    items: state.visibleItems(album, account: index).map {
                        state.sealer.id(.item, ObjectReference(account: index, position: $0))
                    })
            }
        }
    }

    /// The bytes that are stored for an item; nil where there is no such item.
    public func content(ofItem id: String) -> [UInt8]? {
        let content: Content? = withState { state in
            guard let object = state.sealer.reference(.item, id), object.account < state.accounts.count,
                object.position < state.accounts[object.account].items.count
            else { return nil }
            return state.content(of: state.accounts[object.account].items[Int(object.position)])
        }
        return content.map { $0.prefix(Int($0.count)) }
    }

    /// The bytes that a download of an item gives by the rules of now; nil where there is no such item.
    public func servedContent(ofItem id: String) -> [UInt8]? {
        let content: Content? = withState { state in
            guard let object = state.sealer.reference(.item, id), object.account < state.accounts.count,
                object.position < state.accounts[object.account].items.count
            else { return nil }
            return state.downloadContent(of: state.accounts[object.account].items[Int(object.position)])
        }
        return content.map { $0.prefix(Int($0.count)) }
    }

    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
