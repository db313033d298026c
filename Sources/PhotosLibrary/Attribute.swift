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
    /// Of the directory of an album: its title as Google gives it.
    public static let albumTitle = "user.googlephotos.title"
}
