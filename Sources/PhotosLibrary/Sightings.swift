import Synchronization

/// What a listing saw, and where: kept in memory, so that a listing with nothing new writes nothing.
public struct Sightings: Sendable, Hashable {
    /// Items that were listed anywhere.
    var items = ItemSet()
    /// Items that were listed in the library, and among the favorites.
    var library = ItemSet()
    var favorites = ItemSet()
    /// The albums of the list of albums, by their numbers.
    var albums = ItemSet()

    public init() {}

    mutating func note(_ numbers: [Int64], from place: Listing.Place) {
        for number in numbers {
            items.insert(number)
            switch place {
            case .library: library.insert(number)
            case .favorites: favorites.insert(number)
            case .album: break
            }
        }
    }
}

/// The sightings of a listing that goes on.
final class SightingLog: Sendable {
    private let state = Mutex(Sightings())

    var sightings: Sightings { state.withLock { $0 } }

    func change(_ body: (inout Sightings) -> Void) { state.withLock { body(&$0) } }
}
