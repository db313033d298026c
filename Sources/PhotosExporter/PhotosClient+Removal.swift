import ConnectorKit
import PhotosAPI

extension PhotosClient {
    /// Takes items out of an album. The call takes all or nothing, and not twice: after a lost answer, what is left is
    /// looked up.
    /// - Parameter items: 1 to 50, each once.
    func removeSurely(_ items: [String], fromAlbum albumID: String, runtime: Runtime) async throws {
        var left = items
        var attempt = 0
        while !left.isEmpty {
            attempt += 1
            do {
                try await removeMediaItems(left, fromAlbum: albumID)
                return
            } catch let error as ConnectorError {
                guard error.isRetryable || error.isOfOneItem, attempt < 3 else { throw error }
                if let delay = retryDelay(after: attempt, error: error) { try await runtime.sleep(delay) }
                var members: Set<String> = []
                for try await page in mediaItems(inAlbum: albumID) { members.formUnion(page.map(\.id)) }
                left.removeAll { !members.contains($0) }
            }
        }
    }
}
