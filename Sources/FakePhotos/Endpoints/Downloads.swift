import NIOCore
import NIOHTTP1

/// The host of the baseUrls: `/lh3/GRANT=PARAMETERS`. No access token is needed, the URL is the permission.
extension LibraryState {
    private enum Variant {
        case photo, video, thumbnail
    }

    mutating func download(_ request: FakeRequest, grant text: String, now: Int64) throws(APIError) -> FakeResponse {
        if request.headers.contains(name: "Authorization") { statistics.authorizedDownloads += 1 }
        return bytes(request, grant: text, isMetered: true, now: now)
    }

    /// Where the bytes of videos are: no access token is needed here either.
    mutating func videoDownload(_ request: FakeRequest, grant text: String, now: Int64) -> FakeResponse {
        if request.headers.contains(name: "Authorization") { statistics.authorizedDownloads += 1 }
        return bytes(request, grant: text, isMetered: false, mayRedirect: false, now: now)
    }

    /// Another name of this machine, as the videos have another host at Google.
    private var videoOrigin: String { origin.replacing("//127.0.0.1", with: "//localhost") }

    /// The answer to a baseUrl with its parameter.
    /// - Parameter isMetered: whether it counts for the quota of downloads.
    mutating func bytes(
        _ request: FakeRequest, grant text: String, isMetered: Bool, mayRedirect: Bool = true, now: Int64
    ) -> FakeResponse {
        guard let equals = text.utf8.lastIndex(of: UInt8(ascii: "=")) else {
            // The URL as it is in the API is not for use: a parameter belongs to it.
            guard rules.servesBareURLs, grantReference(text) != nil else {
                return grantReference(text) == nil ? Self.missing : Self.forbidden
            }
            return bytes(request, grant: text + "=w512-h512", isMetered: isMetered, now: now)
        }
        guard let (object, issued) = grantReference(String(text[..<equals])), object.account < accounts.count,
            object.position < accounts[object.account].items.count
        else { return Self.missing }
        if now - issued >= Int64(rules.baseURLLifetime) { return Self.forbidden }
        let item = accounts[object.account].items[Int(object.position)]
        if item.flags.contains(.trashed) { return Self.missing }
        guard let variant = Self.variant(text[text.utf8.index(after: equals)...]) else { return Self.missing }
        let day = rules.quotaDay.number(of: now)
        let limit = rules.downloadsPerDay
        guard !isMetered || quota.takeDownload(client: Int(item.project), limit: limit, day: day) else {
            return Self.tooManyDownloads(retryAfter: rules.quotaRetryAfter)
        }
        // Few photos have a video.
        if variant == .video, !item.kind.isVideo, !item.flags.contains(.motion) { return Self.missing }
        // Only the still of a video is there before it is processed.
        if variant == .video, item.kind.isVideo, item.videoStatus(now: now) != "READY" {
            return rules.processingVideoStatus == 403 ? Self.forbidden : Self.missing
        }
        if variant == .video, rules.redirectsVideos, mayRedirect {
            var response = FakeResponse(status: 302, text: "")
            response.headers.add(name: "Location", value: "\(videoOrigin)/video-downloads/\(text)")
            return response
        }

        let count = item.downloads + 1
        accounts[object.account].items[Int(object.position)].downloads = count
        if count > statistics.mostDownloads?.count ?? 0 { statistics.mostDownloads = (count, object) }
        let isOriginal = variant == (item.kind.isVideo ? .video : .photo)
        let isMotion = variant == .video && !item.kind.isVideo
        let content = isOriginal ? downloadContent(of: item) : isMotion ? motion : still
        let tag = "\"\(String(UInt64(object.account) << 32 | UInt64(object.position), radix: 16))-\(content.count)\""
        var response = FakeResponse(
            status: 200,
            headers: [
                "Content-Type": isOriginal ? item.kind.mimeType : (isMotion ? MediaKind.mp4 : .jpeg).mimeType,
                "Cache-Control": "private, max-age=86400, no-transform",
            ], content: content)
        if rules.servesETags { response.headers.add(name: "ETag", value: tag) }
        if isOriginal, rules.namesDownloads {
            response.headers.add(name: "Content-Disposition", value: Self.disposition(item.filename))
        }
        if rules.servesRanges {
            response.headers.add(name: "Accept-Ranges", value: "bytes")
            Self.apply(request.headers, tag: rules.servesETags ? tag : nil, to: &response)
        }
        response.isHeadOnly = request.method == "HEAD"
        return response
    }

