import Foundation
import Synchronization

/// Where a command writes.
struct CommandOutput: Sendable {
    var isTerminal: Bool
    /// Writes all of the bytes, in one piece among those of other tasks. Waits where the reader is slow.
    /// - Throws: ``ClosedOutput`` where nobody reads any more, else ``Failure``.
    var write: @Sendable ([UInt8]) throws -> Void
    /// The width of a terminal; nil where it is none, or does not tell.
    var columns: @Sendable () -> Int? = { nil }

    func write(_ text: String) throws { try write(Array(text.utf8)) }

    static func descriptor(_ descriptor: Int32) -> CommandOutput {
        let writer = DescriptorWriter(descriptor)
        return CommandOutput(isTerminal: isatty(descriptor) == 1) {
            try writer.write($0)
        } columns: {
            var size = winsize()
            return ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : nil
        }
    }
}

/// Nobody reads the output any more, as after `| head`: a reason to end, and nothing to tell.
struct ClosedOutput: Error {}

private final class DescriptorWriter: Sendable {
    private let descriptor: Int32
    private let turn = Mutex(())

    init(_ descriptor: Int32) { self.descriptor = descriptor }

    func write(_ bytes: [UInt8]) throws {
        try turn.withLock { _ in
            do throws(SystemError) {
                try Descriptor.write(bytes, to: descriptor)
            } catch {
                if error.number == EPIPE { throw ClosedOutput() }
                throw error.failure(.cannotWrite, "cannot write the output")
            }
        }
    }
}
