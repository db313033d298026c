import ConnectorKit
import StrictJSON

/// What somebody wrote below a shared photo or in a shared album, as sidecars hold it in `sharedAlbumComments`.
public struct SharedComment: Sendable, Hashable {
    /// The name of whoever wrote it.
    public var author: String
    public var text: String
    /// Whether it is a heart, which has no text.
    public var isLike: Bool
    public var time: Timestamp?

    init?(_ json: JSON) {
        author = json["contentOwnerName"]?.stringValue ?? ""
        text = json["text"]?.stringValue ?? ""
        isLike = json["liked"]?.boolValue ?? false
        time = json["creationTime"]?["timestamp"]?.int64Value.map { Timestamp(seconds: $0) }
        if text.isEmpty, !isLike { return nil }
    }

    static func all(in json: JSON) -> [SharedComment] {
        (json["sharedAlbumComments"]?.arrayValue ?? []).compactMap { SharedComment($0) }
    }

    /// As Takeout has it, so that it reads back.
    var json: JSON {
        var object: JSONObject = ["contentOwnerName": .string(author)]
        if !text.isEmpty { object["text"] = .string(text) }
        if isLike { object["liked"] = true }
        object["creationTime"] = time.map { ["timestamp": .string(String($0.seconds))] }
        return .object(object)
    }

    /// One line for an attribute: who, and what.
    public var line: String { "\(author): \(isLike && text.isEmpty ? "♥" : text)" }
}
