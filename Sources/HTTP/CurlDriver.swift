import CCurl
import Glibc

/// The work of the loop's thread. Lives on that thread only.
final class CurlDriver {
    private let multi: MultiHandle
    private let options: TransferOptions
    private let stallTimeout: Duration
    private var transfers: [ObjectIdentifier: Transfer] = [:]
    /// Transfers to which something came in this turn.
    private var news: [Transfer] = []
    private var isStopping = false
    private var nextStallCheck = SuspendingClock.now

    init(_ multi: MultiHandle, options: TransferOptions, stallTimeout: Duration) {
        self.multi = multi
        self.options = options
        self.stallTimeout = stallTimeout
    }

    /// - Parameter afterStop: called when no command will be taken any more, before the multi handle goes.
    func run(nextCommands: () -> [CurlLoop.Command], afterStop: () -> Void) {
        Self.blockBrokenPipeSignal()
        while !isStopping {
            nextCommands().forEach(obey)
            turn()
            if !isStopping { _ = curl_multi_poll(multi.raw, nil, 0, pollMilliseconds, nil) }
        }
        for transfer in transfers.values { end(transfer, .failure(CurlLoop.shutDown)) }
        afterStop()
        multi.cleanUp()
    }

    /// OpenSSL writes to sockets without MSG_NOSIGNAL. The signal goes to the thread that wrote, which is this one.
    private static func blockBrokenPipeSignal() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private func obey(_ command: CurlLoop.Command) {
        switch command {
        case .start(let exchange): start(exchange)
        case .resumeReceiving(let exchange): transfers[ObjectIdentifier(exchange)]?.resumeReceiving()
        case .resumeSending(let exchange): transfers[ObjectIdentifier(exchange)]?.resumeSending()
        case .abandon(let exchange):
            if let transfer = transfers[ObjectIdentifier(exchange)] { end(transfer, .failure(CancellationError())) }
        case .stop: isStopping = true
        }
    }

    private func start(_ exchange: Exchange) {
        // Cancelled before it came here.
        guard exchange.inbox.isOpen else { return }
        do throws(CurlFailure) {
            let transfer = try Transfer(exchange, options: options) { [unowned self] in news.append($0) }
            guard curl_multi_add_handle(multi.raw, transfer.easy.raw) == CURLM_OK else {
                throw CurlFailure(code: CURLE_FAILED_INIT)
            }
            transfers[ObjectIdentifier(exchange)] = transfer
        } catch {
            exchange.finish(.failure(error.httpError(host: exchange.request.url.host)))
        }
    }

    private func end(_ transfer: Transfer, _ result: Result<Void, any Error>) {
        curl_multi_remove_handle(multi.raw, transfer.easy.raw)
        transfers[ObjectIdentifier(transfer.exchange)] = nil
        transfer.exchange.finish(result)
    }

    private func turn() {
        var running: Int32 = 0
        _ = curl_multi_perform(multi.raw, &running)
        reap()
        for transfer in news { transfer.flush() }
        news.removeAll(keepingCapacity: true)
        endStalled()
    }

    private func reap() {
        var left: Int32 = 0
        while let message = curl_multi_info_read(multi.raw, &left) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            let code = ccurl_message_result(message)
            guard let transfer = Transfer.of(easy: message.pointee.easy_handle) else { continue }
            end(transfer, transfer.result(code))
        }
    }

    private func endStalled() {
        let now = SuspendingClock.now
        guard now >= nextStallCheck else { return }
        nextStallCheck = now + .milliseconds(stallTick)
        let stalled = transfers.values.filter { $0.hasStalled(for: stallTimeout, now: now) }
        for transfer in stalled {
            let host = transfer.exchange.request.url.host
            end(transfer, .failure(HTTPError(.stalled, "\(host) does not answer any more", isTransient: true)))
        }
    }

    /// Milliseconds between two looks at what stands still.
    private var stallTick: Int32 { min(max(Int32(clamping: (stallTimeout / 4).wholeMilliseconds), 1), 1000) }

    /// How long to sleep unless something happens. libcurl wakes earlier for timers of its own.
    private var pollMilliseconds: Int32 { transfers.isEmpty ? 60_000 : stallTick }
}
