extension RcloneConfig {
    /// The most bytes that sections inherit; a hostile file of nested names would take endless memory.
    private static let inheritanceLimit = 16 << 20

    /// The same, where a section `a.b` has from a section `a` what it does not say itself.
    ///
    /// Source: `GetValue` in goconfig's `conf.go`.
    func inheriting() throws(RcloneConfigError) -> RcloneConfig {
        var config = self
        var budget = Self.inheritanceLimit
        let positions = Dictionary(sections.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        for index in sections.indices where sections[index].name.utf8.contains(UInt8(ascii: ".")) {
            var known = Set(sections[index].values.map(\.key))
            for parent in ancestors(of: sections[index].name, positions) {
                for entry in sections[parent].values where known.insert(entry.key).inserted {
                    budget -= 64 + entry.value.utf8.count
                    if budget < 0 {
                        throw RcloneConfigError(
                            .unreadable, "sections whose names have dots inherit too much from each other",
                            hint: Self.whatToGive)
                    }
                    config.sections[index].inherited.append(entry)
                }
            }
        }
        return config
    }

    /// The sections that are looked at after the one of that name, up to the first that is missing.
    private func ancestors(of name: String, _ positions: [String: Int]) -> [Int] {
        var ancestors: [Int] = []
        var name = name[...]
        while let dot = name.utf8.lastIndex(of: UInt8(ascii: ".")) {
            name = name[..<dot]
            guard let parent = positions[name.isEmpty ? GoConfigParser.defaultSection : String(name)] else { break }
            ancestors.append(parent)
        }
        return ancestors
    }
}
