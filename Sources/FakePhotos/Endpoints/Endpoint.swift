/// What can be asked for, by the method ids of Google's discovery document.
public enum Endpoint: String, Sendable, Hashable, CaseIterable {
    case albumsCreate = "albums.create"
    case albumsList = "albums.list"
    case albumsGet = "albums.get"
    case albumsPatch = "albums.patch"
    case albumsBatchAdd = "albums.batchAddMediaItems"
    case albumsBatchRemove = "albums.batchRemoveMediaItems"
    case albumsEnrich = "albums.addEnrichment"
    case itemsList = "mediaItems.list"
    case itemsSearch = "mediaItems.search"
    case itemsGet = "mediaItems.get"
    case itemsBatchGet = "mediaItems.batchGet"
    case itemsBatchCreate = "mediaItems.batchCreate"
    case itemsPatch = "mediaItems.patch"
    case uploads
    /// Everything about sharing: switched off by Google.
    case shared
    /// The host of the baseUrls.
    case download
    /// The host that `=dv` of a video leads to, where ``ServiceRules/redirectsVideos`` says so.
    case videoDownload = "video-download"
    case pickerCreate = "picker.sessions.create"
    case pickerGet = "picker.sessions.get"
    case pickerDelete = "picker.sessions.delete"
    case pickerItems = "picker.mediaItems.list"
    case pickerDownload = "picker.download"
    /// rclone's way to the original bytes.
    case proxy
    /// The page where a user signs in.
    case auth
    case token
    case revoke
    /// The service's own controls.
    case control
    case unknown

    var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// Whether it belongs to the Library API: needs an access token, and counts for the quota of requests.
    var isLibraryCall: Bool {
        switch self {
        case .download, .videoDownload, .proxy, .auth, .token, .revoke, .control, .unknown: false
        case .pickerCreate, .pickerGet, .pickerDelete, .pickerItems, .pickerDownload: false
        default: true
        }
    }

    /// Any of these is enough.
    var scopes: Set<Scope> {
        switch self {
        case .albumsCreate, .itemsBatchCreate, .uploads: [.append]
        case .albumsList, .albumsGet, .itemsList, .itemsSearch, .itemsGet, .itemsBatchGet: [.read]
        case .albumsPatch, .albumsBatchRemove, .itemsPatch: [.edit]
        case .albumsBatchAdd, .albumsEnrich: [.append, .edit]
        case .pickerCreate, .pickerGet, .pickerDelete, .pickerItems, .pickerDownload: [.picker]
        case .shared, .download, .videoDownload, .proxy, .auth, .token, .revoke, .control, .unknown: []
        }
    }
}

/// Where a request goes.
struct Route: Sendable, Hashable {
    var endpoint: Endpoint
    /// The id, grant or command in the path.
    var argument = ""

    init(method: String, path: String) {
        (endpoint, argument) = Self.find(method: method, path: path)
    }

    private static func find(method: String, path: String) -> (Endpoint, String) {
        func rest(_ prefix: String) -> String? {
            path.hasPrefix(prefix) ? String(path.dropFirst(prefix.count)) : nil
        }
        if let grant = rest("/lh3/") {
            return method == "GET" || method == "HEAD" ? (.download, grant) : (.unknown, "")
        }
        if let grant = rest("/video-downloads/"), method == "GET" { return (.videoDownload, grant) }
        if let id = rest("/id/"), method == "GET" { return (.proxy, id) }
        if let rest = rest("/picker/") { return picker(method: method, rest) }
        if let command = rest("/_fake/") { return (.control, command) }
        if path.hasPrefix("/v1/sharedAlbums") { return (.shared, "") }
        switch (method, path) {
        case ("GET", "/auth"): return (.auth, "")
        case ("POST", "/token"): return (.token, "")
        case ("POST", "/revoke"): return (.revoke, "")
        case ("POST", "/v1/uploads"), ("POST", "/v1/uploads/"): return (.uploads, "")
        case ("GET", "/v1/albums"): return (.albumsList, "")
        case ("POST", "/v1/albums"): return (.albumsCreate, "")
        case ("GET", "/v1/mediaItems"): return (.itemsList, "")
        case ("POST", "/v1/mediaItems:search"): return (.itemsSearch, "")
        case ("GET", "/v1/mediaItems:batchGet"): return (.itemsBatchGet, "")
        case ("POST", "/v1/mediaItems:batchCreate"): return (.itemsBatchCreate, "")
        default: break
        }
        if let id = rest("/v1/mediaItems/"), !id.isEmpty, !id.contains("/") {
            if method == "GET" { return (.itemsGet, id) }
            if method == "PATCH" { return (.itemsPatch, id) }
        }
        if let rest = rest("/v1/albums/"), !rest.isEmpty, !rest.contains("/") { return album(method: method, rest) }
        return (.unknown, "")
    }

    private static func picker(method: String, _ path: String) -> (Endpoint, String) {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        switch (method, parts[0], parts.count) {
        case ("GET", "lh3", 2), ("HEAD", "lh3", 2): return (.pickerDownload, String(parts[1]))
        case ("POST", "v1", 2) where parts[1] == "sessions": return (.pickerCreate, "")
        case ("GET", "v1", 2) where parts[1] == "mediaItems": return (.pickerItems, "")
        case ("GET", "v1", 3) where parts[1] == "sessions": return (.pickerGet, String(parts[2]))
        case ("DELETE", "v1", 3) where parts[1] == "sessions": return (.pickerDelete, String(parts[2]))
        default: return (.unknown, "")
        }
    }

    private static func album(method: String, _ text: String) -> (Endpoint, String) {
        guard let colon = text.firstIndex(of: ":") else {
            if method == "GET" { return (.albumsGet, text) }
            return method == "PATCH" ? (.albumsPatch, text) : (.unknown, "")
        }
        let id = String(text[..<colon])
        switch (method, text[text.index(after: colon)...]) {
        case ("POST", "batchAddMediaItems"): return (.albumsBatchAdd, id)
        case ("POST", "batchRemoveMediaItems"): return (.albumsBatchRemove, id)
        case ("POST", "addEnrichment"): return (.albumsEnrich, id)
        case ("POST", "share"), ("POST", "unshare"): return (.shared, id)
        default: return (.unknown, "")
        }
    }
}
