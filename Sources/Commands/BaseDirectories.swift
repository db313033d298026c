/// Where this program keeps its files.
///
/// Source: the XDG Base Directory Specification 0.8, by which a relative path in these variables is not valid and is
/// ignored.
struct BaseDirectories: Sendable, Hashable {
    /// `$XDG_CONFIG_HOME/gphotos`: the sources and destinations.
    var configuration: String
    /// `$XDG_STATE_HOME/gphotos`: indexes and journals, which can be made again at a cost.
    var state: String
    /// `$XDG_DATA_HOME/gphotos`: vaults.
    var data: String

    /// - Throws: ``Failure`` where neither the variables nor `HOME` say where.
    init(environment: [String: String]) throws(Failure) {
        func directory(_ variable: String, _ fallback: String) throws(Failure) -> String {
            if let path = environment[variable], path.hasPrefix("/") { return path + "/gphotos" }
            guard let home = environment["HOME"], home.hasPrefix("/") else {
                throw Failure(
                    .badConfiguration, "there is no place for the settings: neither \(variable) nor HOME is set",
                    hint: "set HOME")
            }
            return "\(home)/\(fallback)/gphotos"
        }
        configuration = try directory("XDG_CONFIG_HOME", ".config")
        state = try directory("XDG_STATE_HOME", ".local/state")
        data = try directory("XDG_DATA_HOME", ".local/share")
    }
}
