import Foundation

/// What a command reads from, piece by piece.
actor CommandInput {
    nonisolated let isTerminal: Bool
    private let source: @Sendable () async throws -> [UInt8]
    private var rest: [UInt8] = []

    /// - Parameter source: the next bytes, as many as there are; empty at the end.
    init(isTerminal: Bool, source: @escaping @Sendable () async throws -> [UInt8]) {
        self.isTerminal = isTerminal
        self.source = source
    }

    /// The next bytes; nil at the end.
    func read() async throws -> [UInt8]? {
        if !rest.isEmpty {
            defer { rest = [] }
            return rest
        }
        let bytes = try await source()
        return bytes.isEmpty ? nil : bytes
    }

    /// Everything to the end; where that is more than the limit, the first bytes, and at least one more than the limit.
    func readAll(limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        while bytes.count <= limit, let more = try await read() { bytes += more }
        return bytes
    }

    /// The next line without its end; nil at the end of the input.
    /// - Throws: ``Failure`` for a line that is longer than the limit.
    func readLine(limit: Int = 1 << 16) async throws -> String? {
        var line: [UInt8] = []
        while let bytes = try await read() {
            if let end = bytes.firstIndex(of: UInt8(ascii: "\n")) {
                line += bytes[..<end]
                rest = Array(bytes[(end + 1)...])
                return Self.text(line)
            }
            line += bytes
            if line.count > limit { throw Failure(.badInput, "a line of the input is too long") }
        }
        return line.isEmpty ? nil : Self.text(line)
    }

    private static func text(_ line: [UInt8]) -> String {
        String(decoding: line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...], as: UTF8.self)
    }

    static func descriptor(_ descriptor: Int32) -> CommandInput {
        CommandInput(isTerminal: isatty(descriptor) == 1) {
            // Waiting in slices, so that a command that waits for a person can be cancelled.
            while !Descriptor.isReadable(descriptor, within: .milliseconds(100)) { try Task.checkCancellation() }
            do throws(SystemError) {
                return try Descriptor.read(from: descriptor)
            } catch {
                throw error.failure(.badInput, "cannot read the input")
            }
        }
    }
}
