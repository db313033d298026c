import ConnectorKit
import PhotosLibrary
import Testing

@Suite struct PathGlobTests {
    @Test(arguments: [
        ("*.jpg", "/media/all/a.jpg", true), ("*.jpg", "/media/all/a.jpeg", false), ("a.jpg", "/x/ba.jpg", false),
        ("/a.jpg", "/x/a.jpg", false), ("/*/a.jpg", "/x/a.jpg", true), ("/*/a.jpg", "/x/y/a.jpg", false),
        ("/**/a.jpg", "/x/y/a.jpg", true), ("/album/**", "/album/One/a.jpg", true), ("One/*", "/album/One/a.jpg", true),
        ("One/", "/album/One/x/a.jpg", true), ("/album/{One,Two}/*", "/album/Two/b.jpg", true),
        ("*.{jpg,png}", "/a.png", true), ("IMG_?.jpg", "/IMG_1.jpg", true), ("IMG_?.jpg", "/IMG_12.jpg", false),
        ("[a-c]*", "/x/b.jpg", true), ("[^a-c]*", "/x/b.jpg", false), ("\\*.jpg", "/x/*.jpg", true),
        ("\\*.jpg", "/x/a.jpg", false), ("[]]", "/]", true), ("*.JPG", "/a.jpg", false),
    ])
    func matches(pattern: String, path: String, expected: Bool) throws {
        #expect(try PathGlob(pattern).matches(Pathname(path)) == expected, "\(pattern) and \(path)")
    }

    @Test(arguments: [
        ("/album/One/*.jpg", "/album/One", true), ("/album/One/*.jpg", "/album/Two", false),
        ("/album/One/*.jpg", "/album", true), ("*.jpg", "/anything", true), ("/**", "/anything", true),
    ])
    func canMatchBelow(pattern: String, directory: String, expected: Bool) throws {
        #expect(try PathGlob(pattern).canMatch(below: Pathname(directory)) == expected)
    }

    @Test(arguments: [
        ("/album/**", "/album/One", true), ("/album/**", "/", false), ("One/", "/album/One", true),
        ("*.jpg", "/album", false), ("**", "/album", true),
    ])
    func matchesAllBelow(pattern: String, directory: String, expected: Bool) throws {
        #expect(try PathGlob(pattern).matchesAll(below: Pathname(directory)) == expected)
    }

    @Test(arguments: ["", "[a", "{a,b", "{a{b}}", "a\\", "[z-a]"])
    func aBrokenPatternIsRefused(pattern: String) {
        let error = #expect(throws: ConnectorError.self) { try PathGlob(pattern) }
        #expect(error?.code == .config)
    }

    @Test(.timeLimit(.minutes(1))) func noPatternTakesLong() throws {
        let glob = try PathGlob(String(repeating: "*a", count: 40) + "b")
        let path = try Pathname("/" + String(repeating: "a", count: 250))
        #expect(!glob.matches(path))
    }
}
