import NIOHTTP1
import StrictJSON

/// From a request to its answer.
extension LibraryState {
    /// Answers everything but the controls.
    mutating func answer(_ request: FakeRequest, _ route: Route, now: Int64) -> FakeResponse {
        statistics.begin(route.endpoint)
        // A session whose bytes were not used, because of a fault say, must not lose them.
        defer { restoreSink(request) }
        let fault = takeFault(request, route)
        if let fault, let response = response(insteadOf: route, request, fault) { return response }
        var response: FakeResponse
        do throws(APIError) {
            response = try handle(request, route, now: now, pageFault: fault?.kind)
        } catch {
            response = error.response
        }
        if let fault { spoil(&response, route, fault) }
        return response
    }

    private mutating func handle(
        _ request: FakeRequest, _ route: Route, now: Int64, pageFault: FakeFault.Kind?
    ) throws(APIError) -> FakeResponse {
        switch route.endpoint {
        case .auth: return authorize(request, now: now)
        case .token: return token(request, now: now)
        case .revoke: return revoke(request)
        case .download: return try download(request, grant: route.argument, now: now)
        case .videoDownload: return videoDownload(request, grant: route.argument, now: now)
        case .pickerDownload: return try pickerDownload(request, grant: route.argument, now: now)
        case .pickerCreate, .pickerGet, .pickerDelete, .pickerItems:
            return try picker(request, route, now: now, pageFault: pageFault)
        case .proxy: return original(ofItem: route.argument)
        case .unknown, .control: throw APIError(404, "NOT_FOUND", "Method not found.")
        default: break
        }
        let grant = try grant(request, now: now)
        if rules.isDisabled {
            throw .permissionDenied(
                "Photos Library API has not been used in project 1234567890 before or it is disabled. Enable it by "
                    + "visiting https://console.developers.google.com/apis/api/photoslibrary.googleapis.com/overview "
                    + "then retry.")
        }
        if route.endpoint == .shared { throw .insufficientScopes }
        if grant.scopes.isDisjoint(with: route.endpoint.scopes) { throw .insufficientScopes }
        let day = rules.quotaDay.number(of: now)
        if !quota.takeRequest(client: grant.client, limit: rules.requestsPerDay, day: day) {
            throw .dailyQuota(value: rules.requestsPerDay ?? 0).retry(after: rules.quotaRetryAfter)
        }
        let call = Call(
            request: request, argument: route.argument, account: grant.account, client: grant.client, now: now,
            pageFault: pageFault)
        guard rules.limitsAlbumWrites, route.endpoint.changesAlbums else { return try handle(call, route.endpoint) }
        try admitWrite(call)
        var response = try handle(call, route.endpoint)
        beginWrite(call, &response)
        return response
    }

    private mutating func handle(_ call: Call, _ endpoint: Endpoint) throws(APIError) -> FakeResponse {
        switch endpoint {
        case .albumsCreate: try createAlbum(call)
        case .albumsList: try listAlbums(call)
        case .albumsGet: try getAlbum(call)
        case .albumsPatch: try patchAlbum(call)
        case .albumsBatchAdd: try addToAlbum(call)
        case .albumsBatchRemove: try removeFromAlbum(call)
        case .albumsEnrich: try enrichAlbum(call)
        case .itemsList: try listItems(call)
        case .itemsSearch: try searchItems(call)
        case .itemsGet: try getItem(call)
        case .itemsBatchGet: try batchGetItems(call)
        case .itemsBatchCreate: try batchCreateItems(call)
        case .itemsPatch: try patchItem(call)
        case .uploads: try upload(call)
        default:
            throw APIError(404, "NOT_FOUND", "Method not found.")
        }
    }

    /// What the `match` of a fault is looked up in.
    func subject(of request: FakeRequest, _ route: Route) -> String {
        var parts = [request.path]
        parts += request.query.map { "\($0.name)=\($0.value)" }
        func describeItem(_ object: ObjectReference?) {
            guard let object, object.account < accounts.count,
                object.position < accounts[object.account].items.count
            else { return }
            parts.append(sealer.id(.item, object))
            parts.append(accounts[object.account].items[Int(object.position)].filename)
        }
        func describeAlbum(_ id: String) {
            guard let object = sealer.reference(.album, id), object.account < accounts.count,
                object.position < accounts[object.account].albums.count
            else { return }
            parts.append(id)
            parts.append(accounts[object.account].albums[Int(object.position)].title)
        }
        switch route.endpoint {
        case .download, .videoDownload, .pickerDownload:
            let grant = route.argument.utf8.prefix { $0 != UInt8(ascii: "=") }
            describeItem(sealer.open(.grant, grant).map { ObjectReference(word: $0.first) })
        case .itemsGet, .itemsPatch, .proxy: describeItem(sealer.reference(.item, route.argument))
        case .itemsBatchGet:
            for field in request.query where field.name == "mediaItemIds" {
                describeItem(sealer.reference(.item, field.value))
            }
        case .albumsGet, .albumsPatch, .albumsBatchAdd, .albumsBatchRemove, .albumsEnrich:
            describeAlbum(route.argument)
        case .itemsSearch, .itemsBatchCreate, .albumsCreate:
            parts.append(String(buffer: request.bytes))
            if let id = try? request.object()["albumId"]?.stringValue { describeAlbum(id) }
        case .uploads: parts.append(request.headers.first(name: "X-Goog-Upload-File-Name") ?? "")
        default: break
        }
        return parts.joined(separator: "\n")
    }
}
