import ConnectorKit

/// A span of time as rclone writes it: `90s`, `1h30m`, `7d`, `1.5w`, `6M`, `1y`; a number alone is seconds.
/// <https://rclone.org/docs/#time-option>
enum RcloneDuration {
    private static let units: [String: Double] = [
        "ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400, "M": 30 * 86400, "y": 365 * 86400,
    ]
    /// A hundred years.
    private static let longest: Double = 100 * 365 * 86400

    /// - Returns: whole seconds; nil where the text is none, or too long.
    static func seconds(_ text: String) -> Int64? {
        if let plain = Double(text) { return (0...longest).contains(plain) ? Int64(plain) : nil }
        var rest = text[...]
        var sum = 0.0
        while !rest.isEmpty {
            let number = rest.prefix { "0123456789.".contains($0) }
            let unit = rest.dropFirst(number.count).prefix { !"0123456789.".contains($0) }
            guard let value = Double(number), let factor = units[String(unit)] else { return nil }
            sum += value * factor
            rest = rest.dropFirst(number.count + unit.count)
        }
        return text.isEmpty || sum > longest ? nil : Int64(sum)
    }
}
