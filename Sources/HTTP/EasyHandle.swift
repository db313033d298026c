import CCurl

/// Owns one easy handle of libcurl, its list of headers and its buffer for error texts.
final class EasyHandle {
    let raw: UnsafeMutableRawPointer
    private let errorText: UnsafeMutablePointer<CChar>
    private var headerLines: UnsafeMutablePointer<curl_slist>?

    init() throws(CurlFailure) {
        guard let raw = curl_easy_init() else { throw CurlFailure(code: CURLE_OUT_OF_MEMORY) }
        self.raw = raw
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
        try set(CURLOPT_ERRORBUFFER, pointer: errorText)
    }

    deinit {
        curl_easy_cleanup(raw)
        curl_slist_free_all(headerLines)
        errorText.deallocate()
    }

    func failure(_ code: CURLcode) -> CurlFailure { CurlFailure(code: code, detail: String(cString: errorText)) }

    func set(_ option: CURLoption, _ value: Int) throws(CurlFailure) {
        try check(ccurl_set_long(raw, option, value))
    }

    func set(_ option: CURLoption, offset value: Int64) throws(CurlFailure) {
        try check(ccurl_set_offset(raw, option, curl_off_t(value)))
    }

    /// libcurl copies the text.
    func set(_ option: CURLoption, _ value: String) throws(CurlFailure) {
        try check(ccurl_set_string(raw, option, value))
    }

    func set(_ option: CURLoption, pointer: UnsafeMutableRawPointer) throws(CurlFailure) {
        try check(ccurl_set_pointer(raw, option, pointer))
    }

    /// libcurl does not copy the bytes.
    func set(_ option: CURLoption, blob: UnsafeRawBufferPointer) throws(CurlFailure) {
        try check(ccurl_set_blob(raw, option, blob.baseAddress, blob.count))
    }

    func setHeaderLines(_ lines: [String]) throws(CurlFailure) {
        for line in lines {
            guard let longer = curl_slist_append(headerLines, line) else {
                throw CurlFailure(code: CURLE_OUT_OF_MEMORY)
            }
            headerLines = longer
        }
        try check(ccurl_set_list(raw, CURLOPT_HTTPHEADER, headerLines))
    }

    /// Zero when libcurl does not know.
    func counter(_ info: CURLINFO) -> Int64 {
        var value: curl_off_t = 0
        return ccurl_get_offset(raw, info, &value) == CURLE_OK ? Int64(value) : 0
    }

    func check(_ code: CURLcode) throws(CurlFailure) {
        guard code == CURLE_OK else { throw CurlFailure(code: code) }
    }
}
