import Foundation

/// The name of a source or destination, checked.
struct RemoteName: Sendable, Hashable {
    let text: String

    /// Names are parts of file names and of `@NAME:/PATH`. The most bytes leave room for what is put behind them.
    private static let sizeLimit = 100

    /// - Throws: ``Failure`` with the status that the caller gives.
    init(_ text: String, otherwise status: ExitStatus = .usage) throws(Failure) {
        let text = text.precomposedStringWithCanonicalMapping
        let isFine =
            !text.isEmpty && text.utf8.count <= Self.sizeLimit && text.first != "-" && text.first != "."
            && text.unicodeScalars.allSatisfy(Self.isAllowed)
        guard isFine else {
            throw Failure(
                status, "\(text.quoted) does not fit as a name",
                hint: "use letters, digits, -, _ and ., and neither - nor . at the start; "
                    + "import takes OLD:NEW to give another name")
        }
        self.text = text
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .nonspacingMark,
            .spacingMark, .decimalNumber:
            true
        default: scalar == "-" || scalar == "_" || scalar == "."
        }
    }
}
