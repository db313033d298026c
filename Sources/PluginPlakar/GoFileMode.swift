/// Modes as Go has them (`io/fs.FileMode`): the permissions are Unix's, the bits above them are not.
///
/// With Unix's own bits for a directory (`S_IFDIR`), Plakar sees a regular file of mode 0.
enum GoFileMode {
    static let directory: UInt32 = 1 << 31
    static let symlink: UInt32 = 1 << 27
    static let permissions: UInt32 = 0o777
    /// Directory, symlink, named pipe, socket, device, character device, irregular: `fs.ModeType`.
    static let kind: UInt32 = 1 << 31 | 1 << 27 | 1 << 25 | 1 << 24 | 1 << 26 | 1 << 21 | 1 << 19
}

/// What a connector says of itself in the answer to Init: the bits of `location.Flags` in Plakar's kloset.
enum LocationFlag {
    /// Import cannot be called more than once: without it, Plakar starts a second process that lists the whole source
    /// again, for the sake of a progress bar.
    static let stream: UInt32 = 1 << 2

    static func bits(_ flags: [String]) -> UInt32 { flags.contains("stream") ? stream : 0 }
}
