import StrictJSON

/// albums.*
extension LibraryState {
    private static let normalPage = 20
    private static let largestPage = 50
    private static let longestTitle = 500

    /// The items of an album that are still there.
    func visibleItems(_ album: Album, account: Int) -> [Int32] {
        album.items.filter { !accounts[account].items[Int($0)].flags.contains(.trashed) }
    }

    private func write(_ position: Int, _ call: Call, to writer: inout ObjectWriter) {
        let album = accounts[call.account].albums[position]
        writer.album(
            album, ObjectReference(account: call.account, position: Int32(position)),
            items: visibleItems(album, account: call.account), isWriteable: call.owns(album.project))
    }

    private func albumResponse(_ call: Call, _ position: Int) -> FakeResponse {
        var writer = ObjectWriter(self, now: call.now)
        write(position, call, to: &writer)
        return FakeResponse(jsonBytes: writer.take())
    }

    func listAlbums(_ call: Call) throws(APIError) -> FakeResponse {
        let size = try call.request.integerParameter("pageSize")
        let query: UInt64 = 22
        let page = try page(
            call, size: size, token: call.request.parameter("pageToken"), normal: Self.normalPage,
            most: Self.largestPage, query: query)
        let albums = accounts[call.account].albums
        var shown: [Int] = []
        let all = albums.indices.filter {
            (call.owns(albums[$0].project) || rules.listsForeignAlbums) && !albums[$0].isDeleted
        }
        let rest = all.drop { $0 < Int(page.key ?? 0) }
        if call.pageFault == .repeatItem, page.key != nil, let last = all.last(where: { $0 < Int(page.key ?? 0) }) {
            shown.append(last)
        }
        if call.pageFault != .emptyPage { shown += rest.prefix(page.size - shown.count) }
        var following = shown.last.map { last in rest.first { $0 > last } } ?? rest.first
        if call.pageFault == .repeatToken { following = rest.first }
        if call.pageFault == .skipItem { shown = shown.dropLast() }

        var writer = ObjectWriter(self, now: call.now, capacity: 256 + shown.count * 480)
        writer.write { $0.beginObject() }
        if !shown.isEmpty {
            writer.write {
                $0.key("albums")
                $0.beginArray()
            }
            for position in shown { write(position, call, to: &writer) }
            writer.write { $0.endArray() }
        }
        if let following {
            let token = pageToken(call, after: page, key: Int64(following), query: query)
            writer.write {
                $0.key("nextPageToken")
                $0.value(token)
            }
        }
        writer.write { $0.endObject() }
        return FakeResponse(jsonBytes: writer.take())
    }

    func getAlbum(_ call: Call) throws(APIError) -> FakeResponse {
        albumResponse(call, try album(call.argument, call))
    }

    mutating func createAlbum(_ call: Call) throws(APIError) -> FakeResponse {
        guard let album = try call.request.object()["album"]?.objectValue else {
            throw .invalidArgument("Request must have an album.")
        }
        let title = album["title"]?.stringValue ?? ""
        try checkTitle(title)
        if let limit = rules.albumCountLimit, accounts[call.account].albums.count(where: { !$0.isDeleted }) >= limit {
            throw APIError(429, "RESOURCE_EXHAUSTED", "The user has too many albums.")
        }
        accounts[call.account].albums.append(Album(title: title, items: [], project: UInt16(call.client), cover: nil))
        return albumResponse(call, accounts[call.account].albums.count - 1)
    }

    private func checkTitle(_ title: String) throws(APIError) {
        if title.unicodeScalars.count > Self.longestTitle {
            throw .invalidArgument("The album title must not have more than \(Self.longestTitle) characters.")
        }
    }

    mutating func patchAlbum(_ call: Call) throws(APIError) -> FakeResponse {
        let position = try album(call.argument, call)
        let body = try call.request.object()
        let masks = (call.request.parameter("updateMask") ?? "").split(separator: ",").map(String.init)
        if masks.isEmpty { throw .invalidArgument("Request must have an update mask.") }
        for mask in masks {
            switch mask {
            case "title":
                let title = body["title"]?.stringValue ?? ""
                try checkTitle(title)
                accounts[call.account].albums[position].title = title
            case "coverPhotoMediaItemId":
                let cover = try item(body["coverPhotoMediaItemId"]?.stringValue ?? "", call)
                guard accounts[call.account].albums[position].items.contains(cover) else {
                    throw .invalidArgument("The cover photo must be in the album.")
                }
                accounts[call.account].albums[position].cover = cover
            default: throw .invalidArgument("Invalid update mask.")
            }
        }
        return albumResponse(call, position)
    }

    /// The ids of a batch, all of which must be good: nothing happens where one is not.
    private func batch(_ call: Call) throws(APIError) -> [Int32] {
        let ids = try call.request.object()["mediaItemIds"]?.arrayValue ?? []
        if ids.isEmpty { throw .invalidArgument("Request must have at least one media item id.") }
        if ids.count > Self.largestBatch { throw Self.tooManyItems }
        var positions: [Int32] = []
        for id in ids { positions.append(try item(id.stringValue ?? "", call)) }
        return positions
    }

    mutating func addToAlbum(_ call: Call) throws(APIError) -> FakeResponse {
        let album = try album(call.argument, call)
        let positions = try batch(call)
        try insert(positions, album: album, account: call.account, at: nil)
        return FakeResponse(json: [:])
    }

    /// Puts items into an album; those that are there already stay where they are.
    mutating func insert(_ positions: [Int32], album: Int, account: Int, at index: Int?) throws(APIError) {
        var known = Set(accounts[account].albums[album].items)
        let new = positions.filter { known.insert($0).inserted }
        if known.count > rules.albumLimit {
            throw .invalidArgument("The album cannot have more than \(rules.albumLimit) media items.")
        }
        let end = accounts[account].albums[album].items.count
        accounts[account].albums[album].items.insert(contentsOf: new, at: min(index ?? end, end))
    }

    mutating func removeFromAlbum(_ call: Call) throws(APIError) -> FakeResponse {
        let album = try album(call.argument, call)
        let positions = Set(try batch(call))
        if positions.count < (try call.request.object()["mediaItemIds"]?.arrayValue ?? []).count {
            throw .invalidArgument("Request must not have repeated media item ids.")
        }
        guard positions.isSubset(of: accounts[call.account].albums[album].items) else {
            throw .invalidArgument("The media items must be in the album.")
        }
        accounts[call.account].albums[album].items.removeAll { positions.contains($0) }
        if let cover = accounts[call.account].albums[album].cover, positions.contains(cover) {
            accounts[call.account].albums[album].cover = nil
        }
        return FakeResponse(json: [:])
    }

    /// Enrichments are checked for their form and then forgotten: no call gives them back.
    mutating func enrichAlbum(_ call: Call) throws(APIError) -> FakeResponse {
        _ = try album(call.argument, call)
        let item = try call.request.object()["newEnrichmentItem"]?.objectValue
        let kinds = ["textEnrichment", "locationEnrichment", "mapEnrichment"].filter { item?[$0] != nil }
        if kinds.count != 1 { throw .invalidArgument("Request must have exactly one enrichment.") }
        return FakeResponse(json: ["enrichmentItem": ["id": .string(randomText(55))]])
    }
}
