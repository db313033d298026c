/// Numbers as people read them; the same in every locale.
enum HumanFormat {
    /// `0 B`, `1023 B`, `1.0 KiB`, `1.2 MiB`.
    static func size(_ bytes: Int64) -> String {
        let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
        let sign = bytes < 0 ? "-" : ""
        let magnitude = bytes.magnitude
        if magnitude < 1024 { return "\(sign)\(magnitude) B" }
        // In tenths and rounded once, so that 1023.99 KiB is 1.0 MiB and never 1024.0 KiB.
        var divisor = 1024.0
        for unit in units {
            let tenths = (Double(magnitude) / divisor * 10).rounded()
            if tenths < 10240 { return "\(sign)\(Int64(tenths) / 10).\(Int64(tenths) % 10) \(unit)" }
            divisor *= 1024
        }
        return "\(sign)\(magnitude) B"
    }

    /// `1,204,311`.
    static func number(_ number: Int) -> String {
        var groups: [String] = []
        var rest = number.magnitude
        while rest >= 1000 {
            let group = "\(rest % 1000)"
            groups.insert(String(repeating: "0", count: 3 - group.count) + group, at: 0)
            rest /= 1000
        }
        groups.insert("\(rest)", at: 0)
        return (number < 0 ? "-" : "") + groups.joined(separator: ",")
    }

    /// `1 file`, `1,204 files`; the plural is given where it is not the singular with an s.
    static func count(_ number: Int, _ singular: String, _ plural: String? = nil) -> String {
        "\(Self.number(number)) \(number == 1 ? singular : plural ?? singular + "s")"
    }

    /// `0.4s`, `12s`, `3m 05s`, `2h 00m`, `3d 04h`.
    static func duration(_ duration: Duration) -> String {
        let tenths = Int((duration / .milliseconds(100)).rounded())
        if tenths < 100 { return "\(tenths / 10).\(tenths % 10)s" }
        let seconds = Int((duration / .seconds(1)).rounded())
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        if seconds < 60 { return "\(seconds)s" }
        if seconds < 3600 { return "\(seconds / 60)m \(two(seconds % 60))s" }
        if seconds < 86400 { return "\(seconds / 3600)h \(two(seconds / 60 % 60))m" }
        return "\(seconds / 86400)d \(two(seconds / 3600 % 24))h"
    }
}
