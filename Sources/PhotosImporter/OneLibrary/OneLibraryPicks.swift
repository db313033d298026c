import ConnectorKit
import PhotosLibrary

/// What was chosen in the Picker, as a part of a library that the service lists, too.
///
/// It has an index of its own, which a source `picker://` of the same account shares: its items become rows of the
/// library's index where the service does not list them.
struct OneLibraryPicks: Sendable {
    let visit: PickerReader.Visit
    /// Row of the library's index -> the item of the Picker's that it shows.
    private(set) var picks: [Int64: Pick] = [:]
    /// Rows that the service does not list.
    private(set) var alone: Set<Int64> = []

    struct Pick: Sendable, Hashable {
        /// In the Picker's index.
        var number: Int64
        var id: String
    }

    private static let page = 500

    /// Puts what was chosen into a listing: each item into the row of the service's item that it is, else into one of its
    /// own.
    init(_ visit: PickerReader.Visit, into listing: Listing, isInLibrary: Bool, at time: Timestamp) async throws {
        self.visit = visit
        let pairing = try await Pairing(listing, way: SecondItem.picker)
        var page = try await visit.listing.items(after: 0, limit: Self.page)
        while let last = page.last {
            try await pairing.add(page.map { SecondItem(picked: $0) })
            page = try await visit.listing.items(after: last.number, limit: Self.page)
        }
        // The Picker tells sizes in pixels, and its bytes are not at hand.
        _ = try await pairing.pairWhatIsSure()
        _ = try await pairing.pairWhatIsAlike()
        try await pairing.finish()
        page = try await visit.listing.items(after: 0, limit: Self.page)
        while let last = page.last {
            try await pairing.place(
                page.map { item in
                    Pairing.Sighting(
                        number: item.number, id: SecondItem.picker + item.item.id, item: item.item,
                        isInLibrary: isInLibrary, isFavorite: false, isArchived: false)
                }, at: time)
            let rows = try await pairing.rows(ofSeconds: page.map(\.number))
            for item in page {
                guard let row = rows[item.number] else { throw Shelf.disturbed }
                picks[row.number] = Pick(number: item.number, id: item.item.id)
                if !row.isPaired { alone.insert(row.number) }
            }
            page = try await visit.listing.items(after: last.number, limit: Self.page)
        }
    }

    /// The content of a row, followed on its way to the host where it was chosen, whichever way it comes.
    /// - Parameters:
    ///   - places: how many records have it.
    ///   - isReadable: whether there are bytes to be had.
    func followed(
        _ content: any ContentSource, ofRow row: Int64, places: Int, isReadable: Bool
    ) async -> any ContentSource {
        guard let pick = picks[row] else { return content }
        await visit.receipts.expect(pick.number, places: places, isReadable: isReadable)
        return PickedPlace(place: content, item: pick.number, receipts: visit.receipts)
    }
}

extension OneLibraryPicks: ContentSupply {
    func content(of item: ShelvedItem) -> any ContentReader {
        var picked = item
        if let pick = picks[item.number] { (picked.number, picked.item.id) = (pick.number, pick.id) }
        return visit.supply.content(of: picked)
    }
}

extension SecondItem {
    init(picked shelved: ShelvedItem) {
        let item = shelved.item
        self.init(
            number: shelved.number, id: Self.picker + item.id, names: [item.filename], isSure: true,
            url: item.productURL, sha256: shelved.sha256, size: shelved.size, created: item.creationTime,
            isVideo: item.kind == .video, mimeType: item.mimeType, width: item.width, height: item.height,
            isReadable: false)
    }
}
