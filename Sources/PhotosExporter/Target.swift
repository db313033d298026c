import ConnectorKit
import PhotosLibrary

/// Where a record goes in the library.
enum Target: Sendable, Hashable {
    /// Into the album of that title.
    case album(title: String)
    /// Into the library, without an album.
    case library
    /// Nowhere: it is ours, and no media.
    case catalog

    /// `/album/TITLE[/SUB...]/NAME` goes into the album `TITLE[/SUB...]`; everything else into the library.
    ///
    /// - Parameter titles: titles as the service had them, of directories whose names had to be made safe.
    init(_ pathname: Pathname, titles: [Pathname: String]) {
        let parts = pathname.parts
        if Layout.catalog.contains(pathname) || CatalogPath.holds(pathname) {
            self = .catalog
        } else if parts.count > 2, parts[0] == "album", let directory = pathname.parent {
            self = .album(title: titles[directory] ?? parts[1..<(parts.count - 1)].joined(separator: "/"))
        } else {
            self = .library
        }
    }
}

extension Target {
    /// Whether an album of this title is shown in exactly this directory.
    static func leads(title: String, to directory: Pathname) -> Bool {
        let parts = title.split(separator: "/").compactMap { SafeName.make(String($0)) }
        return !parts.isEmpty && Layout.albums.parts + parts == directory.parts
    }
}
