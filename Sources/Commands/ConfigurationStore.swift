import Foundation

/// The configuration file, `$XDG_CONFIG_HOME/gphotos/config.json`.
///
/// It holds secrets: mode 0600 in a directory of mode 0700. It is replaced in one step, and changed under a lock, so that
/// of two processes that change it none undoes what the other did.
struct ConfigurationStore: Sendable {
    let file: String
    private let directory: String
    private let atomicFile: AtomicFile
    private let warn: @Sendable (String) -> Void

    /// No file that this program writes comes near.
    private static let sizeLimit = 16 << 20

    init(
        directory: String, atomicFile: AtomicFile = AtomicFile(), warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.directory = directory
        self.atomicFile = atomicFile
        self.warn = warn
        file = directory + "/config.json"
    }

    /// The sources or destinations by name.
    /// - Throws: ``Failure``: 65 where the file cannot be read or is damaged.
    func remotes(_ kind: RemoteKind) throws -> [String: [String: String]] {
        let (configuration, mode) = try read()
        if mode & 0o077 != 0 {
            warn("others can read \(file), which holds secrets; take that away with chmod 600")
        }
        return configuration[kind]
    }

    /// - Throws: ``Failure``: 66 where there is none of that name, 65 as for ``remotes(_:)``.
    func settings(of name: String, _ kind: RemoteKind) throws -> [String: String] {
        let remotes = try remotes(kind)
        guard let settings = remotes[name] else { throw Self.missing(name, kind, known: Array(remotes.keys)) }
        return settings
    }

    /// Changes the settings of one that is there, such as its token.
    /// - Throws: what the change throws, which then changes nothing; else as ``edit(_:)``; 66 where there is none.
    func update(_ kind: RemoteKind, _ name: String, _ change: (inout [String: String]) throws -> Void) throws {
        try edit { configuration in
            guard var settings = configuration[kind][name] else {
                throw Self.missing(name, kind, known: Array(configuration[kind].keys))
            }
            try change(&settings)
            configuration[kind][name] = settings
        }
    }

    /// Changes the configuration. Others who change it wait meanwhile.
    /// - Throws: what the change throws, which then changes nothing; ``Failure``: 65 where the file cannot be read or is
    ///   damaged, 73 where it cannot be written.
    func edit<Result>(_ change: (inout Configuration) throws -> Result) throws -> Result {
        do {
            try PrivateDirectory.make(directory)
            return try FileLock.holding(directory + "/config.lock") {
                let old = try read().configuration
                var new = old
                let result = try change(&new)
                if new != old { try atomicFile.replace(file, with: new.bytes) }
                return result
            }
        } catch let error as SystemError {
            throw error.failure(.cannotWrite, "cannot write \(file)")
        }
    }

    /// An absent file is an empty configuration.
    private func read() throws(Failure) -> (configuration: Configuration, mode: mode_t) {
        let content: SmallFile
        do throws(SystemError) {
            content = try SmallFile(reading: file, limit: Self.sizeLimit)
        } catch {
            if error.number == ENOENT { return (Configuration(), 0) }
            throw error.failure(.badInput, "cannot read \(file)")
        }
        if content.bytes.count > Self.sizeLimit { throw damaged("it is too large") }
        do throws(Configuration.Damage) {
            return (try Configuration(parsing: content.bytes), content.mode)
        } catch {
            throw damaged(error.reason)
        }
    }

    private func damaged(_ reason: String) -> Failure {
        Failure(
            .badInput, "the configuration \(file) is damaged: \(reason)",
            hint: "correct it, or move it away and import again")
    }

    static func missing(_ name: String, _ kind: RemoteKind, known: [String]) -> Failure {
        let hint =
            known.isEmpty
            ? "there is none yet: `gphotos \(kind.noun) import` takes what rclone has"
            : "there is: " + known.sorted().map(\.printable).joined(separator: ", ")
        return Failure(.notFound, "there is no \(kind.noun) \(name.quoted)", hint: hint)
    }
}

extension CommandContext {
    /// The configuration of the person who runs the command.
    func configurationStore(_ console: Console) throws(Failure) -> ConfigurationStore {
        let directories = try BaseDirectories(environment: environment)
        return ConfigurationStore(directory: directories.configuration) { console.warn($0) }
    }
}
