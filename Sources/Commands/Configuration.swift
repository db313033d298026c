import StrictJSON

/// What the configuration file holds: the settings of sources and destinations by name.
struct Configuration: Sendable, Hashable {
    typealias Settings = [String: String]

    private var remotes: [RemoteKind: [String: Settings]] = [:]
    /// What this version does not know; it stays.
    private var others = JSONObject()

    init() {}

    subscript(kind: RemoteKind) -> [String: Settings] {
        get { remotes[kind] ?? [:] }
        set { remotes[kind] = newValue }
    }

    /// Why a file is no configuration. It names keys and holds no value.
    struct Damage: Error, Hashable {
        var reason: String
    }

    init(parsing bytes: [UInt8]) throws(Damage) {
        let json: JSON
        do throws(JSONError) {
            json = try JSON(parsing: bytes)
        } catch {
            throw Damage(reason: error.description)
        }
        guard let object = json.objectValue else { throw Damage(reason: "it is no JSON object") }
        others = object
        for kind in RemoteKind.allCases {
            others[kind.plural] = nil
            if let value = object[kind.plural] { remotes[kind] = try Self.remotes(value, of: kind) }
        }
    }

    private static func remotes(_ json: JSON, of kind: RemoteKind) throws(Damage) -> [String: Settings] {
        guard let object = json.objectValue else { throw Damage(reason: "\"\(kind.plural)\" is no object") }
        var remotes: [String: Settings] = [:]
        for member in object.members {
            guard let values = member.value.objectValue else {
                throw Damage(reason: "the \(kind.noun) \(member.key.quoted) is no object")
            }
            var settings: Settings = [:]
            for setting in values.members {
                guard let text = setting.value.stringValue else {
                    throw Damage(
                        reason: "the setting \(setting.key.quoted) of the \(kind.noun) \(member.key.quoted) is no text")
                }
                settings[setting.key] = text
            }
            remotes[member.key] = settings
        }
        return remotes
    }

    /// The file: JSON that a person can read, names and keys in order.
    var bytes: [UInt8] {
        var object = JSONObject()
        for kind in RemoteKind.allCases {
            let members = self[kind].sorted { $0.key < $1.key }.map { name, settings in
                JSONObject.Member(key: name, value: .object(settings.sortedObject))
            }
            object[kind.plural] = .object(JSONObject(members))
        }
        object.members += others.members
        return Array((JSON.object(object).prettyText + "\n").utf8)
    }
}

extension [String: String] {
    /// The settings as JSON, in the order of their keys.
    var sortedObject: JSONObject {
        JSONObject(sorted { $0.key < $1.key }.map { JSONObject.Member(key: $0.key, value: .string($0.value)) })
    }
}
