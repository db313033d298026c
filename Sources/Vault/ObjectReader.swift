import ConnectorKit
import Crypto
import Foundation

/// Hands out a stored content and checks it on the way: one that is damaged ends in an error, never in silence.
///
/// Reads from the disk in the caller's task, 256 KiB at a time.
actor ObjectReader: ContentReader {
    /// The most bytes that one read returns.
    static let chunkLength = 256 << 10

    private let id: ObjectID
    private let form: StoredForm
    private var hasher = SHA256()
    private var size: Int64 = 0
    private var input: [UInt8] = []
    private var position = 0
    private var phase: Phase

    private enum Phase {
        case raw(OpenFile)
        case compressed(OpenFile, ZstdDecoder)
        case over
    }

    /// - Throws: ``ConnectorError`` with code `corrupt` where the file is not there.
    init(_ id: ObjectID, _ form: StoredForm, layout: VaultLayout) throws {
        self.id = id
        self.form = form
        let path = layout.file(of: id, compressed: form.isCompressed)
        guard OpenFile.size(at: path) != nil else {
            throw ConnectorError(.corrupt, "the content \(id.short) is missing", hint: "run check to see what needs it")
        }
        let file = try OpenFile(path, O_RDONLY)
        phase = form.isCompressed ? .compressed(file, try ZstdDecoder()) : .raw(file)
    }

    func read() throws -> [UInt8]? {
        do {
            guard let bytes = try next() else { return nil }
            bytes.withUnsafeBytes { hasher.update(bufferPointer: $0) }
            size += Int64(bytes.count)
            if size > form.size { throw damage("it is longer than it was") }
            return bytes
        } catch {
            phase = .over
            throw error
        }
    }

    private func next() throws -> [UInt8]? {
        switch phase {
        case .over:
            return nil
        case .raw(let file):
            let bytes = try file.read(upTo: Self.chunkLength)
            return bytes.isEmpty ? try end() : bytes
        case .compressed(let file, let decoder):
            while true {
                if position == input.count {
                    input = try file.read(upTo: Self.chunkLength)
                    position = 0
                }
                let isAtEnd = input.isEmpty
                let content: [UInt8]
                do {
                    content = try decoder.decode(input, position: &position, limit: Self.chunkLength)
                } catch {
                    throw damage("\(error)")
                }
                if !content.isEmpty { return content }
                if isAtEnd {
                    if !decoder.isComplete { throw damage("its file is cut short") }
                    return try end()
                }
            }
        }
    }

    private func end() throws -> [UInt8]? {
        phase = .over
        if size < form.size { throw damage("its file is cut short") }
        if ObjectID(of: hasher) != id { throw damage("its hash differs") }
        return nil
    }

    func close() { phase = .over }

    private func damage(_ reason: String) -> ConnectorError {
        ConnectorError(
            .corrupt, "the content \(id.short) is damaged: \(reason)", hint: "run check to see what needs it")
    }
}

extension ObjectID {
    /// Enough digits for a person to find it.
    var short: String { String(hex.prefix(12)) }
}
