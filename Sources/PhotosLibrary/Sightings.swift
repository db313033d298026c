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

    private let archivedItems = Mutex(ItemSet())

    /// Apart from the rest, which tells whether anything is there that was not: what is archived is seen already.
    var archived: ItemSet { archivedItems.withLock { $0 } }

    func changeArchived(_ body: (inout ItemSet) -> Void) { archivedItems.withLock { body(&$0) } }

    private let mergedItems = Mutex(ItemSet())

    /// Items of earlier listings that another item stands for now: they are one.
    var merged: ItemSet { mergedItems.withLock { $0 } }

    func noteMerged(_ numbers: [Int64]) {
        mergedItems.withLock { for number in numbers { $0.insert(number) } }
    }

    func change(_ body: (inout Sightings) -> Void) { state.withLock { body(&$0) } }
}
