/// Status line and header fields of a response.
struct ResponseHead: Sendable {
    var status: Int
    var httpVersion: Int
    var headers: [HTTPHeader] = []

    var contentLength: Int? {
        headers.first { $0.isNamed("Content-Length") }.flatMap { Int($0.value) }.flatMap { $0 >= 0 ? $0 : nil }
    }
}

/// Collects the lines that libcurl gives to CURLOPT_HEADERFUNCTION: one whole line per call, of every response on the
/// way (interim ones too), with an empty line at the end of each head. Trailers come later in the same way.
struct ResponseHeadParser {
    enum Progress {
        case more
        case complete(ResponseHead)
        case tooLong
    }

    /// Servers' own limits for what they take lie between 8 and 64 KiB.
    private static let limit = 256 << 10

    /// Bytes seen, of all heads and trailers.
    private(set) var byteCount = 0
    private var head: ResponseHead?
    private var isComplete = false

    mutating func add(_ line: UnsafeRawBufferPointer) -> Progress {
        byteCount += line.count
        guard byteCount <= Self.limit else { return .tooLong }
        guard !isComplete else { return .more }
        let text = line.trimmed { $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\n") }
        if text.isEmpty {
            guard let head, head.status >= 200 else { return .more }
            isComplete = true
            return .complete(head)
        }
        if let statusLine = Self.statusLine(text) {
            head = statusLine
        } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
            let name = String(decoding: text[..<colon], as: UTF8.self)
            let value = text[(colon + 1)...].trimmed { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
            head?.headers.append(HTTPHeader(name, String(decoding: value, as: UTF8.self)))
        }
        return .more
    }

    /// `HTTP/1.1 200 OK`, or `HTTP/2 200` as libcurl writes it.
    private static func statusLine(_ line: Slice<UnsafeRawBufferPointer>) -> ResponseHead? {
        guard line.starts(with: "HTTP/".utf8) else { return nil }
        let words = line.dropFirst(5).split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard words.count >= 2, let major = words[0].first, UInt8(ascii: "0")...UInt8(ascii: "9") ~= major else {
            return nil
        }
        guard let status = Int(String(decoding: words[1], as: UTF8.self)) else { return nil }
        return ResponseHead(status: status, httpVersion: Int(major - UInt8(ascii: "0")))
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func trimmed(where isTrimmed: (UInt8) -> Bool) -> Slice<UnsafeRawBufferPointer> {
        self[...].trimmed(where: isTrimmed)
    }
}

extension Slice<UnsafeRawBufferPointer> {
    fileprivate func trimmed(where isTrimmed: (UInt8) -> Bool) -> Self {
        var rest = self.drop(while: isTrimmed)
        while let last = rest.last, isTrimmed(last) { rest.removeLast() }
        return rest
    }
}
