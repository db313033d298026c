import ConnectorKit
import PhotosLibrary

/// Where the bytes of an import's items come from.
protocol ContentSupply: Sendable {
    /// The bytes of an item. Nothing is sent before the first read.
    func content(of item: ShelvedItem) -> any ContentReader
}
