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
    /// How often the app has looked whether they did.
    var looks = 0
}

/// What the user does in a session as soon as the app looks at it.
struct PickerChoice: Sendable {
    enum Items: Sendable {
        case ids([String])
        /// The newest that were chosen in no session before.
        case newest(Int)
    }

    var items: Items
    var isDone: Bool
    /// How often the app looks in vain before.
    var looks: Int
}
