/// The order in which people list files: `IMG_2.jpg` before `IMG_10.jpg`, whatever the case of the letters.
enum NaturalOrder {
    static func precedes(_ left: String, _ right: String) -> Bool {
        var (a, b) = (Substring(left.lowercased()), Substring(right.lowercased()))
        while let first = a.first, let second = b.first {
            if isDigit(first), isDigit(second) {
                let (one, other) = (takeNumber(&a), takeNumber(&b))
                if one.count != other.count { return one.count < other.count }
                if one != other { return one < other }
            } else {
                if first != second { return first.unicodeScalars.lexicographicallyPrecedes(second.unicodeScalars) }
                a.removeFirst()
                b.removeFirst()
            }
        }
        if a.isEmpty != b.isEmpty { return a.isEmpty }
        // Names that differ in case or zeros alone: any order will do, as long as it is always the same.
        return left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    private static func isDigit(_ character: Character) -> Bool { character.isASCII && character.isNumber }

    /// The digits at the beginning, without zeros that say nothing.
    private static func takeNumber(_ text: inout Substring) -> Substring {
        let digits = text.prefix(while: isDigit)
        text = text[digits.endIndex...]
        return digits.drop { $0 == "0" }
    }
}
