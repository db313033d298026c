import CCurl
import Foundation
import Synchronization

/// A multi handle of libcurl and the one thread that works on it; this is the side that other threads see.
final class CurlLoop: Sendable {
    enum Command: Sendable {
        case start(Exchange)
        case resumeReceiving(Exchange)
        case resumeSending(Exchange)
        case abandon(Exchange)
        case stop
    }

    private struct Queue {
        var commands: [Command] = []
        var isClosed = false
    }

    private let multi: MultiHandle
    private let queue = Mutex(Queue())

    /// - Throws: ``HTTPError/Code/internalFailure``.
    init(maxConnectionsPerHost: Int) throws(HTTPError) {
        multi = try MultiHandle(maxConnectionsPerHost: maxConnectionsPerHost)
    }

    /// Starts the thread, which runs until it gets `stop`.
    func run(options: TransferOptions, stallTimeout: Duration) {
        let thread = Thread {
            CurlDriver(self.multi, options: options, stallTimeout: stallTimeout).run(
                nextCommands: self.takeCommands, afterStop: self.close)
        }
        thread.name = "http"
        thread.start()
    }

    /// Hands a command to the thread. After its end, exchanges that want to start fail.
    func post(_ command: Command) {
        let isClosed = queue.withLock { queue in
            guard !queue.isClosed else { return true }
            queue.commands.append(command)
            // One is enough: the thread takes all commands after it wakes. Under the lock, so that it cannot come after
            // the end of the multi handle.
            if queue.commands.count == 1 { multi.wakeUp() }
            return false
        }
        if isClosed, case .start(let exchange) = command { exchange.finish(.failure(Self.shutDown)) }
    }

    private func takeCommands() -> [Command] {
        queue.withLock { queue in
            defer { queue.commands = [] }
            return queue.commands
        }
    }

    private func close() {
        let late = queue.withLock { queue in
            defer { queue = Queue(commands: [], isClosed: true) }
            return queue.commands
        }
        for case .start(let exchange) in late { exchange.finish(.failure(Self.shutDown)) }
    }

    static let shutDown = HTTPError(.shutDown, "the HTTP client was shut down")
}

/// Stops the loop's thread when nobody can use it any more: the client and every body hold one lease.
final class LoopLease: Sendable {
    let loop: CurlLoop

    init(_ loop: CurlLoop) { self.loop = loop }

    deinit { loop.post(.stop) }
}

/// Unchecked, because of the pointer. `raw` is used by the loop's thread only. The exception is `wakeUp`, which libcurl
/// allows from any thread, and which `CurlLoop.post` calls under the lock that closes the queue before `cleanUp`.
struct MultiHandle: @unchecked Sendable {
    let raw: UnsafeMutableRawPointer

    /// Once per process, before any other use, as curl_global_init(3) wants it.
    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(maxConnectionsPerHost: Int) throws(HTTPError) {
        guard Self.isLibraryReady, let raw = curl_multi_init() else {
            throw HTTPError(.internalFailure, "libcurl could not be started")
        }
        self.raw = raw
        // The cache of idle connections would otherwise shrink with the number of transfers.
        guard ccurl_multi_set_long(raw, CURLMOPT_MAX_HOST_CONNECTIONS, maxConnectionsPerHost) == CURLM_OK,
            ccurl_multi_set_long(raw, CURLMOPT_MAXCONNECTS, 2 * maxConnectionsPerHost) == CURLM_OK,
            ccurl_multi_set_long(raw, CURLMOPT_PIPELINING, Int(CURLPIPE_MULTIPLEX)) == CURLM_OK
        else {
            curl_multi_cleanup(raw)
            throw HTTPError(.internalFailure, "libcurl refused its settings")
        }
    }

    func wakeUp() { curl_multi_wakeup(raw) }

    func cleanUp() { curl_multi_cleanup(raw) }
}
