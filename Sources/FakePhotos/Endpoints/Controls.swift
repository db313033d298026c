import ConnectorKit
import StrictJSON

/// `/_fake/...`: what tests and benchmarks say to the service itself. docs/fake.md describes all of it.
extension FakeLibrary {
    func control(_ request: FakeRequest, command: String) -> FakeResponse {
        do {
            return try handle(request, command)
        } catch let error as APIError {
            return error.response
        } catch let error as ConnectorError {
            return APIError(error.code == .notFound ? 404 : 500, "NOT_FOUND", error.message).response
        } catch {
            return APIError.internalError("\(error)").response
        }
    }

    private func handle(_ request: FakeRequest, _ command: String) throws -> FakeResponse {
        let account = request.parameter("account") ?? "demo"
        switch (request.method, command) {
        case ("GET", "stats"):
            return FakeResponse(json: withState { $0.statistics.json(sealer: $0.sealer) })
        case ("POST", "stats/reset"):
            resetStatistics()
        case ("GET", "log"):
            let last = try request.integerParameter("last").map { Int(max(0, $0)) } ?? .max
            return FakeResponse(json: .array(log.suffix(last).map(\.json)))
        case ("DELETE", "log"):
            clearLog()
        case ("GET", "uploads"):
            let account = request.parameter("account")
            return FakeResponse(json: .array(uploads.filter { account ?? $0.account == $0.account }.map(\.json)))
        case ("GET", "quotas"):
            return FakeResponse(json: quotas)
        case ("GET", "manifest"):
            return try manifest(account)
        case ("GET", "items"):
            return try itemsResponse(account, hashing: request.parameter("sha256") != "0")
        case ("GET", "albums"):
            return try albumsResponse(account, hashing: request.parameter("sha256") != "0")
        case ("GET", "urls"):
            return try urlsResponse(account)
        case ("POST", "items"):
            return try changeItems(try request.object(), account: account)
        case ("POST", "albums"):
            return try addAlbum(try request.object(), account: account)
        case ("POST", "faults"):
            inject(try FakeFault(json: try request.object()))
        case ("DELETE", "faults"):
            clearFaults()
        case ("POST", "clock"):
            guard let seconds = try request.object()["advance"]?.integerValue else {
                throw APIError.invalidArgument("advance must be a number of seconds")
            }
            advanceClock(seconds: Int(seconds))
            return FakeResponse(json: ["now": .integer(now)])
        case ("POST", "rules"):
            try changeRules(try request.object())
        case ("POST", "sign-in"):
            try changeSignIn(try request.object())
        case ("GET", "accounts"):
            return FakeResponse(json: .array(try accountNames.map { try credentialsJSON($0) }))
        case ("POST", "accounts"):
            guard let name = try request.object()["name"]?.stringValue, !name.isEmpty else {
                throw APIError.invalidArgument("name must be a text")
            }
            if accountNames.contains(name) { throw APIError(409, "ALREADY_EXISTS", "there is an account \(name)") }
            addAccount(name)
            return FakeResponse(json: try credentialsJSON(name))
        case ("GET", "picker"):
            return FakeResponse(json: pickerJSON)
        case ("POST", "picker"):
            try changePicker(try request.object())
        case ("POST", "revoke"):
            try revokeTokens(account: account)
        default:
            throw APIError(404, "NOT_FOUND", "there is no control \(request.method) \(command)")
        }
        return FakeResponse(json: [:])
    }

    private func credentialsJSON(_ account: String) throws -> JSON {
        let credentials = try credentials(account: account)
        return [
            "name": .string(account), "client_id": .string(credentials.clientID),
            "client_secret": .string(credentials.clientSecret), "refresh_token": .string(credentials.refreshToken),
        ]
    }

    private func itemsResponse(_ account: String, hashing: Bool) throws -> FakeResponse {
        let items = try items(of: account, hashing: hashing)
        var writer = JSONWriter(reservingCapacity: items.count * 320)
        writer.beginArray()
        for item in items where !item.isTrashed {
            writer.value(
                .object([
                    "id": .string(item.id), "filename": .string(item.filename),
                    "description": .string(item.description), "sha256": .string(item.sha256),
                    "size": .integer(item.size), "mimeType": .string(item.mimeType),
                    "creationTime": .string(item.creationTime.description), "archived": .bool(item.isArchived),
                    "favorite": .bool(item.isFavorite), "downloads": .integer(Int64(item.downloads)),
                ]))
        }
        writer.endArray()
        return FakeResponse(jsonBytes: writer.take())
    }

    private func albumsResponse(_ account: String, hashing: Bool) throws -> FakeResponse {
        let items = try items(of: account, hashing: hashing)
        let hashes = Dictionary(uniqueKeysWithValues: items.map { ($0.id, $0.sha256) })
        let albums = try albums(of: account).map { album in
            JSON.object([
                "id": .string(album.id), "title": .string(album.title),
                "items": .array(
                    album.items.map { ["id": .string($0), "sha256": .string(hashes[$0] ?? "")] }),
            ])
        }
        return FakeResponse(json: .array(albums))
    }

    /// One fresh download URL a line, then a file name that is safe and unique.
    private func urlsResponse(_ name: String) throws -> FakeResponse {
        let now = clock.now
        let text = try withState { state throws(ConnectorError) in
            let account = try state.account(named: name)
            var text: [UInt8] = []
            for (position, item) in state.accounts[account].items.enumerated() where !item.flags.contains(.trashed) {
                text.append(contentsOf: state.origin.utf8)
                text.append(contentsOf: "/lh3/".utf8)
                let object = ObjectReference(account: account, position: Int32(position))
                state.sealer.append(.grant, object.word, UInt64(bitPattern: now), to: &text)
                text.append(contentsOf: (item.kind.isVideo ? "=dv " : "=d ").utf8)
                text.append(contentsOf: "\(position).\(item.kind.fileExtension)\n".utf8)
            }
            return text
        }
        return FakeResponse(status: 200, type: "text/plain; charset=utf-8", text)
    }

