import ConnectorKit

/// What is done after a session's lock is free again: it runs other code at once, or wakes a task that wants the lock.
enum Effect: Sendable {
    case cancel(Task<Void, Never>)
    case signal(Signal)
    case chunk(IncomingContent, Chunk)
    case end(IncomingContent, ContentEnd)
    case fail(IncomingContent, ConnectorError)

    func run() {
        switch self {
        case .cancel(let task): task.cancel()
        case .signal(let signal): signal.signal()
        case .chunk(let content, let chunk): content.receive(chunk)
        case .end(let content, let end): content.finish(end)
        case .fail(let content, let error): content.fail(error)
        }
    }
}
