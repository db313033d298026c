/// So many uploads at a time, and so many bytes that they hold together; the others wait in line.
///
/// An upload holds what it may have to send again: a small file, or the last bytes of a large one.
actor UploadBudget {
    private var uploads: Int
    private var bytes: Int64
    private let allBytes: Int64
    private var waiters: [(bytes: Int64, go: CheckedContinuation<Void, Never>)] = []

    init(uploads: Int, bytes: Int64) {
        self.uploads = uploads
        self.bytes = bytes
        allBytes = bytes
    }

    func take(_ count: Int64) async {
        let count = min(count, allBytes)
        if waiters.isEmpty, uploads > 0, bytes >= count {
            uploads -= 1
            bytes -= count
        } else {
            await withCheckedContinuation { waiters.append((count, $0)) }
        }
    }

    /// Gives back what was taken with the same number.
    func giveBack(_ count: Int64) {
        uploads += 1
        bytes += min(count, allBytes)
        // In line: a large one that waits is not passed by small ones for ever.
        while let next = waiters.first, uploads > 0, bytes >= next.bytes {
            waiters.removeFirst()
            uploads -= 1
            bytes -= next.bytes
            next.go.resume()
        }
    }
}
