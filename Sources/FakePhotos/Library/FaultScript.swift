/// The faults that are still to come, in the order in which they were asked for.
struct FaultScript: Sendable {
    private struct Pending: Sendable {
        var fault: FakeFault
        /// Matching requests so far.
        var seen = 0
        /// How many of them it befell.
        var struck = 0
    }

    private var pending: [Pending] = []
    private var clearings = 0
    /// Decides what has a rate. Its own, so that faults change neither ids nor tokens.
    private var random: SplitMix64

    init(seed: UInt64) { random = SplitMix64(seed: seed ^ 0x6661_756C_7473) }

    var isEmpty: Bool { pending.isEmpty }

    mutating func add(_ fault: FakeFault) { pending.append(Pending(fault: fault)) }

    /// - Returns: how often they have been cleared now.
    mutating func clear() -> Int {
        pending = []
        clearings += 1
        return clearings
    }

    /// Takes the first fault that befalls a request.
    /// - Parameters:
    ///   - applies: what must hold besides the endpoint.
    ///   - subject: what `match` is looked up in; asked for only where a fault has one.
    mutating func take(
        _ endpoint: Endpoint, where applies: (FakeFault) -> Bool = { _ in true }, subject: () -> String
    ) -> FakeFault? {
        take(
            where: { $0.fits(endpoint) && Wildcard.matches($0.pattern, endpoint.rawValue) && applies($0) },
            subject: subject)
    }

    /// Takes the first fault that befalls an item of a `batchCreate`.
    mutating func takeItemError(filename: String) -> FakeFault? {
        take(where: { $0.kind == .itemError }, subject: { filename })
    }

    private mutating func take(where applies: (FakeFault) -> Bool, subject: () -> String) -> FakeFault? {
        var known: String?
        for index in pending.indices where applies(pending[index].fault) {
            var fault = pending[index].fault
            fault.clearings = clearings
            if let match = fault.match {
                let text = known ?? subject()
                known = text
                if !text.contains(match) { continue }
            }
            pending[index].seen += 1
            let turn = pending[index].seen - fault.after
            if turn <= 0 { continue }
            if let every = fault.every, turn % every != 0 { continue }
            if let rate = fault.rate, Double.random(in: 0..<1, using: &random) >= rate { continue }
            pending[index].struck += 1
            if let count = fault.count, pending[index].struck >= count { pending.remove(at: index) }
            return fault
        }
        return nil
    }
}
