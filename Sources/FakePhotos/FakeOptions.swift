/// What the library of the account `demo` is made of at the start. The same plan makes the same library, every time.
public struct LibraryPlan: Sendable, Hashable {
    /// Media items of the account.
    public var items = 300
    /// Albums of the account; the first twelve have the titles of the demo library.
    public var albums = 12
    /// Decides everything that looks random.
    public var seed: UInt64 = 1
    /// Exact bytes of every item; nil for the size of the picture it is made of, 0.5 to 65 KB.
    public var itemSize: Int?
    /// Favourites; nil for one in twenty.
    public var favorites: Int?
    /// Years of pictures, the last of which is 2026.
    public var spanYears = 8
    /// Whether some names are as odd as people's names are: empty, with slashes, with control characters.
    public var hasOddNames = true

    public init() {}
}

/// How the service behaves. Quotas are off; times and sizes are Google's.
public struct ServiceRules: Sendable, Hashable {
    /// Seconds that an access token is good for.
    public var accessTokenLifetime = 3599
    /// Seconds that a baseUrl is good for.
    public var baseURLLifetime = 3600
    /// Seconds that a nextPageToken is good for. Google names none.
    public var pageTokenLifetime = 3600
    /// Seconds that an upload token is good for.
    public var uploadTokenLifetime = 86400
    /// Calls of the Library API and uploads, per project and day; Google has 10,000. Nil for no limit.
    public var requestsPerDay: Int?
    /// Downloads per project and day; Google has 75,000. Nil for no limit.
    public var downloadsPerDay: Int?
    /// Whether a query of an upload that is final answers with its token again. Not known of Google.
    public var repeatsUploadTokens = false
    /// `batchCreate` calls per user and minute. Nil for no limit.
    public var writesPerMinute: Int?
    /// Whether `=d` leaves out where a JPEG was taken, as Google does. Off, so that a restore can be compared by bytes.
    public var stripsLocation = false
    /// Whether `=dv` gives other bytes than were uploaded, as Google does.
    public var transcodesVideos = false
    /// Seconds that a new video is PROCESSING for.
    public var videoProcessingTime = 0
    /// Whether uploads that are no picture and no video become items all the same.
    public var acceptsAnyContent = false
    /// Most bytes of a picture.
    public var photoSizeLimit: Int64 = 200 << 20
    /// Most bytes of a video.
    public var videoSizeLimit: Int64 = 20 << 30
    /// Bytes that an account has for uploads. Nil for no limit.
    public var storageLimit: Int64?
    /// Most items of an album.
    public var albumLimit = 20_000
    /// Milliseconds that a `batchCreate` takes. A second one of the same user within that time is refused.
    public var batchCreateMilliseconds = 5
    /// Whether a `batchCreate` with failed items answers 207 and not 200.
    public var answersMultiStatus = false
    /// Whether an id of another project is answered by 403 and not by 404.
    public var forbidsForeignIDs = false
    /// Whether the API was never enabled for the project: every call is refused.
    public var isDisabled = false

    public init() {}
}

/// Everything that can be chosen about the service.
public struct FakeOptions: Sendable, Hashable {
    public var plan = LibraryPlan()
    public var rules = ServiceRules()

    public init(plan: LibraryPlan = LibraryPlan(), rules: ServiceRules = ServiceRules()) {
        self.plan = plan
        self.rules = rules
    }

    /// An account without items, to be filled by a test.
    public static var empty: FakeOptions {
        var options = FakeOptions()
        options.plan.items = 0
        options.plan.albums = 0
        return options
    }
}
