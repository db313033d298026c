// swift-tools-version: 6.1
import PackageDescription

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let database = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }

// From the bottom up: a target knows only what stands above it in this list. docs/architecture.md draws the map.
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
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLinuxFile"),
        .target(name: "StrictJSON"),
        .target(name: "ConnectorKit", dependencies: ["StrictJSON"]),
        .target(name: "Takeout", dependencies: ["CZlib", "ConnectorKit", "StrictJSON", crypto, database]),
        .target(name: "HTTP", dependencies: ["CCurl"]),
        .target(name: "PhotosAPI", dependencies: ["ConnectorKit", "HTTP", "StrictJSON"]),
        .target(name: "RcloneConfig", dependencies: ["ConnectorKit", "StrictJSON", crypto]),
        .target(name: "PhotosLibrary", dependencies: ["ConnectorKit", "HTTP", "PhotosAPI", crypto, database]),
        .target(
            name: "PhotosImporter",
            dependencies: ["ConnectorKit", "PhotosAPI", "PhotosLibrary", "StrictJSON", "Takeout", crypto]),
        .target(name: "PhotosExporter", dependencies: ["ConnectorKit", "HTTP", "PhotosAPI", "PhotosLibrary", crypto]),
        .target(name: "PluginJSONL", dependencies: ["ConnectorKit", "StrictJSON", crypto]),
        .target(
            name: "Vault", dependencies: ["CLinuxFile", "CZstd", "ConnectorKit", "StrictJSON", crypto, database]),
        .target(name: "HostEngine", dependencies: ["ConnectorKit", "PluginJSONL", "Vault", crypto]),
        .target(
            name: "Commands",
            dependencies: [
                "ConnectorKit", "HostEngine", "PhotosExporter", "PhotosImporter", "PhotosLibrary", "PluginJSONL",
                "RcloneConfig", "StrictJSON", "Takeout", "Vault", arguments,
            ]),
        .executableTarget(name: "gphotos", dependencies: ["Commands"]),

        .target(
            name: "FakePhotos", dependencies: ["ConnectorKit", "StrictJSON", crypto] + nio, resources: [.copy("Media")]),
        .executableTarget(name: "gphotos-fake", dependencies: ["FakePhotos", arguments]),
        .executableTarget(
            name: "gphotos-bench", dependencies: ["ConnectorKit", "HTTP", "PluginJSONL"],
            path: "Benchmarks/gphotos-bench"),

        .target(
            name: "TestSupport", dependencies: ["ConnectorKit", "FakePhotos", "PhotosAPI", "PhotosLibrary"],
            path: "Tests/TestSupport"),
        .target(name: "TakeoutSupport", dependencies: ["CZlib"], path: "Tests/TakeoutSupport"),
        .target(name: "SeededRandom", path: "Tests/SeededRandom"),
        .testTarget(name: "StrictJSONTests", dependencies: ["SeededRandom", "StrictJSON"]),
        .testTarget(name: "ConnectorKitTests", dependencies: ["ConnectorKit", "SeededRandom", "StrictJSON"]),
        .testTarget(
            name: "TakeoutTests",
            dependencies: ["ConnectorKit", "SeededRandom", "StrictJSON", "Takeout", "TakeoutSupport"]),
        .testTarget(name: "FakePhotosTests", dependencies: ["ConnectorKit", "FakePhotos", "StrictJSON", crypto] + nio),
        .testTarget(name: "HTTPTests", dependencies: ["HTTP", "SeededRandom"] + nio),
        .testTarget(name: "PhotosAPITests", dependencies: ["FakePhotos", "PhotosAPI", "TestSupport"]),
        .testTarget(name: "PhotosLibraryTests", dependencies: ["PhotosLibrary", "SeededRandom"]),
        .testTarget(
            name: "CommandsTests",
            dependencies: [
                "Commands", "ConnectorKit", "FakePhotos", "RcloneConfig", "SeededRandom", "StrictJSON",
                "TakeoutSupport", "Vault", "gphotos",
                arguments,
                crypto,
            ]),
        .testTarget(
            name: "PluginJSONLTests",
            dependencies: ["ConnectorKit", "PluginJSONL", "SeededRandom", "StrictJSON", crypto]),
        .executableTarget(name: "vault-crash-writer", dependencies: ["Vault"], path: "Tests/Support/VaultCrashWriter"),
        .testTarget(
            name: "VaultTests", dependencies: ["ConnectorKit", "Vault", "vault-crash-writer", crypto, database]),
        .testTarget(
            name: "PhotosImporterTests",
            dependencies: ["FakePhotos", "PhotosImporter", "TakeoutSupport", "TestSupport", crypto]),
        .testTarget(
            name: "PhotosExporterTests", dependencies: ["FakePhotos", "PhotosExporter", "TestSupport", crypto]),
        .testTarget(
            name: "RcloneConfigTests",
            dependencies: ["ConnectorKit", "RcloneConfig", "SeededRandom", "StrictJSON", crypto]),
    ],
    swiftLanguageModes: [.v6]
)
