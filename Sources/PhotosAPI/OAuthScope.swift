/// What an account can allow an app. All other scopes of the Library API died on 31 March 2025.
///
/// <https://developers.google.com/photos/overview/authorization>
public enum OAuthScope: String, Sendable, Hashable, CaseIterable {
    /// To list and download what the app itself uploaded.
    case read = "https://www.googleapis.com/auth/photoslibrary.readonly.appcreateddata"
    /// To upload, and to make albums.
    case append = "https://www.googleapis.com/auth/photoslibrary.appendonly"
    /// To change albums and descriptions that the app itself made.
    case edit = "https://www.googleapis.com/auth/photoslibrary.edit.appcreateddata"
    /// To read what its owner chooses in a Picker session.
    case picker = "https://www.googleapis.com/auth/photospicker.mediaitems.readonly"

    /// One word, for lists.
    public var name: String {
        switch self {
        case .read: "read"
        case .append: "upload"
        case .edit: "edit"
        case .picker: "picker"
        }
    }

    /// What does not work without it, as a sentence.
    public var withoutIt: String {
        switch self {
        case .read: "nothing can be listed, backed up or compared"
        case .append: "nothing can be uploaded and no album can be made"
        case .edit: "albums and descriptions that are there already cannot be changed"
        case .picker: "no Picker session can be opened"
        }
    }

    /// The scopes that a text with blanks between them holds (RFC 6749, section 3.3); unknown ones are left out.
    static func parse(_ text: String) -> Set<OAuthScope> {
        Set(text.split(separator: " ").compactMap { OAuthScope(rawValue: String($0)) })
    }
}

extension Set<OAuthScope> {
    /// In the order in which they are declared.
    public var ordered: [OAuthScope] { OAuthScope.allCases.filter(contains) }
}
