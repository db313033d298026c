import ConnectorKit
import Testing

struct PathnamePartsTests {
    @Test(
        arguments: [
            ("/", "", nil, []), ("/a", "a", "/", ["a"]), ("/a/b", "b", "/a", ["a", "b"]),
            ("/a b/c.d/漢", "漢", "/a b/c.d", ["a b", "c.d", "漢"]),
            // A mark at the start of a part must not be taken for an accent on the slash.
            ("/a/\u{301}b", "\u{301}b", "/a", ["a", "\u{301}b"]),
        ] as [(String, String, String?, [String])])
    func partsOfOne(text: String, name: String, parent: String?, parts: [String]) throws {
        let pathname = try Pathname(text)
        #expect(pathname.name == name)
        #expect(pathname.parent?.string == parent)
        #expect(pathname.parts == parts)
        #expect(pathname.isRoot == (text == "/"))
        if let directory = pathname.parent { #expect(try directory.appending(name) == pathname) }
    }

    @Test func ancestors() throws {
        #expect(Pathname.root.ancestors.isEmpty)
        #expect(try Pathname("/a").ancestors == [.root])
        #expect(try Pathname("/a/b/c").ancestors.map(\.string) == ["/", "/a", "/a/b"])
    }

    @Test(
        arguments: [
            ("/", "/", []), ("/", "/a/b", ["a", "b"]), ("/x", "/x", []), ("/x", "/x/a/b", ["a", "b"]),
            ("/x", "/xa", nil),
            ("/x", "/x a", nil), ("/x", "/", nil), ("/x/a", "/x", nil), ("/x", "/a/x", nil), ("/x", "/X/a", nil),
            ("/x", "/x/\u{301}a", ["\u{301}a"]),
        ] as [(String, String, [String]?)]) func below(directory: String, other: String, parts: [String]?) throws
    {
        let directory = try Pathname(directory)
        let other = try Pathname(other)
        #expect(directory.contains(other) == (parts != nil))
        #expect(directory.relativeParts(of: other) == parts)
        if let parts {
            #expect(try parts.reduce(directory) { try $0.appending($1) } == other)
        }
    }

    @Test(arguments: [
        ("/", "/", "/"), ("/", "/a/b", "/a/b"), ("/x", "/", "/x"), ("/x", "/a", "/x/a"), ("/x/y", "/a/b", "/x/y/a/b"),
    ]) func joined(directory: String, other: String, whole: String) throws {
        #expect(try Pathname(directory).joined(with: Pathname(other)).string == whole)
    }
}
