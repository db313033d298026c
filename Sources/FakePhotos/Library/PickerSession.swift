/// A picking: a page where the user chooses, and what they chose.
struct PickerSession: Sendable {
    var account: Int
    /// The project whose app began it.
    var client: Int
    /// Seconds since 1970.
    var birth: Int64
    var maxItemCount: Int
    /// Positions of items in the order in which they were chosen.
    var items: [Int32] = []
    /// Whether the user pressed Done.
    var isDone = false
}
