import ConnectorKit

/// Counts the requests of a day, across all processes that use the same client id.
public protocol RequestLedger: Sendable {
    /// Takes some of what a day has left, for this process to use.
    /// - Returns: how many; 0 where none are left.
    func reserve(_ quota: DailyQuota, on day: QuotaDay) throws -> Int

    /// Gives back what was reserved and not used.
    func giveBack(_ count: Int, of quota: DailyQuota, on day: QuotaDay) throws

    /// What nobody has reserved yet; nil where there is no limit.
    func left(_ quota: DailyQuota, on day: QuotaDay) throws -> Int?
}

/// Where nobody counts.
public struct UnlimitedLedger: RequestLedger {
    public init() {}

    public func reserve(_ quota: DailyQuota, on day: QuotaDay) -> Int { .max }
    public func giveBack(_ count: Int, of quota: DailyQuota, on day: QuotaDay) {}
    public func left(_ quota: DailyQuota, on day: QuotaDay) -> Int? { nil }
}
