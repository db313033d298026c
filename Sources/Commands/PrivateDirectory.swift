import Foundation

/// Directories that nobody but their owner looks into.
enum PrivateDirectory {
    /// Makes the directory and those above it, as far as they are not there yet, with mode 0700.
    static func make(_ path: String) throws(SystemError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        if errno != ENOENT || slash == path.startIndex { throw .last }
        try make(String(path[..<slash]))
        if mkdir(path, 0o700) != 0 && errno != EEXIST { throw .last }
    }
}
