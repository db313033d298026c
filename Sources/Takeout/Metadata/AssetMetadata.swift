import ConnectorKit
import StrictJSON

/// What a sidecar says of a photo or video.
///
/// Google publishes no schema. The fields are those that exports hold, as immich-go (`adapters/googlePhotos/json.go`) and
/// google-photos-migrate (`GoogleMeta.ts`) read them.
public struct AssetMetadata: Sendable, Hashable {
    /// The original file name; it may hold characters that the name of the exported file has lost.
    public var title = ""
    public var description = ""
    /// When it was taken, as the library shows it.
    public var taken: Timestamp?
    /// When it was added to the library.
    public var created: Timestamp?
    public var place: Place?
    public var people: [String] = []
    /// Its page, such as `https://photos.google.com/photo/…`.
    public var url = ""
    public var isFavorite = false
    public var isArchived = false
    public var isTrashed = false
    /// How it came into the library, such as `mobileUpload` or `fromPartnerSharing`.
    public var origin = ""

    /// A place in degrees and metres.
    public struct Place: Sendable, Hashable {
        public var latitude: Double
        public var longitude: Double
        public var altitude: Double

        public init(latitude: Double, longitude: Double, altitude: Double = 0) {
            self.latitude = latitude
            self.longitude = longitude
            self.altitude = altitude
        }
    }

    public init() {}

    /// Takes a sidecar in.
    /// - Returns: nil where it is none of a photo or video: these have a time when they were taken.
    public init?(_ json: JSON) {
        guard let taken = json["photoTakenTime"]?["timestamp"], taken.stringValue != "" else { return nil }
        title = json["title"]?.stringValue ?? ""
        description = json["description"]?.stringValue ?? ""
        self.taken = Self.time(json["photoTakenTime"])
        created = Self.time(json["creationTime"])
        // What the camera wrote; else what Google or the person set. immich-go prefers them in this order.
        place = Self.place(json["geoDataExif"]) ?? Self.place(json["geoData"])
        people = json["people"]?.arrayValue?.compactMap { $0["name"]?.stringValue }.filter { !$0.isEmpty } ?? []
        url = json["url"]?.stringValue ?? ""
        isFavorite = json["favorited"]?.boolValue ?? false
        isArchived = json["archived"]?.boolValue ?? false
        isTrashed = json["trashed"]?.boolValue ?? false
        origin = json["googlePhotosOrigin"]?.objectValue?.members.first?.key ?? ""
    }

    /// Seconds in a string; "0" stands for unknown.
    private static func time(_ json: JSON?) -> Timestamp? {
        guard let seconds = json?["timestamp"]?.int64Value, seconds != 0 else { return nil }
        let moment = Timestamp(seconds: seconds)
        // A moment that can be written is one that reads back.
        return Timestamp(moment.description) == moment ? moment : nil
    }

    /// 0/0, a place in the Gulf of Guinea, stands for none.
    private static func place(_ json: JSON?) -> Place? {
        guard let latitude = json?["latitude"]?.doubleValue, let longitude = json?["longitude"]?.doubleValue,
            latitude != 0 || longitude != 0, abs(latitude) <= 90, abs(longitude) <= 180
        else { return nil }
        return Place(latitude: latitude, longitude: longitude, altitude: json?["altitude"]?.doubleValue ?? 0)
    }

    /// As JSON of Takeout's own form, with no more than there is: how the catalog keeps it.
    public var json: JSON {
        func time(_ time: Timestamp) -> JSON { ["timestamp": .string(String(time.seconds))] }
        var object = JSONObject()
        if !title.isEmpty { object["title"] = .string(title) }
        if !description.isEmpty { object["description"] = .string(description) }
        object["photoTakenTime"] = taken.map(time) ?? ["timestamp": "0"]
        object["creationTime"] = created.map(time)
        object["geoData"] = place.map {
            [
                "latitude": .number($0.latitude), "longitude": .number($0.longitude), "altitude": .number($0.altitude),
            ]
        }
        if !people.isEmpty { object["people"] = .array(people.map { ["name": .string($0)] }) }
        if !url.isEmpty { object["url"] = .string(url) }
        if isFavorite { object["favorited"] = true }
        if isArchived { object["archived"] = true }
        if isTrashed { object["trashed"] = true }
        if !origin.isEmpty { object["googlePhotosOrigin"] = .object(JSONObject([.init(key: origin, value: [:])])) }
        return .object(object)
    }

    /// As a sidecar of an export has it, where Google writes every member, with zeros for a place that is not known.
    public var exportJSON: JSON {
        func time(_ time: Timestamp?) -> JSON {
            // Exports have the words of their language here; readers take the number.
            let moment = Timestamp(seconds: time?.seconds ?? 0)
            return ["timestamp": .string(String(moment.seconds)), "formatted": .string(moment.description)]
        }
        let place = place ?? Place(latitude: 0, longitude: 0)
        var object: JSONObject = ["title": .string(title), "description": .string(description)]
        object["creationTime"] = created.map { time($0) }
        object["photoTakenTime"] = time(taken)
        object["geoData"] = [
            "latitude": .number(place.latitude), "longitude": .number(place.longitude),
            "altitude": .number(place.altitude), "latitudeSpan": .number(0), "longitudeSpan": .number(0),
        ]
        if !people.isEmpty { object["people"] = .array(people.map { ["name": .string($0)] }) }
        object["url"] = .string(url)
        if isFavorite { object["favorited"] = true }
        if isArchived { object["archived"] = true }
        if !origin.isEmpty { object["googlePhotosOrigin"] = .object(JSONObject([.init(key: origin, value: [:])])) }
        return .object(object)
    }

    /// What a later export says wins; what only the earlier one says stays.
    ///
    /// Flags are there only when they are true, so that their absence in the later one says false.
    public func updated(by later: AssetMetadata) -> AssetMetadata {
        var result = later
        if result.title.isEmpty { result.title = title }
        if result.description.isEmpty { result.description = description }
        if result.people.isEmpty { result.people = people }
        if result.url.isEmpty { result.url = url }
        if result.origin.isEmpty { result.origin = origin }
        result.taken = later.taken ?? taken
        result.created = later.created ?? created
        result.place = later.place ?? place
        return result
    }
}
