/// What a picture says of the camera that took it.
public struct Camera: Sendable, Hashable {
    public var make: String
    public var model: String
    /// Millimetres.
    public var focalLength: Double?
    public var apertureFNumber: Double?
    public var isoEquivalent: Int?
    public var exposureSeconds: Double?

    public init(make: String = "", model: String = "") {
        self.make = make
        self.model = model
    }
}
