import ConnectorKit

/// Where the parts of a source go: what is *in* a part goes into the destination itself.
extension Pathname {
    /// The pathname at the destination of something in this part; nil where it is not in it. A file that is the part
    /// itself goes under its name.
    func place(of other: Pathname, kind: Record.Kind) throws -> Pathname? {
        guard let parts = relativeParts(of: other) else { return nil }
        var place = Pathname.root
        for name in parts { place = try place.appending(name) }
        return place.isRoot && kind != .directory ? try place.appending(other.name) : place
    }

    /// Whether a symlink here with that target leads to something below the same root.
    func leadsInside(_ target: String) -> Bool {
        if target.hasPrefix("/") { return false }
        var depth = parts.count - 1
        for part in target.split(separator: "/") {
            depth += part == ".." ? -1 : (part == "." ? 0 : 1)
            if depth < 0 { return false }
        }
        return true
    }

    /// What a symlink here with that target leads to; nil where that is no place of the same tree.
    func resolving(_ target: String) -> Pathname? {
        if target.hasPrefix("/") { return nil }
        var parts = Array(parts.dropLast())
        for part in target.split(separator: "/") where part != "." {
            if part != ".." {
                parts.append(String(part))
            } else if parts.popLast() == nil {
                return nil
            }
        }
        return try? Pathname("/" + parts.joined(separator: "/"))
    }
}
