/// What an import of one library leaves with a host that keeps it: the state of the library's index, and on a line of its
/// own that of the Picker.
struct OneLibraryState: Sendable, Hashable {
    var library: String?
    var picker: PickerState?

    init(library: String?, picker: PickerState?) {
        self.library = library
        self.picker = picker
    }

    init(_ text: String?) {
        library = text
        guard let text, let end = text.lastIndex(of: "\n"),
            let kept = PickerState(String(text[text.index(after: end)...]))
        else { return }
        picker = kept
        library = end == text.startIndex ? nil : String(text[..<end])
    }

    var text: String? {
        guard let picker else { return library }
        return "\(library ?? "")\n\(picker.text)"
    }
}
