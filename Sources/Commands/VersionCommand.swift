import ArgumentParser
import PhotosLibrary

/// `gphotos version`, which `gphotos --version` is as well.
struct VersionCommand: GphotosCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    static let version = Product.version
    static let text = "gphotos \(version)"

    @OptionGroup var global: GlobalOptions

    func run(_ context: CommandContext) async throws {
        let console = context.console(global)
        if console.isJSON { return try console.print(["name": "gphotos", "version": .string(Self.version)]) }
        try console.print(Self.text)
    }
}
