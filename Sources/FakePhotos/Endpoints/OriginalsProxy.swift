/// `GET /id/ID`: what rclone's gphotosdl answers, the bytes as they were uploaded. It sees what its browser's user sees,
/// and asks for no token.
extension LibraryState {
    func original(ofItem id: String) -> FakeResponse {
        guard let object = sealer.reference(.item, id), object.account < accounts.count,
            object.position < accounts[object.account].items.count
        else { return FakeResponse(status: 404, text: "404 page not found\n") }
        let item = accounts[object.account].items[Int(object.position)]
        if item.flags.contains(.trashed) { return FakeResponse(status: 404, text: "404 page not found\n") }
        return FakeResponse(
            status: 200, headers: ["Content-Type": item.kind.mimeType], content: content(of: item))
    }
}
