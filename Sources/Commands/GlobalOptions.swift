import ArgumentParser

/// What every command takes.
struct GlobalOptions: ParsableArguments {
    @Flag(help: "Print JSON, also for errors.")
    var json = false

    @Flag(name: .shortAndLong, help: "Print no more than results, warnings and errors.")
    var quiet = false

    @Flag(name: .shortAndLong, help: "Say more; twice for even more.")
    var verbose: Int
}
