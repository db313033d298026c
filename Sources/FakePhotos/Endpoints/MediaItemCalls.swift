import StrictJSON

/// mediaItems.get, batchGet and patch.
extension LibraryState {
    /// The most ids of one request.
    static let largestBatch = 50

    static let tooManyItems = APIError.invalidArgument("Request must have less than 50 items.")

    func getItem(_ call: Call) throws(APIError) -> FakeResponse {
        itemResponse(call, try item(call.argument, call))
    }

    private func itemResponse(_ call: Call, _ position: Int32) -> FakeResponse {
        var writer = ObjectWriter(self, now: call.now)
        writer.item(
            accounts[call.account].items[Int(position)], ObjectReference(account: call.account, position: position))
        return FakeResponse(jsonBytes: writer.take())
    }

    /// Answers in the order of the request; one bad id does not spoil the others, unless the rules say so.
    func batchGetItems(_ call: Call) throws(APIError) -> FakeResponse {
        let ids = call.request.query.filter { $0.name == "mediaItemIds" }.map(\.value)
        if ids.isEmpty { throw .invalidArgument("Request must have at least one media item id.") }
        if ids.count > Self.largestBatch { throw Self.tooManyItems }
        if Set(ids).count < ids.count { throw .invalidArgument("Request must not have repeated media item ids.") }
        var writer = ObjectWriter(self, now: call.now, capacity: 256 + ids.count * 740)
        writer.write {
            $0.beginObject()
            $0.key("mediaItemResults")
            $0.beginArray()
        }
        for id in ids {
            writer.write { $0.beginObject() }
            do throws(APIError) {
                let position = try item(id, call)
                writer.write { $0.key("mediaItem") }
                writer.item(
                    accounts[call.account].items[Int(position)],
                    ObjectReference(account: call.account, position: position))
            } catch {
                if rules.failsBatchGetWithBadID { throw .internalError("Internal error encountered.") }
                let code: Int64 = error.httpStatus == 404 ? 5 : error.httpStatus == 403 ? 7 : 3
                writer.write {
                    $0.key("status")
                    $0.value(JSON.object(["code": .integer(code), "message": .string(error.message)]))
                }
            }
            writer.write { $0.endObject() }
        }
        writer.write {
            $0.endArray()
            $0.endObject()
        }
        return FakeResponse(jsonBytes: writer.take())
    }

    mutating func patchItem(_ call: Call) throws(APIError) -> FakeResponse {
        let position = try item(call.argument, call)
        guard call.request.parameter("updateMask") == "description" else {
            throw .invalidArgument("Only the description of a media item can be updated.")
        }
        let description = try call.request.object()["description"]?.stringValue ?? ""
        if description.unicodeScalars.count >= 1000 {
            throw .invalidArgument("The description must have less than 1000 characters.")
        }
        accounts[call.account].items[Int(position)].description = description
        return itemResponse(call, position)
    }
}
