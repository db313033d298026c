import ConnectorKit
import StrictJSON

/// One page of a list.
public struct Page<Element: Sendable>: Sendable {
    public var elements: [Element]
    /// Where the list goes on; nil at its end. The only sign of an end: a page may be short, or empty, before it.
    public var nextToken: String?
}

/// A list of the API, page after page. The next page is under way while one is worked on.
///
/// Where Google refuses a token in the midst of a list, as one that has grown too old, the list is begun again, a few
/// times: what came before comes once.
///
/// Elements that are repeated across a page boundary, which Google's lists do now and then, come once. Tokens that come
/// again and bring nothing new end the list in an error, since it would never end otherwise.
public struct PageSequence<Element: Sendable>: AsyncSequence, Sendable {
    public typealias AsyncIterator = Iterator
    // `Element` is another one within the iterator.
    private typealias ListPage = Page<Element>

    let operation: String
    let identity: @Sendable (Element) -> String
    let fetch: @Sendable (_ token: String?) async throws -> Page<Element>

    public func makeAsyncIterator() -> Iterator { Iterator(list: self) }

    public struct Iterator: AsyncIteratorProtocol {
        private let list: PageSequence
        private var next: Prefetch?
        private var isStarted = false
        /// Tokens and ids are kept as hashes: 100,000 ids of 80 characters would be most of the memory there is.
        private var tokens: Set<Int> = []
        private var seen: Set<Int> = []
        /// Tokens that were known, since something new came.
        private var repeats = 0
        private var restarts = 0

        /// An empty page leads to itself, now and then more than once.
        private static var mostRepeats: Int { 5 }
        private static var mostRestarts: Int { 2 }

        init(list: PageSequence) { self.list = list }

        /// The elements of the next page that no earlier page held; nil at the end of the list.
        public mutating func next() async throws -> [Element]? {
            if !isStarted {
                isStarted = true
                next = Prefetch(list, token: nil)
            }
            guard let prefetch = next else { return nil }
            let page: ListPage
            do {
                page = try await prefetch.value()
            } catch let error as ConnectorError
                where error.code == .rejected && prefetch.isContinuation && restarts < Self.mostRestarts
            {
                restarts += 1
                tokens = []
                repeats = 0
                next = Prefetch(list, token: nil)
                return []
            }
            next = nil
            let fresh = page.elements.filter { seen.insert(list.identity($0).hashValue).inserted }
            if !fresh.isEmpty { repeats = 0 }
            if let token = page.nextToken {
                if !tokens.insert(token.hashValue).inserted { repeats += 1 }
                if repeats > Self.mostRepeats {
                    throw ConnectorError(
                        .unavailable, "Google's answer to \(list.operation) leads in a circle", isRetryable: true,
                        hint: "run it again later; nothing that is missing from a list is taken for removed")
                }
                next = Prefetch(list, token: token)
            }
            return fresh
        }
    }

    /// The request for a page, which ends with whoever waits for it.
    private final class Prefetch: Sendable {
        /// Whether it asks for more than the first page.
        let isContinuation: Bool
        private let task: Task<Page<Element>, any Error>

        init(_ list: PageSequence, token: String?) {
            isContinuation = token != nil
            task = Task { try await list.fetch(token) }
        }

        deinit { task.cancel() }

        func value() async throws -> Page<Element> {
            try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        }
    }
}
