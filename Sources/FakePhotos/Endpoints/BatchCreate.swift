import ConnectorKit
import StrictJSON

/// mediaItems.batchCreate: uploads become items.
extension LibraryState {
    /// Why one item of the batch was not made.
    private struct ItemFailure: Error {
        var code: Int64
        var message: String

        static let badToken = ItemFailure(code: 3, message: "NOT_IMAGE: The upload token is invalid or expired.")
        static let badImage = ItemFailure(
            code: 3, message: "BAD_IMAGE: There was an error while trying to create this media item.")
        static let transient = ItemFailure(
            code: 13, message: "Failed: There was an error while trying to create this media item.")
        static let storageFull = ItemFailure(code: 8, message: APIError.storageFull(status: 429).message)
    }

    private struct NewItem {
        var uploadToken: String
        var filename: String
        var description: String
    }

    mutating func batchCreateItems(_ call: Call) throws(APIError) -> FakeResponse {
        let body = try call.request.object()
        let items = try Self.newItems(body)
        let target = try target(body, call, count: items.count)
        try admitWrite(call)
        let isFull = isFull(for: items, call)
        if isFull, rules.storageFullStatus != 200 { throw .storageFull(status: rules.storageFullStatus) }

        var results: [JSON] = []
        var made: [Int32] = []
        for item in items {
            var result: JSONObject = ["uploadToken": .string(item.uploadToken)]
            do throws(ItemFailure) {
                if isFull { throw ItemFailure.storageFull }
                let position = try create(item, call)
                made.append(position)
                result["status"] = ["message": "Success"]
                result["mediaItem"] = json(of: position, call)
            } catch {
                result["status"] = ["code": .integer(error.code), "message": .string(error.message)]
            }
            results.append(.object(result))
        }
        if let target { try insert(made, album: target.album, account: call.account, at: target.index) }
        let status = rules.answersMultiStatus && made.count < items.count ? 207 : 200
        var response = FakeResponse(status: status, json: ["newMediaItemResults": .array(results)])
        response.delivery.delay = Double(rules.batchCreateMilliseconds) / 1000
        beginWrite(call, &response)
        return response
    }

    private static func newItems(_ body: JSONObject) throws(APIError) -> [NewItem] {
        let items = body["newMediaItems"]?.arrayValue ?? []
        if items.isEmpty { throw .invalidArgument("Request must have at least one new media item.") }
        if items.count > largestBatch { throw tooManyItems }
        var found: [NewItem] = []
        for item in items {
            guard let simple = item["simpleMediaItem"] else {
                throw .invalidArgument("A new media item must have a simpleMediaItem.")
            }
            let new = NewItem(
                uploadToken: simple["uploadToken"]?.stringValue ?? "", filename: simple["fileName"]?.stringValue ?? "",
                description: item["description"]?.stringValue ?? "")
            if new.filename.unicodeScalars.count > 255 {
                throw .invalidArgument("The file name must not have more than 255 characters.")
            }
            if new.description.unicodeScalars.count >= 1000 {
                throw .invalidArgument("The description must have less than 1000 characters.")
            }
            found.append(new)
        }
        return found
    }

    /// The album that the items go to, and where in it; nil where none was asked for.
    private func target(
        _ body: JSONObject, _ call: Call, count: Int
    ) throws(APIError) -> (album: Int, index: Int?)? {
        let place = body["albumPosition"]?.objectValue
        guard let id = body["albumId"]?.stringValue, !id.isEmpty else {
            if place != nil { throw .invalidArgument("The album position cannot be set without an album ID.") }
            return nil
        }
        let album = try album(id, call, missing: .invalidArgument("The provided ID does not match any albums."))
        let items = accounts[call.account].albums[album].items
        if items.count + count > rules.albumLimit {
            throw .invalidArgument("The album cannot have more than \(rules.albumLimit) media items.")
        }
        switch place?["position"]?.stringValue {
        case nil, "POSITION_TYPE_UNSPECIFIED", "LAST_IN_ALBUM": return (album, nil)
        case "FIRST_IN_ALBUM": return (album, 0)
        case "AFTER_MEDIA_ITEM":
            let relative = try item(place?["relativeMediaItemId"]?.stringValue ?? "", call)
            guard let index = items.firstIndex(of: relative) else {
                throw .invalidArgument("The relative media item must be in the album.")
            }
            return (album, index + 1)
        default: throw .invalidArgument("Invalid album position.")
        }
    }

    private func isFull(for items: [NewItem], _ call: Call) -> Bool {
        guard let limit = rules.storageLimit else { return false }
        let new = items.reduce(Int64(0)) { $0 + (uploadTokens[$1.uploadToken]?.content.count ?? 0) }
        return accounts[call.account].storedBytes + new > limit
    }

    private func json(of position: Int32, _ call: Call) -> JSON {
        var writer = ObjectWriter(self, now: call.now)
        writer.item(
            accounts[call.account].items[Int(position)], ObjectReference(account: call.account, position: position))
        return (try? JSON(parsing: writer.take())) ?? .null
    }

    private mutating func create(_ new: NewItem, _ call: Call) throws(ItemFailure) -> Int32 {
        guard let token = uploadTokens[new.uploadToken], token.account == call.account, token.client == call.client,
            !token.isUsed, call.now - token.birth < Int64(rules.uploadTokenLifetime)
        else { throw .badToken }
        let filename = new.filename.isEmpty ? token.filename : new.filename
        if let fault = faults.takeItemError(filename: filename) {
            statistics.befall(fault)
            if fault.code == 13 { throw .transient }
            throw ItemFailure(code: Int64(fault.code), message: fault.message ?? ItemFailure.badImage.message)
        }
        let probe = MediaProbe(Content(token.content).prefix(MediaProbe.prefixLength))
        if probe == nil, !rules.acceptsAnyContent { throw .badImage }
        uploadTokens[new.uploadToken]?.isUsed = true
        if let known = known(token.content, account: call.account) {
            // The service keeps the first name and description of the same bytes; what was trashed comes back.
            accounts[call.account].items[Int(known)].flags.remove(.trashed)
            uploads[token.record].item = known
            return known
        }
        var item = MediaItem(
            source: .stored(token.content), filename: filename, description: new.description,
            creationTime: probe?.dateTaken?.seconds ?? call.now, width: Int32(clamping: probe?.width ?? 0),
            height: Int32(clamping: probe?.height ?? 0), project: UInt16(call.client), kind: probe?.kind ?? .jpeg)
        item.camera = position(of: probe?.camera)
        if item.kind.isVideo { item.readyTime = call.now + Int64(rules.videoProcessingTime) }
        accounts[call.account].storedBytes += token.content.count
        statistics.itemsCreated += 1
        let position = accounts[call.account].append(item)
        accounts[call.account].contents[token.content.sha256] = position
        uploads[token.record].item = position
        return position
    }

    /// The item that has these bytes already.
    private mutating func known(_ content: StoredContent, account: Int) -> Int32? {
        if let position = accounts[account].contents[content.sha256] { return position }
        guard let serial = shelf.serial(of: content) else { return nil }
        return accounts[account].position(ofSerial: serial)
    }
}
