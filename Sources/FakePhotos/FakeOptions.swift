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
    /// When the quotas of a day are refilled. Google names midnight in California outside of its reference only.
    public var quotaDay = QuotaDay.pacific
    /// Whether a query of an upload that is final answers with its token again. Not known of Google.
    public var repeatsUploadTokens = false
    /// Writes per user and minute. Nil for no limit.
    public var writesPerMinute: Int?
    /// Writes of a user at a time. Nil for no limit.
    public var concurrentWrites: Int? = 1
    /// Whether changes of albums and descriptions are writes, too, and not `batchCreate` alone.
    public var limitsAlbumWrites = false
    /// Seconds, for the header Retry-After of a 429. Google sends none.
    public var quotaRetryAfter: Int?
    /// Whether `=d` leaves out where a JPEG was taken, as Google does. Off, so that a restore can be compared by bytes.
    public var stripsLocation = false
    /// Whether `=dv` gives other bytes than were uploaded, as Google does.
    public var transcodesVideos = false
    /// Seconds that a new video is PROCESSING for.
    public var videoProcessingTime = 0
    /// What a download of a video answers before it is READY: 404 with a picture, or 403 with a page.
    public var processingVideoStatus = 404
    /// Whether a download is served in ranges.
    public var servesRanges = true
    /// Whether a download has an ETag.
    public var servesETags = true
    /// Whether `=d` and `=dv` name the file in Content-Disposition.
    public var namesDownloads = true
    /// Whether a baseUrl without a parameter is a small picture, and not forbidden.
    public var servesBareURLs = false
    /// Whether `mediaItems.list` shows what is archived.
    public var listsArchivedItems = false
    /// Whether one bad id makes a whole `batchGet` answer 500.
    public var failsBatchGetWithBadID = false
    /// What becomes of `X-Goog-Hash`.
    public var hashCheck = HashCheck.sha1
    /// Whether `=dv` leads to another host, as Google's does.
    public var redirectsVideos = false
    /// Whether uploads that are no picture and no video become items all the same.
    public var acceptsAnyContent = false
    /// Most bytes of a picture.
    public var photoSizeLimit: Int64 = 200 << 20
    /// Most bytes of a video.
    public var videoSizeLimit: Int64 = 20 << 30
    /// Bytes that an account has for uploads. Nil for no limit.
    public var storageLimit: Int64?
    /// What a `batchCreate` without space answers: 400, 429, or 200 with an error of code 8 for each item.
    public var storageFullStatus = 400
    /// Most items of an album.
    public var albumLimit = 20_000
    /// Most albums of an account. Google names no number. Nil for no limit.
    public var albumCountLimit: Int?
    /// Whether `albums.list` shows what other apps made too, as it did before 31 March 2025; not writable then.
    public var listsForeignAlbums = false
    /// Milliseconds that a `batchCreate` takes. A second one of the same user within that time is refused.
    public var batchCreateMilliseconds = 5
    /// Whether a `batchCreate` with failed items answers 207 and not 200.
    public var answersMultiStatus = false
    /// Whether an id of another project is answered by 403 and not by 404.
    public var forbidsForeignIDs = false
    /// Whether the API was never enabled for the project: every call is refused.
    public var isDisabled = false
    /// Whether the user has no Google Photos: the Picker refuses to begin.
    public var hasNoPhotosAccount = false
    /// Seconds that a session of the Picker is good for.
    public var pickerSessionLifetime = 7 * 86400
    /// Most sessions of a user and project at a time. Google names no number. Nil for no limit.
    public var pickerSessionLimit: Int?
    /// Seconds for which a session is worth polling.
    public var pickerTimeout = 1800
    /// What a session asks for between two polls.
    public var pickerPollMilliseconds = 5000
    /// How many items the user chooses in every session that nothing else is told of: the newest that were chosen in no
    /// session before. Nil where they wait to be told.
    public var pickerChoice: Int?

    public init() {}
}

/// What the service makes of `X-Goog-Hash`, which no guide of Google's mentions.
public enum HashCheck: String, Sendable, Hashable, CaseIterable {
    /// `sha1=` is compared, everything else is ignored.
    case sha1
    /// `sha256=` is compared as well.
    case sha256
    /// Any request with the header is refused.
    case refused
    case ignored
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
