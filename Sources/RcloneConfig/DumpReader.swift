import StrictJSON

extension RcloneConfig {
    /// Reads what `rclone config dump` prints: an object of objects of texts, references already replaced.
    static func readDump(_ text: ArraySlice<UInt8>) throws(RcloneConfigError) -> RcloneConfig {
        let members = try object(in: text).members
        if members.isEmpty { throw empty }
        var sections: [Section] = []
        for member in members {
            guard let remote = member.value.objectValue else { throw notADump(members) }
            sections.append(Section(name: member.key, values: try entries(of: remote, in: member.key)))
        }
        return try RcloneConfig(sections: sections).inheriting()
    }

    private static func object(in text: ArraySlice<UInt8>) throws(RcloneConfigError) -> JSONObject {
        do throws(JSONError) {
            if let object = try JSON(parsing: text).objectValue { return object }
        } catch {
            throw RcloneConfigError(
                .unreadable, "the input looks like JSON and is not: \(error.description)",
                hint: "give all of what `rclone config dump` prints")
        }
        throw notADump([])
    }

    private static func entries(of remote: JSONObject, in section: String) throws(RcloneConfigError) -> [Entry] {
        var entries: [Entry] = []
        for member in remote.members {
            switch member.value {
            case .string(let value): entries.append(Entry(key: member.key, value: value))
            case .bool, .integer, .number: entries.append(Entry(key: member.key, value: member.value.text))
            case .null: continue
            case .array, .object:
                throw RcloneConfigError(
                    .unreadable, "the remote \(section.quotedForPeople) has a setting that is not a text",
                    hint: "give what `rclone config dump` prints")
            }
        }
        return entries
    }

    /// JSON of another kind; two of these are easily taken for a configuration.
    private static func notADump(_ members: [JSONObject.Member]) -> RcloneConfigError {
        let keys = Set(members.map { $0.key.lowercased() })
        if keys.contains("access_token") || keys.contains("refresh_token") {
            return RcloneConfigError(
                .unreadable, "the input is a token, not a configuration",
                hint: "set it as the setting `token` of a source, or \(whatToGive)")
        }
        if keys.contains("type") {
            return RcloneConfigError(
                .unreadable, "the input is the JSON of one remote without its name", hint: whatToGive)
        }
        return RcloneConfigError(
            .unreadable, "the input is JSON, but not a configuration of rclone",
            hint: "give what `rclone config dump` or `rclone config show NAME` prints")
    }
}
