import Testing

@testable import PhotosExporter

@Suite struct UploadBudgetTests {
    @Test func neitherUploadsNorBytesPassTheirBounds() async {
        let budget = UploadBudget(uploads: 4, bytes: 100)
        let gauge = Gauge()
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                // One is larger than all there is: it goes alone.
                let bytes = Int64(number == 50 ? 1000 : number % 60)
                group.addTask {
                    await budget.take(bytes)
                    await gauge.begin(min(bytes, 100))
                    await Task.yield()
                    await gauge.end(min(bytes, 100))
                    await budget.giveBack(bytes)
                }
            }
        }
        #expect(await gauge.mostUploads <= 4)
        #expect(await gauge.mostBytes == 100)
        #expect(await gauge.done == 200)
    }
}

private actor Gauge {
    private var uploads = 0
    private var bytes: Int64 = 0
    private(set) var mostUploads = 0
    private(set) var mostBytes: Int64 = 0
    private(set) var done = 0

    func begin(_ count: Int64) {
        uploads += 1
        bytes += count
        mostUploads = max(mostUploads, uploads)
        mostBytes = max(mostBytes, bytes)
    }

    func end(_ count: Int64) {
        uploads -= 1
        bytes -= count
        done += 1
    }
}
