/// One request and its response: where the tasks that await it and libcurl's thread meet.
final class Exchange: Sendable {
    let request: PreparedRequest
    let inbox: Inbox
    let outbox: Outbox?
    private let loop: CurlLoop

    init(_ request: PreparedRequest, on loop: CurlLoop, window: Int) {
        self.request = request
        self.loop = loop
        inbox = Inbox(window: window)
        if case .stream(let length, let source) = request.body {
            outbox = Outbox(source, length: length)
        } else {
            outbox = nil
        }
    }

    /// Sends the request and waits for the head of its response.
    func start() async throws -> ResponseHead {
        try await withTaskCancellationHandler {
            loop.post(.start(self))
            outbox?.start { event in
                switch event {
                case .supplied: self.loop.post(.resumeSending(self))
                case .failed(let error): self.fail(error)
                }
            }
            do {
                let head = try await inbox.head()
                try Task.checkCancellation()
                return head
            } catch {
                cancel()
                throw error
            }
        } onCancel: {
            cancel()
        }
    }

    func read() async throws -> [UInt8]? {
        let chunk = try await withTaskCancellationHandler {
            try await inbox.next()
        } onCancel: {
            cancel()
        }
        if let chunk, chunk.mustResume { loop.post(.resumeReceiving(self)) }
        return chunk?.bytes
    }

    /// Ends the exchange from the reader's side. Whoever waits is answered at once; libcurl hears of it a moment later.
    func cancel() {
        if inbox.cancel() { loop.post(.abandon(self)) }
        outbox?.close()
    }

    /// Ends the exchange because its request cannot be sent.
    private func fail(_ error: any Error) {
        finish(.failure(error))
        loop.post(.abandon(self))
    }

    /// Ends the exchange from the other side.
    func finish(_ result: Result<Void, any Error>) {
        inbox.finish(result)
        outbox?.close()
    }
}
