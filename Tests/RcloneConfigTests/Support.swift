import ConnectorKit
import Testing

@testable import RcloneConfig

extension RcloneConfig {
    static func read(_ text: String, password: String? = nil) throws(RcloneConfigError) -> RcloneConfig {
        try read(Array(text.utf8), password: password.map(Secret.init))
    }

    /// The settings of all sections by name.
    var settingsByName: [String: [String: String]] {
        Dictionary(sections.map { ($0.name, $0.settings) }, uniquingKeysWith: { first, _ in first })
    }
}

/// The error that a reading ends with.
func refusal(_ text: String, password: String? = nil) throws -> RcloneConfigError {
    try #require(throws: RcloneConfigError.self) { try RcloneConfig.read(text, password: password) }
}

/// The error that choosing remotes ends with.
func refusal(_ text: String, selecting names: [String]) throws -> RcloneConfigError {
    let selectors = try names.map { try #require(RcloneConfig.Selector($0)) }
    let config = try RcloneConfig.read(text)
    return try #require(throws: RcloneConfigError.self) { try config.googlePhotosRemotes(selecting: selectors) }
}

func bytes(hex: String) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
}
