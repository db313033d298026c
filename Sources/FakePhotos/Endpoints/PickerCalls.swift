import ConnectorKit
import StrictJSON

/// The Picker API, below `/picker` as if that were its host: sessions.create, get and delete, mediaItems.list.
extension LibraryState {
    private static let normalPage = 50
    private static let largestPage = 100
    private static let mostItems = 2000

    mutating func picker(
        _ request: FakeRequest, _ route: Route, now: Int64, pageFault: FakeFault.Kind?
    ) throws(APIError) -> FakeResponse {
        let grant = try grant(request, now: now)
        if grant.scopes.isDisjoint(with: route.endpoint.scopes) { throw .insufficientScopes }
        let call = Call(
            request: request, argument: route.argument, account: grant.account, client: grant.client, now: now,
            pageFault: pageFault)
        return switch route.endpoint {
        case .pickerCreate: try createSession(call)
        case .pickerGet: try getSession(call)
        case .pickerDelete: try deleteSession(call)
        default: try listPicked(call)
        }
    }

    private mutating func createSession(_ call: Call) throws(APIError) -> FakeResponse {
        if rules.hasNoPhotosAccount {
            throw APIError(400, "FAILED_PRECONDITION", "The user does not have an active Google Photos account.")
        }
        let config = try call.request.object()["pickingConfig"]
        let count = config?["maxItemCount"]?.int64Value ?? 0
        guard (0...Int64(Self.mostItems)).contains(count) else {
            throw .invalidArgument("The max item count must be between 0 and \(Self.mostItems).")
        }
        pickerSessions = pickerSessions.filter { call.now < expiry(of: $0.value) }
        let open = pickerSessions.values.count { $0.account == call.account && $0.client == call.client }
        if let limit = rules.pickerSessionLimit, open >= limit {
            throw APIError(429, "RESOURCE_EXHAUSTED", "The user has too many picking sessions.")
        }
        let id = randomText(36)
        let session = PickerSession(
            account: call.account, client: call.client, birth: call.now,
            maxItemCount: count == 0 ? Self.mostItems : Int(count))
        pickerSessions[id] = session
        return FakeResponse(json: sessionJSON(id, session, now: call.now))
    }

    private mutating func getSession(_ call: Call) throws(APIError) -> FakeResponse {
        _ = try session(call.argument, call)
        letUserChoose(call.argument)
        return FakeResponse(json: sessionJSON(call.argument, try session(call.argument, call), now: call.now))
    }

    private func expiry(of session: PickerSession) -> Int64 { session.birth + Int64(rules.pickerSessionLifetime) }

    private func session(_ id: String, _ call: Call) throws(APIError) -> PickerSession {
        guard let session = pickerSessions[id], session.account == call.account, session.client == call.client,
            call.now < expiry(of: session)
        else { throw .notFound("Requested session was not found.") }
        return session
    }

    private mutating func deleteSession(_ call: Call) throws(APIError) -> FakeResponse {
        _ = try session(call.argument, call)
        pickerSessions[call.argument] = nil
        return FakeResponse(json: [:])
    }

    private func sessionJSON(_ id: String, _ session: PickerSession, now: Int64) -> JSON {
        var json: JSONObject = ["id": .string(id), "pickerUri": .string("\(origin)/picker/\(id)")]
        if session.isDone {
            json["mediaItemsSet"] = true
        } else {
            let rest = max(0, session.birth + Int64(rules.pickerTimeout) - now)
            let interval = rules.pickerPollMilliseconds
            let fraction = interval % 1000 == 0 ? "" : "." + String(String(interval % 1000 + 1000).dropFirst())
            json["pollingConfig"] = [
                "pollInterval": .string("\(interval / 1000)\(fraction)s"), "timeoutIn": .string("\(rest)s"),
            ]
        }
        json["expireTime"] = .string(Timestamp(seconds: expiry(of: session)).description)
        json["pickingConfig"] = ["maxItemCount": .string("\(session.maxItemCount)")]
        return .object(json)
    }

