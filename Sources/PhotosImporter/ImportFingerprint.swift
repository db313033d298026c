import ConnectorKit
import PhotosAPI
import PhotosLibrary

/// What stands for all records of an import of a library.
///
/// It is made of everything that records are made of: what the index knows and what of it is there (`Index.revision`), the
/// facts of albums that the index does not keep, and every setting, whatever it is for. A setting that changes nothing
/// costs one import that sends what the host has; one that was forgotten here would hide a change.
enum ImportFingerprint {
    /// To be raised with every change of how records are made of what is known.
    private static let form = "1"

    /// - Parameters:
    ///   - revision: of the index, once all that is listed has its name.
    ///   - albums: as they were listed.
    ///   - key: what the settings come to.
    static func make(revision: String, albums: [Album], settings: Settings, key: String) -> String {
        let secrets = Set(LibrarySettings.definitions.lazy.filter(\.isSecret).map(\.name))
        let values = settings.values.filter { !secrets.contains($0.key) }.sorted { $0.key < $1.key }
        var parts = [form, Product.version, revision, key]
        for (name, value) in values { parts += [name, value] }
        for album in albums.sorted(by: { $0.id < $1.id }) {
            parts += [
                album.id, album.title, String(album.mediaItemsCount), album.coverMediaItemID, album.productURL,
            ]
        }
        // With their lengths, no two lists of parts are the same text.
        return SafeName.mark(of: parts.map { "\($0.utf8.count):\($0)" }.joined(), digits: 32)
    }
}
