import StrictJSON

extension FakeFault {
    /// Reads a fault as `POST /_fake/faults` takes it.
    init(json: JSONObject) throws(APIError) {
        guard let text = json["kind"]?.stringValue, let kind = Kind(rawValue: text) else {
            throw .invalidArgument("kind must be one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.init(kind)
        func number(_ key: String) -> Int? { json[key]?.integerValue.map { Int($0) } }
        pattern = json["endpoint"]?.stringValue ?? pattern
        after = number("after") ?? after
        every = number("every")
        rate = json["rate"]?.doubleValue
        // What comes again and again has no end unless one is given.
        if let given = json["count"] {
            count = given.isNull ? nil : number("count")
        } else if every != nil || rate != nil {
            count = nil
        }
        match = json["match"]?.stringValue
        status = number("status") ?? status
        bytes = number("bytes") ?? bytes
        seconds = json["seconds"]?.doubleValue ?? seconds
        retryAfter = number("retryAfter")
        body = json["body"]?.stringValue
        message = json["message"]?.stringValue
        code = number("code") ?? code
        isDone = json["done"]?.boolValue ?? isDone
        try check()
    }

    private func check() throws(APIError) {
        guard Endpoint.allCases.contains(where: { Wildcard.matches(pattern, $0.rawValue) }) else {
            throw .invalidArgument("there is no endpoint \(pattern)")
        }
        guard (200...599).contains(status) else { throw .invalidArgument("status must be 200 to 599") }
        guard bytes >= 0, seconds >= 0, after >= 0 else {
            throw .invalidArgument("bytes, seconds and after must not be negative")
        }
        guard count ?? 1 > 0, every ?? 1 > 0 else { throw .invalidArgument("count and every must be 1 or more") }
        guard (0...1).contains(rate ?? 0) else { throw .invalidArgument("rate must be 0 to 1") }
        if kind == .throttle, bytes == 0 { throw .invalidArgument("a throttle needs bytes, for each second") }
    }
}
