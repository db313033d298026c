import ConnectorKit
import Testing

@testable import RcloneConfig

/// SplitMix64: the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

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
