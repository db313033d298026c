import Foundation

/// The browser of the person who sits at this machine.
struct Browser: Sendable {
    private let program: String
    private let environment: [String: String]

    /// Nil where there is no `xdg-open` or no screen to show a browser on.
    init?(environment: [String: String]) {
        let hasScreen = ["DISPLAY", "WAYLAND_DISPLAY"].contains { !(environment[$0] ?? "").isEmpty }
        let directories = (environment["PATH"] ?? "").split(separator: ":").filter { $0.hasPrefix("/") }
        let program = directories.map { "\($0)/xdg-open" }.first {
            FileManager.default.isExecutableFile(atPath: $0)
        }
        guard hasScreen, let program else { return nil }
        self.program = program
        self.environment = environment
    }

    /// Opens a link and does not wait: some browsers stay until their window is closed.
    /// - Returns: whether it could be started.
    func open(_ link: String) -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = [link]
        process.environment = environment
        // What a browser says on its streams is not this program's word.
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return (try? process.run()) != nil
    }
}
