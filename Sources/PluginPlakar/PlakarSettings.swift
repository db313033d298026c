import ConnectorKit

extension Settings {
    /// The settings of an Init: as they are, but for the location.
    init(plakar config: [String: String]) {
        self.init(config)
        self["location"] = self["location"].map(Self.plainLocation)
    }

    /// A location as the person wrote it.
    ///
    /// Plakar (1.1.4) makes `googlephotos:///album/2024%20Norway` of `@NAME:/album/2024 Norway`, since it puts the path
    /// into a URL (`url.URL.String` of Go), and leaves as it is what was written as a location. So a text is decoded where
    /// it is what Go would have made, and only there. A folder that is really called `%20` is `%2520` in either.
    static func plainLocation(_ text: String) -> String {
        var plain: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                guard isPlainInPath(byte) else { return text }
                plain.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap(value(ofDigit:)),
                let low = rest.popFirst().flatMap(value(ofDigit:)),
                !isPlainInPath(high << 4 | low)
            else { return text }
            plain.append(high << 4 | low)
        }
        return String(validating: plain, as: UTF8.self) ?? text
    }

    /// What Go does not escape in a path: `shouldEscape` of its net/url.
    private static func isPlainInPath(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-_.~$&+,/:;=@".utf8.contains(byte)
        }
    }

    /// A hexadecimal digit as Go writes them: in capitals.
    private static func value(ofDigit digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
