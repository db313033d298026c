import ConnectorKit

/// The trees that an import can show, after rclone's Google Photos backend.
/// <https://rclone.org/googlephotos/#layout>
public enum View: String, Sendable, Hashable, CaseIterable {
    case all
    case byYear = "by-year"
    case byMonth = "by-month"
    case byDay = "by-day"
    case album
    case favorites
    /// What is archived, where the source tells it.
    case archive

    /// The views that are made of the list of the whole library.
    public static let dated: [View] = [.all, .byYear, .byMonth, .byDay]
}

/// Where things are in the tree. Pathnames are those of the whole source, whatever part of it is asked for.
public enum Layout {
    public static let albums = trusted("/album")
    public static let favorites = trusted("/feature/favorites")
    public static let archive = trusted("/feature/archive")
    public static let catalog = trusted("/.gphotos")

    /// The directory of an item in one of the dated views. Dates are in UTC.
    public static func directory(of date: CivilDate, in view: View) -> String {
        let year = padded(date.year, 4)
        let month = "\(year)-\(padded(date.month, 2))"
        return switch view {
        case .byYear: "/media/by-year/\(year)"
        case .byMonth: "/media/by-month/\(year)/\(month)"
        case .byDay: "/media/by-day/\(year)/\(month)-\(padded(date.day, 2))"
        default: "/media/all"
        }
    }

    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(max(0, number))
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Literals of this file are valid.
    static func trusted(_ text: String) -> Pathname { (try? Pathname(text)) ?? .root }
}
