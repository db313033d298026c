import StrictJSON

/// A call of the Library API whose caller is known and allowed.
struct Call: Sendable {
    var request: FakeRequest
    /// The id in the path.
    var argument: String
    var account: Int
    /// The project whose app calls.
    var client: Int
    /// Seconds since 1970.
    var now: Int64
    /// What goes wrong with a page of a list.
    var pageFault: FakeFault.Kind?

    /// Whether something of that project can be seen by the caller.
    func owns(_ project: UInt16) -> Bool { Int(project) == client }
}

/// What is asked of a list: how much, and from where.
struct PageRequest: Sendable {
    /// Things on a page.
    var size: Int
    /// The token as it was given.
    var token: String?
    /// Where the page starts: a time or an index.
    var key: Int64?
    /// The position of the item with which it starts.
    var position: Int32 = 0
    /// How many empty pages came just before it.
    var emptyPages: UInt16 = 0
}

extension LibraryState {
    /// Reads the page size and token of a list.
    /// - Parameters:
    ///   - size: nil where none was given.
    ///   - query: hash of everything else of the query; a token is good for its own query only.
    func page(
        _ call: Call, size: Int64?, token: String?, normal: Int, most: Int, query: UInt64
    ) throws(APIError) -> PageRequest {
        let size = size ?? 0
        if size < 0 { throw .invalidArgument("Page size must be greater than or equal to 0.") }
        var page = PageRequest(size: size == 0 ? normal : Int(min(size, Int64(most))))
        guard let token, !token.isEmpty else { return page }
        let context = pageContext(call, query)
        guard let words = sealer.open(.page, Array(token.utf8), context: context) else {
            throw .invalidArgument("Invalid page token.")
        }
        let issued = Int64(words.second & 0xFFFF_FFFF)
        if call.now - issued >= Int64(rules.pageTokenLifetime) { throw .invalidArgument("Page token has expired.") }
        page.token = token
        page.key = Int64(bitPattern: words.first << 16) >> 16
        page.emptyPages = UInt16(words.first >> 48)
        page.position = Int32(truncatingIfNeeded: words.second >> 32)
        return page
    }

    private func pageContext(_ call: Call, _ query: UInt64) -> UInt64 {
        SplitMix64.mix(query ^ UInt64(call.account) << 16 ^ UInt64(call.client))
    }

    /// The token of the page after one.
    /// - Parameter key: a time or an index, of 48 bits.
    func pageToken(
        _ call: Call, after page: PageRequest, key: Int64, position: Int32 = 0, query: UInt64
    ) -> String {
        var bytes: [UInt8] = []
        // A token that came before says that the list goes in a circle, so the tokens of empty pages are numbered.
        let emptyPages = call.pageFault == .emptyPage ? page.emptyPages &+ 1 : 0
        let key = UInt64(bitPattern: key) & 0xFFFF_FFFF_FFFF | UInt64(emptyPages) << 48
        let second = UInt64(UInt32(bitPattern: position)) << 32 | UInt64(call.now & 0xFFFF_FFFF)
        sealer.append(.page, key, second, context: pageContext(call, query), to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// An item that the caller can see.
    func item(_ id: String, _ call: Call) throws(APIError) -> Int32 {
        guard let object = sealer.reference(.item, id) else {
            throw .invalidArgument("Request contains an invalid media item id.")
        }
        guard object.account == call.account, object.position < accounts[call.account].items.count,
            !accounts[call.account].items[Int(object.position)].flags.contains(.trashed)
        else { throw .notFound("The provided media item id does not match any media items.") }
        guard call.owns(accounts[call.account].items[Int(object.position)].project) else {
            throw rules.forbidsForeignIDs
                ? .permissionDenied("The caller does not have permission")
                : .notFound("The provided media item id does not match any media items.")
        }
        return object.position
    }

    /// An album that the caller can see.
    /// - Parameter missing: the error where there is none.
    func album(
        _ id: String, _ call: Call, missing: APIError = .notFound("The provided ID does not match any albums.")
    ) throws(APIError) -> Int {
        guard let object = sealer.reference(.album, id), object.account == call.account,
            object.position < accounts[call.account].albums.count
        else { throw missing }
        let album = accounts[call.account].albums[Int(object.position)]
        if album.isDeleted { throw missing }
        guard call.owns(album.project) else {
            throw rules.forbidsForeignIDs ? .permissionDenied("The caller does not have permission") : missing
        }
        return Int(object.position)
    }
}

extension JSON {
    /// A hash in which the order of an object's members does not matter.
    var queryHash: UInt64 {
        switch self {
        case .object(let object):
            object.members.reduce(1) { $0 &+ SplitMix64.mix(Self.hash($1.key) ^ $1.value.queryHash &* 3) }
        case .array(let elements):
            elements.reduce(2) { SplitMix64.mix($0 &+ $1.queryHash) }
        default:
            Self.hash(text)
        }
    }

    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
