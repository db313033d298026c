import Testing

@testable import StrictJSON

extension JSONError {
    /// The error that a text is refused with.
    static func of(_ text: String) throws -> JSONError {
        try #require(throws: JSONError.self) { try JSON(parsing: text) }
    }

    static func controlCharacter(at offset: Int) -> JSONError {
        JSONError(reason: "a control character in a string", offset: offset)
    }

    static func tooDeep(at offset: Int) -> JSONError { JSONError(reason: "more than 64 levels", offset: offset) }

    /// All reasons there are. A new one belongs here, after a look at whether it tells something of the text.
    static let knownReasons: Set<String> = [
        "a byte order mark", "more text after the value", "the text ends early", "an unexpected character",
        "an unknown word", "more than 64 levels", "a missing comma", "a missing key", "a key twice in one object",
        "a missing colon", "a number without digits", "a number with a leading zero", "a fraction without digits",
        "an exponent without digits", "a number out of range", "a control character in a string",
        "the text ends within a string", "invalid UTF-8", "a lone surrogate", "an unknown escape",
        "a bad hexadecimal digit",
    ]
}
