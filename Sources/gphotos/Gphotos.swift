import Commands
import Foundation

/// The executable: everything it can do is in `Commands`.
@main
enum Gphotos {
    static func main() async {
        exit(await GphotosCLI.main(arguments: Array(CommandLine.arguments.dropFirst())))
    }
}
