extension String {
    /// The text on one line and without control characters: a name from outside must not move a terminal's cursor, turn
    /// the direction of writing, or pass for a line of its own.
    var printable: String {
        if unicodeScalars.allSatisfy(\.isPrintable) { return self }
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars { text.append(scalar.isPrintable ? scalar : "\u{FFFD}") }
        return String(text)
    }

    /// The same in quotes, for a sentence, and cut where it is very long.
    var quoted: String {
        let shown = unicodeScalars.count > 80 ? String(unicodeScalars.prefix(80)) + "..." : self
        return "\"\(shown.printable)\""
    }
}

extension Unicode.Scalar {
    /// Zero-width joiners, which emoji and some scripts need, are format characters and harmless.
    fileprivate var isPrintable: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: false
        case .format: value == 0x200C || value == 0x200D
        default: true
        }
    }
}
