import ConnectorKit

/// File names as cameras and people make them.
enum FileNames {
    /// Names that no file system likes.
    static let odd = [
        "", "holiday/2021\u{1}beach\n.jpg", "..", "photo.", "Stra\u{DF}e \u{1F30A} caf\u{E9}.jpg",
        "e\u{301}te\u{301}.jpg", "a:b*c?\"<>|.jpg", " leading and trailing .jpg ", "CON.jpg", "no extension",
        String(repeating: "long ", count: 49) + ".jpg",
    ]

    static func name(index: Int, time: Int64, kind: MediaKind, choice: UInt64) -> String {
        if kind == .png { return "Screenshot_\(stamp(time, separator: "-")).png" }
        if kind.isVideo { return "VID_\(stamp(time, separator: "_")).\(kind.fileExtension)" }
        switch choice % 10 {
        case 0, 1:
            return "PXL_\(stamp(time, separator: "_"))\(padded(Int(choice / 10 % 1000), 3)).\(kind.fileExtension)"
        case 2: return "DSC\(padded(index % 99_999 + 1, 5)).\(kind.fileExtension.uppercased())"
        default: return "IMG_\(padded(index % 9999 + 1, 4)).\(kind.fileExtension)"
        }
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Date and time in digits, such as `20240506_070809`.
    private static func stamp(_ time: Int64, separator: String) -> String {
        let digits = Array(Timestamp(seconds: time).description.utf8.filter { $0 &- 48 < 10 })
        return String(decoding: digits[..<8], as: UTF8.self) + separator
            + String(decoding: digits[8..<14], as: UTF8.self)
    }
}
