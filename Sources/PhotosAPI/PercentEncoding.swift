/// Percent-encoding of RFC 3986: everything but its unreserved characters.
enum PercentEncoding {
    static func query(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                bytes.append(byte)
            default:
                let digits = Array("0123456789ABCDEF".utf8)
                bytes.append(contentsOf: [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]])
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Names and values as a query or as a form (`application/x-www-form-urlencoded`).
    static func form(_ fields: [(name: String, value: String)]) -> String {
        fields.map { "\(query($0.name))=\(query($0.value))" }.joined(separator: "&")
    }
}
