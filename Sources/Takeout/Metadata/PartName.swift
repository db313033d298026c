import ConnectorKit

/// What the name of a part says: `takeout-20260301T101500Z-001.zip`, `takeout-20260301T101500Z-3-001.tgz`, or the folder
/// that it was unpacked into.
public struct PartName: Sendable, Hashable {
    /// The moment of the export as it is written, such as `20260301T101500Z`: it sorts by time. Empty where it is not said.
    public var stamp: String
    /// Which of the lists of parts it belongs to: exports since 2024 have a number between the moment and the part's.
    public var series: String
    /// From 1; nil where it is not said.
    public var number: Int?

    public init(_ name: String) {
        (stamp, series, number) = ("", "", nil)
        guard let match = name.wholeMatch(of: Self.pattern) else { return }
        guard Self.time(String(match.stamp)) != nil else { return }
        stamp = String(match.stamp)
        series = match.series.map(String.init) ?? ""
        number = match.number.flatMap { Int($0) }
    }

    // A browser that has the name already adds " (1)". A computed property: Regex is not Sendable.
    private static var pattern: Regex<(Substring, stamp: Substring, series: Substring?, number: Substring?)> {
        /takeout-(?<stamp>\d{8}T\d{6}Z)(?:-(?<series>\d{1,4}))??(?:-(?<number>\d{1,5}))?(?: ?\(\d+\))?(?:\.(?:zip|tgz|tar\.gz))?/
            .ignoresCase()
    }

    /// When the export was made.
    public var date: Timestamp? { Self.time(stamp) }

    private static func time(_ stamp: String) -> Timestamp? {
        let text = Array(stamp)
        guard text.count == 16 else { return nil }
        func digits(_ range: Range<Int>) -> String { String(text[range]) }
        return Timestamp(
            "\(digits(0..<4))-\(digits(4..<6))-\(digits(6..<8))T\(digits(9..<11)):\(digits(11..<13)):\(digits(13..<15))Z"
        )
    }

    /// The numbers that are missing between 1 and the highest. What is missing after that, no name tells.
    public static func gaps(in numbers: Set<Int>) -> [Int] {
        guard let last = numbers.max(), last > 0 else { return [] }
        return (1...last).filter { !numbers.contains($0) }
    }
}
