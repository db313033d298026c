// swift-tools-version: 6.1
import PackageDescription

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

let package = Package(
    name: "gphotos",
    products: [
        .executable(name: "gphotos", targets: ["gphotos"]),
        .executable(name: "gphotos-fake", targets: ["gphotos-fake"]),
        .library(name: "ConnectorKit", targets: ["ConnectorKit"]),
        .library(name: "PluginJSONL", targets: ["PluginJSONL"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .target(name: "StrictJSON"),
        .target(name: "ConnectorKit", dependencies: ["StrictJSON"]),
    ],
    swiftLanguageModes: [.v6]
)
