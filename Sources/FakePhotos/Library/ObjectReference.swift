/// What an id stands for: the position of an item or album in an account.
struct ObjectReference: Sendable, Hashable {
    var account: Int
    var position: Int32

    init(account: Int, position: Int32) {
        self.account = account
        self.position = position
    }

    init(word: UInt64) {
        account = Int(word >> 32)
        position = Int32(truncatingIfNeeded: word & 0x7FFF_FFFF)
    }

    var word: UInt64 { UInt64(account) << 32 | UInt64(UInt32(bitPattern: position)) }
}

/// The ids of items and albums: 58 characters of `[A-Za-z0-9_-]` and no sense in them for anyone else.
extension Sealer {
    private static let itemPrefix = Array("AF1".utf8)
    private static let albumPrefix = Array("APh".utf8)

    func appendID(_ purpose: Purpose, _ object: ObjectReference, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: purpose == .item ? Self.itemPrefix : Self.albumPrefix)
        append(purpose, object.word, fillers: 2, to: &bytes)
    }

    func id(_ purpose: Purpose, _ object: ObjectReference) -> String {
        var bytes: [UInt8] = []
        appendID(purpose, object, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    func reference(_ purpose: Purpose, _ id: String) -> ObjectReference? {
        let text = Array(id.utf8)
        let prefix = purpose == .item ? Self.itemPrefix : Self.albumPrefix
        guard text.starts(with: prefix) else { return nil }
        return open(purpose, text.dropFirst(prefix.count), fillers: 2).map { ObjectReference(word: $0.first) }
    }
}
