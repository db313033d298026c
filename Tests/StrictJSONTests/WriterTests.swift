import StrictJSON
import Testing

struct WriterTests {
    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(reservingCapacity: 64)
        body(&writer)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    @Test func commasAndNesting() {
        let text = written { writer in
            writer.beginObject()
            writer.key("type")
            writer.value("record")
            writer.key("empty")
            writer.beginArray()
            writer.endArray()
            writer.key("list")
            writer.beginArray()
            writer.value(1)
            writer.beginObject()
            writer.endObject()
            writer.beginArray()
            writer.value(true)
            writer.null()
            writer.endArray()
            writer.value(false)
            writer.value(1.5)
            writer.value(["k": [nil]] as JSON)
            writer.endArray()
            writer.key("last")
            writer.value(unescaped: Array("AA==".utf8))
            writer.endObject()
        }
        #expect(
            text == #"{"type":"record","empty":[],"list":[1,{},[true,null],false,1.5,{"k":[null]}],"last":"AA=="}"#)
    }

    @Test func keys() {
        let plain = "plain"
        let odd = "a\"\\\n"
        let text = written { writer in
            writer.beginObject()
            writer.key(plain)
            writer.value(1)
            writer.key(odd)
            writer.value(2)
            writer.key(plain)
            writer.null()
            writer.endObject()
        }
        #expect(text == #"{"plain":1,"a\"\\\n":2,"plain":null}"#)
    }

    @Test func linesAndTaking() {
        var writer = JSONWriter()
        writer.value(1)
        writer.newline()
        writer.beginObject()
        writer.endObject()
        writer.newline()
        #expect(writer.take() == Array("1\n{}\n".utf8))
        #expect(writer.bytes.isEmpty)
        writer.value(2)
        #expect(writer.take() == Array("2".utf8))
        // What was taken leaves no comma behind.
        writer.value(3)
        #expect(writer.take() == Array("3".utf8))
    }

    @Test func integers() {
        let text = written { writer in
            writer.beginArray()
            for value in [0, 9, 10, -1, -9, Int64.max, .min] { writer.value(value) }
            writer.value(UInt16.max)
            writer.value(Int.max)
            writer.endArray()
        }
        #expect(text == "[0,9,10,-1,-9,9223372036854775807,-9223372036854775808,65535,9223372036854775807]")
    }

    @Test func numbers() {
        #expect(JSON.number(.nan).text == "null")
        #expect(JSON.number(.infinity).text == "null")
        #expect(JSON.array([.number(-.infinity), 1]).text == "[null,1]")
        #expect(JSON.number(1).text == "1.0")
        #expect(JSON.number(-0.0).text == "-0.0")
        #expect(JSON.number(0.1).text == "0.1")
    }

    @Test func escapes() throws {
        #expect(JSON.string("\"\\/\n\r\t").text == #""\"\\/\n\r\t""#)
        let named: [UInt8: String] = [0x0A: #"\n"#, 0x0D: #"\r"#, 0x09: #"\t"#]
        for byte in 0..<UInt8(0x20) {
            let hex = String(byte, radix: 16)
            let escape = named[byte] ?? #"\u"# + String(repeating: "0", count: 4 - hex.count) + hex
            let text = "a\(Unicode.Scalar(byte))\(Unicode.Scalar(byte))b"
            #expect(JSON.string(text).text == "\"a\(escape)\(escape)b\"")
            #expect(try JSON(parsing: JSON.string(text).bytes) == .string(text))
        }
    }

    @Test(arguments: ["", "plain", "\u{7F}\u{80}\u{9F}", "é漢😀", "\u{2028}\u{2029}\u{FEFF}", "/<>&'"])
    func whatNeedsNoEscape(text: String) {
        #expect(JSON.string(text).text == "\"\(text)\"")
    }

    @Test func prettyText() {
        let value: JSON = ["a": 1, "b": [], "c": [1, ["d": "x\n"]], "e\"": [:], "f": nil]
        #expect(
            value.prettyText == #"""
                {
                  "a": 1,
                  "b": [],
                  "c": [
                    1,
                    {
                      "d": "x\n"
                    }
                  ],
                  "e\"": {},
                  "f": null
                }
                """#)
        #expect(JSON.string("a").prettyText == "\"a\"")
        #expect(JSON.array([]).prettyText == "[]")
    }
}
