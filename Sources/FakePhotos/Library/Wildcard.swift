/// Patterns of names: `*` stands for any characters, `?` for one.
enum Wildcard {
    static func matches(_ pattern: String, _ name: String) -> Bool {
        pattern == "*" || pattern == name || matches(pattern[...], name[...])
    }

    private static func matches(_ pattern: Substring, _ name: Substring) -> Bool {
        guard let first = pattern.first else { return name.isEmpty }
        let rest = pattern.dropFirst()
        if first == "*" { return name.indices.contains { matches(rest, name[$0...]) } || matches(rest, "") }
        guard let character = name.first, first == "?" || first == character else { return false }
        return matches(rest, name.dropFirst())
    }
}