    private func grantReference(_ text: String) -> (ObjectReference, Int64)? {
        sealer.open(.grant, Array(text.utf8)).map { (ObjectReference(word: $0.first), Int64(bitPattern: $0.second)) }
    }

    /// What a baseUrl serves for `=d` or `=dv`: the stored bytes, changed as the rules say.
    func downloadContent(of item: MediaItem) -> Content { shelf.served(item, rules) }

    /// The day's bytes are used up: the download host has no envelope for its errors.
    static func tooManyDownloads(retryAfter: Int?) -> FakeResponse {
        var response = FakeResponse(
            status: 429, text: "Quota exceeded for quota metric 'Media bytes requests' and limit 'per day'.")
        if let retryAfter { response.headers.add(name: "Retry-After", value: "\(retryAfter)") }
        return response
    }

    /// A small picture, for everything that is scaled: its size is not what was asked for.
    private var still: Content {
        shelf.content(medium: UInt8(shelf.position(of: .jpeg, choice: 0)), serial: .max)
    }

    /// The video part of a motion photo.
    private var motion: Content {
        shelf.content(medium: UInt8(shelf.position(of: .mp4, choice: 0)), serial: .max)
    }

    /// Reads parameters such as `d`, `dv`, `w200-h100-c`.
    private static func variant(_ text: Substring) -> Variant? {
        let parts = text.split(separator: "-")
        if parts.contains("dv") { return .video }
        if parts.contains("d") { return .photo }
        let isScaled = parts.contains { part in
            (part.hasPrefix("w") || part.hasPrefix("h") || part.hasPrefix("s")) && Int(part.dropFirst()) != nil
        }
        return isScaled ? .thumbnail : nil
    }

    private static func disposition(_ filename: String) -> String {
        let safe = filename.unicodeScalars.map { scalar in
            scalar.isASCII && scalar.value >= 0x20 && scalar.value != 0x7F && scalar != "\"" && scalar != "\\"
                ? Character(scalar) : "_"
        }
        return "attachment;filename=\"\(String(safe))\""
    }

    /// Answers the headers Range and If-Range (RFC 9110, 14): one range; several are as good as none.
    private static func apply(_ headers: HTTPHeaders, tag: String?, to response: inout FakeResponse) {
        guard let text = headers.first(name: "Range"), let spec = text.split(separator: "bytes=").first,
            text.hasPrefix("bytes="), !spec.contains(",")
        else { return }
        if let condition = headers.first(name: "If-Range"), condition != tag { return }
        let count = response.content.count
        let ends = spec.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2 else { return }
        let range: Range<Int64>
        if ends[0].isEmpty {
            guard let last = Int64(ends[1]) else { return }
            range = max(0, count - last)..<count
        } else {
            guard let first = Int64(ends[0]), let last = ends[1].isEmpty ? count - 1 : Int64(ends[1]) else { return }
            range = first..<max(first, min(last + 1, count))
        }
        if range.isEmpty || range.lowerBound >= count {
            response = FakeResponse(status: 416, text: "Requested range not satisfiable")
            response.headers.add(name: "Content-Range", value: "bytes */\(count)")
            return
        }
        response.status = 206
        response.range = range
        response.headers.add(
            name: "Content-Range", value: "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(count)")
    }

    /// What follows an expired URL: a page for people.
    static let forbidden = FakeResponse(
        status: 403,
        text: "<!DOCTYPE html>\n<html lang=en><title>Error 403 (Forbidden)!!1</title>"
            + "<p><b>403.</b> <ins>That\u{2019}s an error.</ins>"
            + "<p>Your client does not have permission to get this URL from this server.</html>\n",
        type: "text/html; charset=utf-8")

    /// What follows an unknown URL: a picture.
    static let missing = picture(status: 404)

    static func picture(status: Int) -> FakeResponse { FakeResponse(status: status, type: "image/png", pixel) }

    /// A picture of one grey pixel.
    private static let pixel: [UInt8] = {
        var png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        func chunk(_ type: String, _ data: [UInt8]) {
            png.appendInteger(data.count, width: 4)
            let body = Array(type.utf8) + data
            png += body
            png.appendInteger(Int(CRC32.checksum(body)), width: 4)
        }
        chunk("IHDR", [0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0])
        // A zlib stream (RFC 1950) of one stored block: filter 0, grey 0x80.
        chunk("IDAT", [0x78, 0x01, 0x01, 0x02, 0x00, 0xFD, 0xFF, 0x00, 0x80, 0x00, 0x82, 0x00, 0x81])
        chunk("IEND", [])
        return png
    }()
}