    private func changeItems(_ body: JSONObject, account: String) throws -> FakeResponse {
        if let count = body["add"]?.integerValue {
            guard (0...1_000_000).contains(count) else { throw APIError.invalidArgument("add must be 0 to 1000000") }
            let ids = try addGeneratedItems(Int(count), account: account)
            return FakeResponse(json: ["ids": .array(ids.map { .string($0) })])
        }
        guard let id = body["id"]?.stringValue else { throw APIError.invalidArgument("id or add must be given") }
        try updateItem(
            id, filename: body["filename"]?.stringValue, description: body["description"]?.stringValue,
            isArchived: body["archived"]?.boolValue, isFavorite: body["favorite"]?.boolValue,
            isTrashed: body["trashed"]?.boolValue)
        return FakeResponse(json: [:])
    }

    private func addAlbum(_ body: JSONObject, account: String) throws -> FakeResponse {
        if let id = body["delete"]?.stringValue {
            try deleteAlbum(id)
            return FakeResponse(json: [:])
        }
        let items = (body["items"]?.arrayValue ?? []).compactMap(\.stringValue)
        let id = try addAlbum(body["title"]?.stringValue ?? "", items: items, account: account)
        return FakeResponse(json: ["id": .string(id)])
    }

    private func changeRules(_ body: JSONObject) throws {
        var rules = rules
        for member in body.members { try rules.set(member.key, to: member.value) }
        let changed = rules
        updateRules { $0 = changed }
    }
}

extension ServiceRules {
    /// Sets a rule by the name it has here; `null` for no limit.
    fileprivate mutating func set(_ name: String, to value: JSON) throws(APIError) {
        func number() throws(APIError) -> Int {
            guard let number = value.integerValue else { throw .invalidArgument("\(name) must be an integer") }
            return Int(number)
        }
        func limit() throws(APIError) -> Int? { value.isNull ? nil : try number() }
        func flag() throws(APIError) -> Bool {
            guard let flag = value.boolValue else { throw .invalidArgument("\(name) must be true or false") }
            return flag
        }
        func choice<Choice: RawRepresentable & CaseIterable>() throws(APIError) -> Choice
        where Choice.RawValue == String {
            guard let choice = value.stringValue.flatMap(Choice.init) else {
                let choices = Choice.allCases.map(\.rawValue).joined(separator: ", ")
                throw .invalidArgument("\(name) must be one of \(choices)")
            }
            return choice
        }
        func status(_ known: Int...) throws(APIError) -> Int {
            guard known.contains(try number()) else { throw .invalidArgument("\(name) must be one of \(known)") }
            return try number()
        }
        switch name {
        case "accessTokenLifetime": accessTokenLifetime = try number()
        case "baseURLLifetime": baseURLLifetime = try number()
        case "pageTokenLifetime": pageTokenLifetime = try number()
        case "uploadTokenLifetime": uploadTokenLifetime = try number()
        case "requestsPerDay": requestsPerDay = try limit()
        case "downloadsPerDay": downloadsPerDay = try limit()
        case "quotaDay": quotaDay = try choice()
        case "repeatsUploadTokens": repeatsUploadTokens = try flag()
        case "writesPerMinute": writesPerMinute = try limit()
        case "concurrentWrites": concurrentWrites = try limit()
        case "limitsAlbumWrites": limitsAlbumWrites = try flag()
        case "quotaRetryAfter": quotaRetryAfter = try limit()
        case "stripsLocation": stripsLocation = try flag()
        case "transcodesVideos": transcodesVideos = try flag()
        case "videoProcessingTime": videoProcessingTime = try number()
        case "processingVideoStatus": processingVideoStatus = try status(403, 404)
        case "servesRanges": servesRanges = try flag()
        case "servesETags": servesETags = try flag()
        case "redirectsVideos": redirectsVideos = try flag()
        case "namesDownloads": namesDownloads = try flag()
        case "servesBareURLs": servesBareURLs = try flag()
        case "listsArchivedItems": listsArchivedItems = try flag()
        case "failsBatchGetWithBadID": failsBatchGetWithBadID = try flag()
        case "hashCheck": hashCheck = try choice()
        case "acceptsAnyContent": acceptsAnyContent = try flag()
        case "photoSizeLimit": photoSizeLimit = Int64(try number())
        case "videoSizeLimit": videoSizeLimit = Int64(try number())
        case "storageLimit": storageLimit = try limit().map { Int64($0) }
        case "storageFullStatus": storageFullStatus = try status(200, 400, 429)
        case "albumLimit": albumLimit = try number()
        case "albumCountLimit": albumCountLimit = try limit()
        case "listsForeignAlbums": listsForeignAlbums = try flag()
        case "batchCreateMilliseconds": batchCreateMilliseconds = try number()
        case "answersMultiStatus": answersMultiStatus = try flag()
        case "forbidsForeignIDs": forbidsForeignIDs = try flag()
        case "isDisabled": isDisabled = try flag()
        case "hasNoPhotosAccount": hasNoPhotosAccount = try flag()
        case "pickerSessionLifetime": pickerSessionLifetime = try number()
        case "pickerSessionLimit": pickerSessionLimit = try limit()
        case "pickerTimeout": pickerTimeout = try number()
        case "pickerPollMilliseconds": pickerPollMilliseconds = try number()
        case "pickerChoice": pickerChoice = try limit()
        default: throw .invalidArgument("there is no rule \(name)")
        }
    }
}
