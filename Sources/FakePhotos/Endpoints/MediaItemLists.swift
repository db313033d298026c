import StrictJSON

/// mediaItems.list and mediaItems.search.
extension LibraryState {
    private static let normalPage = 25
    private static let largestPage = 100

    func listItems(_ call: Call) throws(APIError) -> FakeResponse {
        let size = try call.request.integerParameter("pageSize")
        let query: UInt64 = 11
        let page = try page(
            call, size: size, token: call.request.parameter("pageToken"), normal: Self.normalPage,
            most: Self.largestPage, query: query)
        let filter = SearchFilter(includesArchived: rules.listsArchivedItems)
        return itemPage(call, page, filter, isAscending: false, query: query)
    }

    func searchItems(_ call: Call) throws(APIError) -> FakeResponse {
        var body = try call.request.object()
        let size = body["pageSize"]?.int64Value
        let token = body["pageToken"]?.stringValue
        body["pageSize"] = nil
        body["pageToken"] = nil
        let query = JSON.object(body).queryHash
        if let albumID = body["albumId"]?.stringValue, !albumID.isEmpty {
            if body["filters"] != nil {
                throw .invalidArgument("The album ID cannot be set together with filters.")
            }
            if body["orderBy"] != nil { throw .invalidArgument("The album ID cannot be set together with orderBy.") }
            let album = try album(albumID, call)
            let page = try page(
                call, size: size, token: token, normal: Self.normalPage, most: Self.largestPage, query: query)
            return albumPage(call, page, album: album, query: query)
        }
        let filter = try body["filters"].map { json throws(APIError) in try SearchFilter(json) } ?? SearchFilter()
        var isAscending = false
        if let order = body["orderBy"]?.stringValue, !order.isEmpty {
            guard ["MediaMetadata.creation_time", "MediaMetadata.creation_time desc"].contains(order) else {
                throw .invalidArgument("Invalid orderBy.")
            }
            guard filter.hasDates, !filter.hasOthers else {
                throw .invalidArgument("orderBy can only be used with a date filter and no other filters.")
            }
            isAscending = !order.hasSuffix("desc")
        }
        let page = try page(
            call, size: size, token: token, normal: Self.normalPage, most: Self.largestPage, query: query)
        return itemPage(call, page, filter, isAscending: isAscending, query: query)
    }

    /// A page of the account's items by time.
    private func itemPage(
        _ call: Call, _ page: PageRequest, _ filter: SearchFilter, isAscending: Bool, query: UInt64
    ) -> FakeResponse {
        let account = accounts[call.account]
        let order = account.newestFirst
        let step = isAscending ? -1 : 1
        var index = isAscending ? order.count - 1 : 0
        if let time = page.key { index = account.index(ofTime: time, position: page.position) }
        func isShown(_ index: Int) -> Bool {
            let item = account.items[Int(order[index])]
            return call.owns(item.project) && filter.admits(item)
        }
        func next(from start: Int, by step: Int) -> Int? {
            var index = start
            while order.indices.contains(index) {
                if isShown(index) { return index }
                index += step
            }
            return nil
        }
        var shown: [Int32] = []
        let first = next(from: index, by: step)
        var following = first
        if call.pageFault == .repeatItem, page.key != nil, let first, let last = next(from: first - step, by: -step) {
            shown.append(order[last])
        }
        if call.pageFault != .emptyPage {
            while let found = following, shown.count < page.size {
                shown.append(order[found])
                following = next(from: found + step, by: step)
            }
        }
        if call.pageFault == .repeatToken { following = first }
        if call.pageFault == .skipItem { shown = shown.dropLast() }
        let token = following.map { index in
            pageToken(
                call, after: page, key: account.items[Int(order[index])].creationTime, position: order[index],
                query: query)
        }
        return render(call, shown, token)
    }

    /// A page of an album's items in their order there; archived ones too.
    private func albumPage(_ call: Call, _ page: PageRequest, album: Int, query: UInt64) -> FakeResponse {
        let account = accounts[call.account]
        let items = account.albums[album].items
        var shown: [Int32] = []
        func next(from start: Int) -> Int? {
            items.indices.dropFirst(max(0, start)).first { !account.items[Int(items[$0])].flags.contains(.trashed) }
        }
        let first = next(from: Int(page.key ?? 0))
        var following = first
        if call.pageFault == .repeatItem, let first, first > 0 { shown.append(items[first - 1]) }
        if call.pageFault != .emptyPage {
            while let found = following, shown.count < page.size {
                shown.append(items[found])
                following = next(from: found + 1)
            }
        }
        if call.pageFault == .repeatToken { following = first }
        if call.pageFault == .skipItem { shown = shown.dropLast() }
        return render(call, shown, following.map { pageToken(call, after: page, key: Int64($0), query: query) })
    }

    private func render(_ call: Call, _ positions: [Int32], _ token: String?) -> FakeResponse {
        var writer = ObjectWriter(self, now: call.now, capacity: 256 + positions.count * 720)
        writer.write { $0.beginObject() }
        if !positions.isEmpty {
            writer.write {
                $0.key("mediaItems")
                $0.beginArray()
            }
            for position in positions {
                writer.item(
                    accounts[call.account].items[Int(position)],
                    ObjectReference(account: call.account, position: position))
            }
            writer.write { $0.endArray() }
        }
        if let token {
            writer.write {
                $0.key("nextPageToken")
                $0.value(token)
            }
        }
        writer.write { $0.endObject() }
        return FakeResponse(jsonBytes: writer.take())
    }
}

extension FakeRequest {
    /// An integer of the query; nil where it is not there.
    func integerParameter(_ name: String) throws(APIError) -> Int64? {
        guard let text = parameter(name), !text.isEmpty else { return nil }
        guard let value = Int64(text) else { throw .invalidArgument("Invalid value at '\(name)' (TYPE_INT32).") }
        return value
    }
}
