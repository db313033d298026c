import Foundation

/// What a folder of an export holds.
public enum FolderKind: Sendable, Hashable {
    /// `Photos from 2019`, `Fotos von 2019`: the library itself.
    case year(Int)
    case album
    case trash
    case archive

    /// - Parameter hasAlbumMetadata: whether a file in it says that it is an album.
    public init(_ name: String, hasAlbumMetadata: Bool) {
        let year = Self.year(name)
        if let year, !hasAlbumMetadata || Self.yearPrefixes.contains(name.dropLast(5).lowercased()) {
            self = .year(year)
        } else if hasAlbumMetadata {
            self = .album
        } else if Self.trashNames.contains(name.lowercased()) {
            self = .trash
        } else if Self.archiveNames.contains(name.lowercased()) {
            self = .archive
        } else {
            self = .album
        }
    }

    /// The year at the end of a name in whatever language: `Photos from 2019`, `2019`, `Photos de 2019`; and that of a month,
    /// `2019-05`, as a mirror has it.
    public static func year(_ name: String) -> Int? {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        if parts.count == 2, parts[0].utf8.count == 4, parts[1].utf8.count == 2, (1...12).contains(Int(parts[1]) ?? 0) {
            return year(String(parts[0]))
        }
        guard let year = Int(name.suffix(4)), (1800...2099).contains(year), name.suffix(4).allSatisfy(\.isASCII),
            name.dropLast(4).last?.isNumber != true
        else { return nil }
        return year
    }

    /// Year folders of old exports have a metadata file, as albums have: these are told by their names.
    private static let yearPrefixes: Set<String> = [
        "photos from", "fotos von", "fotos aus", "photos de", "fotos de", "fotos del", "foto dal", "foto del",
        "foto's uit", "fotos desde", "zdjęcia z", "foton från", "фото за", "фотографии за",
    ]

    /// The trash and the archive have no metadata of their own. Where a language is not in these lists, the flags of the
    /// sidecars still tell; the folder is then also shown as an album.
    private static let trashNames: Set<String> = [
        "trash", "bin", "papierkorb", "corbeille", "papelera", "cestino", "lixeira", "lixo", "reciclagem", "prullenbak",
        "kosz", "koš", "kôš", "roskakori", "papirkurv", "papperskorg", "papperskorgen", "papirkurven", "корзина",
        "кошик", "кошче", "çöp kutusu", "lomtár", "coș de gunoi", "κάδος απορριμμάτων", "ゴミ箱", "回收站", "回收桶",
        "휴지통",
    ]
    private static let archiveNames: Set<String> = [
        "archive", "archiv", "archives", "archivo", "archivio", "arquivo", "archief", "archiwum", "archív", "arkisto",
        "arkiv", "архив", "архів", "arşiv", "archívum", "arhivă", "αρχείο", "アーカイブ", "归档", "封存", "보관함",
    ]
}

/// The folder of Google Photos among those of the other products.
public enum ProductRoot {
    /// Whether a folder is that of Google Photos, by its name: `Google Photos`, `Google Fotos`, `Fotky Google`, ….
    ///
    /// Where this does not know a language, a year folder with photos below it tells as well.
    public static func isPhotos(_ name: String) -> Bool {
        let name = name.lowercased()
        return name.contains("google") && words.contains { name.contains($0) }
    }

    private static let words = [
        "photo", "foto", "fotky", "kuvat", "фото", "снимки", "світлини", "フォト", "相册", "相簿", "포토", "사진", "zdjęcia",
        "fényképek", "billeder", "bilder", "φωτογραφίες", "slike", "nuotraukos", "ảnh", "รูป", "صور", "תמונות",
    ]
}
