import CCurl

/// One exchange as libcurl sees it: an easy handle and its callbacks. Made, used and freed on the loop's thread.
final class Transfer {
    let exchange: Exchange
    let easy: EasyHandle
    /// Something came since the driver last looked.
    private var hasNews = false

    private var parser = ResponseHeadParser()
    private var upload: UploadCursor
    /// Why a callback stopped the transfer; more telling than the code that libcurl makes of it.
    private var ownError: HTTPError?
    /// The server refused or redirected, perhaps before it had all of the request's body.
    private var isRefused = false
    private var isReceivingPaused = false
    private var isSendingPaused = false
    private var stall = StallClock()
    private let onNews: (Transfer) -> Void

    init(_ exchange: Exchange, options: TransferOptions, onNews: @escaping (Transfer) -> Void) throws(CurlFailure) {
        self.exchange = exchange
        self.onNews = onNews
        upload = UploadCursor(exchange)
        easy = try EasyHandle()
        try options.apply(exchange.request, to: easy)
        try setCallbacks()
    }

    /// The driver keeps the transfer for as long as its handle is in the multi handle.
    private func setCallbacks() throws(CurlFailure) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        for option in [
            CURLOPT_PRIVATE, CURLOPT_HEADERDATA, CURLOPT_WRITEDATA, CURLOPT_READDATA, CURLOPT_SEEKDATA,
            CURLOPT_PREREQDATA,
        ] {
            try easy.set(option, pointer: context)
        }
        try easy.check(
            ccurl_set_data_callback(easy.raw, CURLOPT_HEADERFUNCTION) { line, size, count, context in
                Transfer.from(context)?.received(headerLine: UnsafeRawBufferPointer(start: line, count: size * count))
                    ?? 0
            })
        try easy.check(
            ccurl_set_data_callback(easy.raw, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
                Transfer.from(context)?.received(body: UnsafeRawBufferPointer(start: bytes, count: size * count)) ?? 0
            })
        try easy.check(
            ccurl_set_data_callback(easy.raw, CURLOPT_READFUNCTION) { bytes, size, count, context in
                Transfer.from(context)?.send(into: UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
                    ?? Int(CURL_READFUNC_ABORT)
            })
        try easy.check(
            ccurl_set_seek_callback(easy.raw) { context, offset, origin in
                guard offset == 0, origin == SEEK_SET, let transfer = Transfer.from(context) else {
                    return CURL_SEEKFUNC_CANTSEEK
                }
                return transfer.upload.rewind() ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_CANTSEEK
            })
        try easy.check(
            ccurl_set_prerequest_callback(easy.raw) { context, _, _, _, _ in
                Transfer.from(context)?.stall.isRunning = true
                return CURL_PREREQFUNC_OK
            })
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// The transfer of a handle that has one.
    static func of(easy: UnsafeMutableRawPointer?) -> Transfer? {
        var context: UnsafeMutableRawPointer?
        guard let easy, ccurl_get_private(easy, &context) == CURLE_OK else { return nil }
        return from(context)
    }

    // MARK: callbacks

    private func received(headerLine line: UnsafeRawBufferPointer) -> Int {
        switch parser.add(line) {
        case .more: break
        case .complete(let head):
            exchange.inbox.setHead(head)
            isRefused = head.status >= 300
            noteNews()
        case .tooLong:
            ownError = HTTPError(.headTooLong, "\(exchange.request.url.host) sent a head that is too long")
            return 0
        }
        return line.count
    }

    private func received(body: UnsafeRawBufferPointer) -> Int {
        noteNews()
        if exchange.inbox.append(body) { return body.count }
        isReceivingPaused = true
        return Int(CURL_WRITEFUNC_PAUSE)
    }

    private func send(into room: UnsafeMutableRawBufferPointer) -> Int {
        switch upload.fill(room) {
        case .bytes(let count): return count
        case .end: return 0
        case .nothingYet:
            isSendingPaused = true
            return Int(CURL_READFUNC_PAUSE)
        }
    }

    private func noteNews() {
        guard !hasNews else { return }
        hasNews = true
        onNews(self)
    }

    // MARK: the driver

    /// Answers the reader with what came in this turn. May call the callbacks.
    func flush() {
        hasNews = false
        exchange.inbox.flush()
        if isRefused { stopSending() }
    }

    /// libcurl stops by itself at such a status, but not when the upload is paused, or the server has announced that it
    /// will close: it would then wait for a slow source, or fail to send and lose the answer. In both cases it does not
    /// use the connection again, so the server cannot mistake what follows for the rest of the body.
    private func stopSending() {
        isRefused = false
        upload.abandon()
        exchange.outbox?.close()
        resumeSending()
    }

    /// May call the callbacks.
    func resumeReceiving() {
        guard isReceivingPaused else { return }
        isReceivingPaused = false
        applyPauses()
    }

    /// May call the callbacks.
    func resumeSending() {
        guard isSendingPaused else { return }
        isSendingPaused = false
        applyPauses()
    }

    /// libcurl takes the state of both directions at once. It fails only when there is no connection any more, and then
    /// the end of the transfer is on its way.
    private func applyPauses() {
        let receiving = isReceivingPaused ? CURLPAUSE_RECV : CURLPAUSE_RECV_CONT
        let sending = isSendingPaused ? CURLPAUSE_SEND : CURLPAUSE_SEND_CONT
        _ = curl_easy_pause(easy.raw, receiving | sending)
    }

    func result(_ code: CURLcode) -> Result<Void, any Error> {
        if let ownError { return .failure(ownError) }
        if code == CURLE_OK { return .success(()) }
        return .failure(easy.failure(code).httpError(host: exchange.request.url.host))
    }

    /// Whether no byte has moved for so long, leaving out the time in which we were the ones to wait for.
    func hasStalled(for limit: Duration, now: SuspendingClock.Instant) -> Bool {
        let moved =
            easy.counter(CURLINFO_SIZE_DOWNLOAD_T) + easy.counter(CURLINFO_SIZE_UPLOAD_T) + Int64(parser.byteCount)
        return stall.hasStalled(for: limit, moved: moved, isHeldByUs: isReceivingPaused || isSendingPaused, now: now)
    }
}
