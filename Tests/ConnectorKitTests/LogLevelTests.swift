import ConnectorKit
import Testing

struct LogLevelTests {
    @Test func orders() {
        let order: [LogLevel] = [.debug, .info, .warning, .error]
        #expect(order.reversed().sorted() == order)
        #expect(order.map(\.rawValue) == ["debug", "info", "warning", "error"])
    }
}
