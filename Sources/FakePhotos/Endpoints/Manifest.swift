import ConnectorKit
import StrictJSON

/// What tests compare a backup with, and how much of the quotas is used.
extension FakeLibrary {
    /// Everything of an account at one moment: items with the hashes of what is stored and of what a download gives, and
    /// albums. Trashed items are not there.
    func manifest(_ name: String) throws -> FakeResponse {
        let (account, index, shelf, sealer, rules) = try withState { state throws(ConnectorError) in
            let index = try state.account(named: name)
            return (state.accounts[index], index, state.shelf, state.sealer, state.rules)
        }
        func id(_ purpose: Sealer.Purpose, _ position: Int) -> JSON {
            .string(sealer.id(purpose, ObjectReference(account: index, position: Int32(position))))
        }
        var writer = JSONWriter(reservingCapacity: account.items.count * 420)
        writer.beginObject()
        writer.key("account")
        writer.value(name)
        writer.key("items")
        writer.beginArray()
        for (position, item) in account.items.enumerated() where !item.flags.contains(.trashed) {
            let stored = shelf.content(of: item)
            let served = shelf.served(item, rules)
            writer.value(
                .object([
                    "id": id(.item, position), "filename": .string(item.filename),
                    "mimeType": .string(item.kind.mimeType), "size": .integer(stored.count),
                    "sha256": .string(Self.hexadecimal(stored.sha256)), "servedSize": .integer(served.count),
                    "servedSha256": .string(Self.hexadecimal(served.sha256)),
                    "archived": .bool(item.flags.contains(.archived)),
                    "favorite": .bool(item.flags.contains(.favorite)),
                ]))
        }
        writer.endArray()
        writer.key("albums")
        writer.beginArray()
        for (position, album) in account.albums.enumerated() where !album.isDeleted {
            let items = album.items.filter { !account.items[Int($0)].flags.contains(.trashed) }
            writer.value(
                .object([
                    "id": id(.album, position), "title": .string(album.title),
                    "items": .array(items.map { id(.item, Int($0)) }),
                ]))
        }
        writer.endArray()
        writer.endObject()
        return FakeResponse(jsonBytes: writer.take())
    }

    /// The day's quotas of every OAuth client.
    var quotas: JSON {
        let now = clock.now
        return withState { state in
            let day = state.rules.quotaDay.number(of: now)
            func limit(_ value: Int?) -> JSON { value.map { .integer(Int64($0)) } ?? .null }
            return .array(
                state.clients.enumerated().map { index, client in
                    let used = state.quota.used(client: index, day: day)
                    return [
                        "client_id": .string(client.id), "requests": .integer(Int64(used.requests)),
                        "requestsPerDay": limit(state.rules.requestsPerDay),
                        "downloads": .integer(Int64(used.downloads)),
                        "downloadsPerDay": limit(state.rules.downloadsPerDay),
                        "reset": .integer(state.rules.quotaDay.reset(after: now)),
                    ]
                })
        }
    }
}
