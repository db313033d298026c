import StrictJSON
import Testing

struct KeyTests {
    /// RFC 8259, 8.3: names are compared code unit by code unit.
    @Test func keysThatDifferInTheFormOfAnAccentAreTwo() {
        #expect(throws: Never.self) { try JSON(parsing: #"{"\u00e9":1,"e\u0301":2}"#) }
        #expect(throws: JSONError.self) { try JSON(parsing: #"{"e\u0301":1,"e\u0301":2}"#) }
    }
}
