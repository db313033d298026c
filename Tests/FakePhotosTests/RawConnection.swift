import ConnectorKit
import Foundation
import Glibc

/// A socket to the service, without any HTTP library: what a broken answer looks like must be seen as it is.
final class RawConnection: Sendable {
    private let descriptor: CInt

    init(port: Int) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        if status != 0 { throw ConnectorError(.network, "the socket cannot be connected: \(errno)") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
            }
            if count <= 0 { return }
            rest = rest.dropFirst(count)
        }
    }

    /// What was received, and how it ended.
    struct Received {
        var bytes: [UInt8]
        var isReset = false

        var text: String { String(decoding: bytes, as: UTF8.self) }
        /// What follows the head.
        var body: [UInt8] {
            guard let end = bytes.indices.dropLast(3).first(where: { bytes[$0..<$0 + 4] == [13, 10, 13, 10] }) else {
                return []
            }
            return Array(bytes[(end + 4)...])
        }
    }

    /// Receives until the connection ends, or until so many bytes are there; on a thread of its own.
    func receive(count: Int = .max) async -> Received {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: self.receiveNow(count)) }
        }
    }

    private func receiveNow(_ limit: Int) -> Received {
        var received = Received(bytes: [])
        var buffer = [UInt8](repeating: 0, count: 65536)
        while received.bytes.count < limit {
            let count = recv(descriptor, &buffer, min(buffer.count, limit - received.bytes.count), 0)
            if count < 0, errno == EINTR { continue }
            if count < 0 { received.isReset = errno == ECONNRESET }
            if count <= 0 { break }
            received.bytes += buffer[..<count]
        }
        return received
    }
}
