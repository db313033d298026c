/// Names of the attributes of records: what Google knows of an item and its bytes do not hold.
public enum Attribute {
    /// The id of the media item.
    public static let id = "user.googlephotos.id"
    /// The file name as Google gives it, where the name in the pathname had to be made safe or unique.
    public static let filename = "user.googlephotos.filename"
    public static let description = "user.googlephotos.description"
    /// `WIDTHxHEIGHT` in pixels.
    public static let dimensions = "user.googlephotos.dimensions"
    public static let camera = "user.googlephotos.camera"
    /// Of a file that tells of another one, and is no media: the name of that.
    public static let sidecar = "user.googlephotos.sidecar"
    /// Of the directory of an album: its title as Google gives it.
    public static let albumTitle = "user.googlephotos.title"

    // What only a Takeout export tells.

    /// The page of the item at Google.
    public static let url = "user.googlephotos.url"
    /// `LATITUDE,LONGITUDE` in degrees, with `,ALTITUDE` in metres where it is known.
    public static let location = "user.googlephotos.location"
    /// The names of the people on it, as a JSON array.
    public static let people = "user.googlephotos.people"
    /// `true`, or absent.
    public static let favorite = "user.googlephotos.favorite"
    /// `true`, or absent.
    public static let archived = "user.googlephotos.archived"
    /// When it came into the library.
    public static let added = "user.googlephotos.added"
    /// How it came into the library, in Google's word, such as `mobileUpload` or `fromPartnerSharing`.
    public static let origin = "user.googlephotos.origin"
    /// Of the directory of an album: the texts and places among its items, a line each.
    public static let notes = "user.googlephotos.notes"
}