    private func listPicked(_ call: Call) throws(APIError) -> FakeResponse {
        guard let id = call.request.parameter("sessionId"), !id.isEmpty else {
            throw .invalidArgument("A session id is needed.")
        }
        let session = try session(id, call)
        guard session.isDone else {
            throw APIError(400, "FAILED_PRECONDITION", "The user has not finished picking media items.")
        }
        let query = JSON.string(id).queryHash
        let page = try page(
            call, size: try call.request.integerParameter("pageSize"), token: call.request.parameter("pageToken"),
            normal: Self.normalPage, most: Self.largestPage, query: query)
        let start = Int(page.key ?? 0)
        var shown = Array(session.items.dropFirst(start).prefix(page.size))
        var following = start + shown.count
        if call.pageFault == .emptyPage { (shown, following) = ([], start) }
        if call.pageFault == .repeatItem, start > 0 { shown.insert(session.items[start - 1], at: 0) }
        if call.pageFault == .skipItem { shown = shown.dropLast() }
        if call.pageFault == .repeatToken { following = start }
        var json = JSONObject()
        if !shown.isEmpty { json["mediaItems"] = .array(shown.map { pickedJSON($0, call) }) }
        if following < session.items.count {
            json["nextPageToken"] = .string(pageToken(call, after: page, key: Int64(following), query: query))
        }
        return FakeResponse(json: .object(json))
    }

    /// Width and height are numbers here, and texts in the Library API.
    private func pickedJSON(_ position: Int32, _ call: Call) -> JSON {
        let item = accounts[call.account].items[Int(position)]
        let object = ObjectReference(account: call.account, position: position)
        var grant: [UInt8] = []
        sealer.append(.grant, object.word, UInt64(bitPattern: call.now), to: &grant)
        let camera = cameras[Int(item.camera)]
        var metadata = JSONObject()
        if item.width > 0, item.height > 0 {
            metadata["width"] = .integer(Int64(item.width))
            metadata["height"] = .integer(Int64(item.height))
        }
        if !camera.make.isEmpty { metadata["cameraMake"] = .string(camera.make) }
        if !camera.model.isEmpty { metadata["cameraModel"] = .string(camera.model) }
        if item.kind.isVideo {
            metadata["videoMetadata"] = ["processingStatus": .string(item.videoStatus(now: call.now))]
        } else {
            var photo = JSONObject()
            if let iso = camera.isoEquivalent { photo["isoEquivalent"] = .integer(Int64(iso)) }
            metadata["photoMetadata"] = .object(photo)
        }
        var file: JSONObject = [
            "baseUrl": .string("\(origin)/picker/lh3/\(String(decoding: grant, as: UTF8.self))"),
            "mimeType": .string(item.kind.mimeType),
        ]
        if !item.filename.isEmpty { file["filename"] = .string(item.filename) }
        file["mediaFileMetadata"] = .object(metadata)
        return [
            "id": .string(sealer.id(.item, object)),
            "createTime": .string(Timestamp(seconds: item.creationTime).description),
            "type": item.kind.isVideo ? "VIDEO" : "PHOTO", "mediaFile": .object(file),
        ]
    }

    /// The bytes of a chosen item, for its user alone: 403 without a token that may use the Picker.
    mutating func pickerDownload(
        _ request: FakeRequest, grant text: String, now: Int64
    ) throws(APIError) -> FakeResponse {
        let object = sealer.open(.grant, text.utf8.prefix { $0 != UInt8(ascii: "=") })
            .map { ObjectReference(word: $0.first) }
        let grant: TokenGrant
        do { grant = try self.grant(request, now: now) } catch { return Self.forbidden }
        guard grant.scopes.contains(.picker), object.map({ $0.account == grant.account }) ?? true else {
            return Self.forbidden
        }
        return bytes(request, grant: text, isMetered: false, now: now)
    }
}
