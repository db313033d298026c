/// What an export of an account is to look like. The same plan makes the same files of the same library.
public struct TakeoutPlan: Sendable, Hashable {
    /// How the parts are packed.
    public enum Packing: String, Sendable, Hashable, CaseIterable {
        case zip, tgz, folder
    }

    /// Decides everything that looks random.
    public var seed: UInt64 = 1
    public var language = TakeoutLanguage.english
    public var packing = Packing.zip
    /// Of each export. Files are dealt out to them in turn: an item and its sidecar are hardly ever in the same.
    public var parts = 2
    /// Exports after the first, a month apart: each holds a share of the newest items, and some older ones that have
    /// changed since.
    public var increments = 0
    /// The moment of the first export, as its name has it.
    public var stamp = "20260301T101500Z"
    /// Whether sidecars are named as until autumn 2024, without `supplemental-metadata`.
    public var hasOldNames = false
    /// Whether there is what only exports have: edited copies, the videos of motion photos, files without metadata.
    public var hasExtras = true

    public init() {}
}

/// What an export was made of.
public struct TakeoutSummary: Sendable, Hashable {
    public var files = 0
    public var bytes: Int64 = 0
    /// Items of the account that are in it, but for those of the trash.
    public var items = 0
    /// Files that are no item of the account: copies that were edited, videos of motion photos.
    public var extras = 0
    /// Ids of the items whose sidecar was left out.
    public var withoutSidecar: Set<String> = []
}
