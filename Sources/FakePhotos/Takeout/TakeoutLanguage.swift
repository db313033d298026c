/// The words of an export, by the language of the account. The folders of years are in English in most of them.
public enum TakeoutLanguage: String, Sendable, Hashable, CaseIterable {
    case english = "en"
    case german = "de"
    case french = "fr"
    case spanish = "es"
    case italian = "it"
    case japanese = "ja"
    case russian = "ru"

    struct Words: Sendable {
        var product: String
        var yearPrefix: String
        var trash: String
        var archive: String
        var untitled: String
        var edited: String
        var albumFile: String
    }

    var words: Words {
        switch self {
        case .english:
            Words(
                product: "Google Photos", yearPrefix: "Photos from ", trash: "Trash", archive: "Archive",
                untitled: "Untitled", edited: "-edited", albumFile: "metadata.json")
        case .german:
            Words(
                product: "Google Fotos", yearPrefix: "Fotos von ", trash: "Papierkorb", archive: "Archiv",
                untitled: "Unbenannt", edited: "-bearbeitet", albumFile: "Metadaten.json")
        case .french:
            Words(
                product: "Google Photos", yearPrefix: "Photos de ", trash: "Corbeille", archive: "Archives",
                untitled: "Sans titre", edited: "-modifié", albumFile: "métadonnées.json")
        case .spanish:
            Words(
                product: "Google Fotos", yearPrefix: "Fotos de ", trash: "Papelera", archive: "Archivo",
                untitled: "Sin título", edited: "-editado", albumFile: "metadatos.json")
        case .italian:
            Words(
                product: "Google Foto", yearPrefix: "Foto dal ", trash: "Cestino", archive: "Archivio",
                untitled: "Senza titolo", edited: "-modificato", albumFile: "metadati.json")
        case .japanese:
            Words(
                product: "Google フォト", yearPrefix: "Photos from ", trash: "ゴミ箱", archive: "アーカイブ",
                untitled: "無題", edited: "-編集済み", albumFile: "metadata.json")
        case .russian:
            Words(
                product: "Google Фото", yearPrefix: "Фото за ", trash: "Корзина", archive: "Архив",
                untitled: "Без названия", edited: "-измененный", albumFile: "метаданные.json")
        }
    }
}
