import ConnectorKit
import StrictJSON

/// The Picker API: the person chooses, and the app reads what they chose.
/// <https://developers.google.com/photos/picker/guides/get-started-picker>
extension PhotosClient {
    /// How many items a person can choose in one session.
    public static let pickerLimit = 1...2000

    /// `sessions.create`. Sent once: a session that nobody knows of would count against the account until it ends.
    /// - Parameter maxItemCount: within ``pickerLimit``.
    /// - Throws: ``ConnectorError``: `quota` for an account that has too many sessions, `permission` for one without
    ///   Google Photos.
    public func createPickerSession(maxItemCount: Int = pickerLimit.upperBound) async throws -> PickerSession {
        guard Self.pickerLimit.contains(maxItemCount) else {
            throw ConnectorError(.config, "a session of the Picker takes 1 to 2000 items, not \(maxItemCount)")
        }
        var call = Call.post(
            "/v1/sessions", ["pickingConfig": ["maxItemCount": .string(String(maxItemCount))]],
            operation: "begin a session of the Picker", kind: .picker, isIdempotent: false)
        call.meanings = [
            "FAILED_PRECONDITION": ConnectorError(
                .permission, "this Google account has no Google Photos",
                hint: "open photos.google.com once with this account, then run it again"),
            "RESOURCE_EXHAUSTED": ConnectorError(
                .quota, "this account has too many sessions of the Picker",
                hint: "they end by themselves; try again later"),
        ]
        return try await pickerSession(call)
    }

    /// `sessions.get`: to be asked in the rhythm of ``PickerSession/polling``.
    public func pickerSession(_ id: String) async throws -> PickerSession {
        try await pickerSession(
            Call(
                path: "/v1/sessions/\(PercentEncoding.query(id))", operation: "read a session of the Picker",
                kind: .picker))
    }

    private func pickerSession(_ call: Call) async throws -> PickerSession {
        var call = call
        call.service = .picker
        guard let session = PickerSession(try await json(call)) else {
            throw GoogleError.nonsense(operation: call.operation, isHTML: false)
        }
        return session
    }

    /// `sessions.delete`. Belongs to every session, since an account can have only so many. One that is gone already is
    /// no error.
    public func deletePickerSession(_ id: String) async throws {
        let call = Call(
            method: "DELETE", service: .picker, path: "/v1/sessions/\(PercentEncoding.query(id))",
            operation: "end a session of the Picker", kind: .picker)
        do {
            _ = try await json(call)
        } catch let error as ConnectorError where error.code == .notFound {
            return
        }
    }

    /// What the person chose. `mediaItems.list`: 100 a page at most.
    ///
    /// Before they pressed Done it is an error with code ``ConnectorError/Code/notPicked``.
    public func pickedItems(session id: String) -> PageSequence<PickedMediaItem> {
        let operation = "list what was chosen"
        return PageSequence(operation: operation, identity: \.id) { [self] token in
            let query = token.map { "&pageToken=\(PercentEncoding.query($0))" } ?? ""
            var call = Call(
                service: .picker,
                path: "/v1/mediaItems?sessionId=\(PercentEncoding.query(id))&pageSize=\(Self.pageSize)\(query)",
                operation: operation, kind: .picker)
            call.meanings = [
                "FAILED_PRECONDITION": ConnectorError(
                    .notPicked, "nothing has been chosen yet", hint: "open the link, choose, and press Done")
            ]
            let json = try await json(call)
            return Page(
                elements: (json["mediaItems"]?.arrayValue ?? []).compactMap(PickedMediaItem.init),
                nextToken: json.nextPageToken)
        }
    }
}

extension ConnectorError.Code {
    /// The person has not pressed Done in the Picker. Not to be repeated at once: it waits for a person.
    public static let notPicked = Self(rawValue: "not-picked")
}
