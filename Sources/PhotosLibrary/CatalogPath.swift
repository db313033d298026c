import ConnectorKit

/// Where the catalog of an import is: in the directory that its location names, so that it lies in what the host asked
/// for. Of a whole library that is `/.gphotos`.
public enum CatalogPath {
    /// The files of a catalog.
    public enum File: String, Sendable, CaseIterable {
        case items = "items.jsonl"
        case albums = "albums.jsonl"
    }

    /// Whether a location names the catalog itself, or something in it.
    public static func isNamed(by root: Pathname) -> Bool { Layout.catalog.contains(root) }

    /// The directory of the catalog of an import.
    public static func directory(in root: Pathname) throws(ConnectorError) -> Pathname {
        isNamed(by: root) ? Layout.catalog : try root.appending(Layout.catalog.name)
    }

    /// Whether a pathname is that of a file of a catalog, whatever part of a source it is one of.
    public static func holds(_ pathname: Pathname) -> Bool {
        File(rawValue: pathname.name) != nil && pathname.parent?.name == Layout.catalog.name
    }
}
