import ConnectorKit
import Foundation
import Glibc

/// A thread that reads messages and hands them over as they come, in their order: all that one read completed at once,
/// so that whoever takes them pays for one lock and one wake-up and not for thousands.
///
/// It owns its descriptor and closes it when it ends: at the end of the stream, at a line that is none, or when stopped.
/// How much can pile up behind it is bounded by the protocol's windows and credits, which the state machines enforce.
struct InputPump<Message: WireMessage>: Sendable {
    enum Event: Sendable {
        /// Never none.
        case messages([Message])
        /// The stream ended, or broke.
        case end
        /// What came is no message: fatal.
        case violation(ConnectorError)
    }

    let descriptor: Int32
    let stop: StopSwitch
    let maxLine: Int
    let allowsFrames: Bool
    let deliver: @Sendable (Event) -> Void

    func start() {
        let thread = Thread {
            let last = pump()
            _ = close(descriptor)
            deliver(last)
        }
        thread.name = "jsonl-reader"
        thread.start()
    }

    private func pump() -> Event {
        var reader = LineReader(maxLine: maxLine)
        var batch: [Message] = []
        var pending: Message?
        func handOver() {
            if batch.isEmpty { return }
            deliver(.messages(batch))
            batch.removeAll(keepingCapacity: true)
        }
        do throws(ConnectorError) {
            while stop.waits(for: descriptor, POLLIN) {
                let count = reader.fill { Glibc.read(descriptor, $0.baseAddress, $0.count) }
                if count < 0, errno == EINTR || errno == EAGAIN { continue }
                if count <= 0 { return .end }
                while let event = try reader.next() {
                    switch event {
                    case .line(let line):
                        let message = try Message(line: line)
                        guard let length = message.frameLength else {
                            batch.append(message)
                            continue
                        }
                        guard allowsFrames else {
                            throw ConnectorError(.protocolViolation, "a raw frame that nobody asked for")
                        }
                        pending = message
                        reader.expectFrame(length)
                    case .frame(let bytes):
                        if let message = pending { batch.append(message.carrying(bytes)) }
                        pending = nil
                    }
                }
                handOver()
            }
            return .end
        } catch {
            // What came before it counts.
            handOver()
            return .violation(error)
        }
    }
}
