extension LibrarySettings {
    /// What of the settings decides what a catalog shows of what the index knows.
    public var catalogKey: String {
        let words = [
            CatalogPath.isNamed(by: root) ? "/" : root.string, layout.key,
            views.map(\.rawValue).sorted().joined(separator: ","), String(startYear),
            String(includesArchived), proxyURL == nil ? "" : "originals",
        ]
        return (words + filter.arguments).joined(separator: "\n")
    }
}
