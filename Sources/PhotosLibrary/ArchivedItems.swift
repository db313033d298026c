/// Which items a listing said to be archived: known of Takeout exports alone, and kept for the view of these.
extension Listing {
    /// Notes that items, which are listed already, are archived.
    public func setArchived(_ ids: [String]) async throws {
        if ids.isEmpty { return }
        setArchived(numbers: try await numbers(ofItems: ids))
    }

    func setArchived(numbers: [Int64]) {
        log.changeArchived { archived in
            for number in numbers { archived.insert(number) }
        }
    }
}
