// swift-tools-version: 6.1
import PackageDescription

let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let database = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let grpc: [Target.Dependency] = [
    .product(name: "GRPCCore", package: "grpc-swift-2"),
    .product(name: "GRPCProtobuf", package: "grpc-swift-protobuf"),
    // Not the product for sockets: that one brings BoringSSL, which nothing here needs.
    .product(name: "GRPCNIOTransportHTTP2TransportServices", package: "grpc-swift-nio-transport"),
    .product(name: "NIOHTTP2", package: "swift-nio-http2"),
]
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let nioPipes: [Target.Dependency] = ["NIOCore", "NIOPosix"].map { .product(name: $0, package: "swift-nio") }
let nio: [Target.Dependency] = ["NIOCore", "NIOPosix", "NIOHTTP1"].map { .product(name: $0, package: "swift-nio") }

// From the bottom up: a target knows only what stands above it in this list. docs/architecture.md draws the map.
let package = Package(
    name: "gphotos",
    products: [
        .executable(name: "gphotos", targets: ["gphotos"]),
        .executable(name: "gphotos-fake", targets: ["gphotos-fake"]),
        .library(name: "ConnectorKit", targets: ["ConnectorKit"]),
        .library(name: "PluginJSONL", targets: ["PluginJSONL"]),
        .library(name: "PluginPlakar", targets: ["PluginPlakar"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/grpc/grpc-swift-2", from: "2.4.0"),
        .package(url: "https://github.com/grpc/grpc-swift-nio-transport", from: "2.9.0"),
        .package(url: "https://github.com/grpc/grpc-swift-protobuf", from: "2.4.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CLinuxFile"),
        .target(
            name: "QuickSQL", dependencies: [database, .product(name: "GRDBSQLite", package: "GRDB.swift")]),
        .target(name: "StrictJSON"),
        .target(name: "ConnectorKit", dependencies: ["StrictJSON"]),
        .target(name: "Takeout", dependencies: ["CZlib", "ConnectorKit", "StrictJSON", crypto, database]),
        .target(name: "HTTP", dependencies: ["CCurl"]),
        .target(name: "PhotosAPI", dependencies: ["ConnectorKit", "HTTP", "StrictJSON", crypto]),
        .target(name: "RcloneConfig", dependencies: ["ConnectorKit", "StrictJSON", crypto]),
        .target(
            name: "PhotosLibrary",
            dependencies: ["ConnectorKit", "HTTP", "PhotosAPI", "QuickSQL", "StrictJSON", crypto, database]),
        .target(
            name: "PhotosImporter",
            dependencies: ["ConnectorKit", "PhotosAPI", "PhotosLibrary", "StrictJSON", "Takeout", crypto]),
        .target(
            name: "PhotosExporter",
            dependencies: ["ConnectorKit", "HTTP", "PhotosAPI", "PhotosLibrary", "StrictJSON", crypto]),
        .target(name: "PluginJSONL", dependencies: ["ConnectorKit", "StrictJSON", crypto]),
        .target(
            name: "PluginPlakar", dependencies: ["ConnectorKit", protobuf] + grpc + nioPipes, exclude: ["Protocol"]),
        .target(
            name: "Vault",
            dependencies: ["CLinuxFile", "CZstd", "ConnectorKit", "QuickSQL", "StrictJSON", crypto, database]),
        .target(
            name: "HostEngine",
            dependencies: ["CLinuxFile", "ConnectorKit", "PluginJSONL", "Vault", crypto, database]),
        .target(
            name: "Commands",
            dependencies: [
                "ConnectorKit", "HostEngine", "PhotosAPI", "PhotosExporter", "PhotosImporter", "PhotosLibrary",
                "PluginJSONL", "PluginPlakar", "RcloneConfig", "StrictJSON", "Takeout", "Vault", arguments,
            ] + nio),
        .executableTarget(name: "gphotos", dependencies: ["Commands"]),

        .target(
            name: "FakePhotos", dependencies: ["CZlib", "ConnectorKit", "StrictJSON", crypto] + nio,
            resources: [.copy("Media")]),
        .executableTarget(name: "gphotos-fake", dependencies: ["FakePhotos", arguments]),
        .executableTarget(
            name: "gphotos-bench",
            dependencies: [
                "ConnectorKit", "HTTP", "PhotosAPI", "PluginJSONL", "PluginPlakar", "RcloneSupport", protobuf,
            ] + grpc
                + nioPipes,
            path: "Benchmarks/gphotos-bench"),

        .target(
            name: "TestSupport", dependencies: ["ConnectorKit", "FakePhotos", "HTTP", "PhotosAPI", "PhotosLibrary"],
            path: "Tests/TestSupport"),
        .target(name: "TakeoutSupport", dependencies: ["CZlib", "FakePhotos"], path: "Tests/TakeoutSupport"),
        .target(name: "RcloneSupport", dependencies: nioPipes, path: "Tests/RcloneSupport"),
        .target(name: "SeededRandom", path: "Tests/SeededRandom"),
        .testTarget(name: "StrictJSONTests", dependencies: ["SeededRandom", "StrictJSON"]),
        .testTarget(name: "ConnectorKitTests", dependencies: ["ConnectorKit", "SeededRandom", "StrictJSON"]),
        .testTarget(
            name: "TakeoutTests",
            dependencies: ["ConnectorKit", "FakePhotos", "SeededRandom", "StrictJSON", "Takeout", "TakeoutSupport"]),
        .testTarget(name: "FakePhotosTests", dependencies: ["ConnectorKit", "FakePhotos", "StrictJSON", crypto] + nio),
        .testTarget(name: "HTTPTests", dependencies: ["HTTP", "SeededRandom"] + nio),
        .testTarget(
            name: "PhotosAPITests",
            dependencies: ["FakePhotos", "HTTP", "PhotosAPI", "SeededRandom", "TestSupport", crypto]),
        .testTarget(
            name: "PhotosLibraryTests",
            dependencies: ["ConnectorKit", "PhotosAPI", "PhotosLibrary", "SeededRandom", "StrictJSON"]),
        .testTarget(
            name: "CommandsTests",
            dependencies: [
                "Commands", "ConnectorKit", "FakePhotos", "HostEngine", "RcloneConfig", "SeededRandom", "StrictJSON",
                "TakeoutSupport", "Vault", "gphotos",
                arguments,
                crypto, database,
            ]),
        .testTarget(
            name: "HostEngineTests",
            dependencies: [
                "ConnectorKit", "FakePhotos", "HostEngine", "PhotosExporter", "PhotosLibrary", "PluginJSONL",
                "SeededRandom", "TestSupport", "Vault", "gphotos", crypto,
            ]),
        .testTarget(
            name: "PluginJSONLTests",
            dependencies: ["ConnectorKit", "PluginJSONL", "SeededRandom", "StrictJSON", crypto]),
        .testTarget(
            name: "PluginPlakarTests",
            dependencies: [
                "ConnectorKit", "FakePhotos", "PluginPlakar", "SeededRandom", "StrictJSON", "TestSupport", "gphotos",
                crypto, protobuf, .product(name: "NIOEmbedded", package: "swift-nio"),
            ] + grpc + nioPipes),
        .executableTarget(name: "vault-crash-writer", dependencies: ["Vault"], path: "Tests/Support/VaultCrashWriter"),
        .testTarget(
            name: "VaultTests", dependencies: ["ConnectorKit", "Vault", "vault-crash-writer", crypto, database]),
        .testTarget(
            name: "PhotosImporterTests",
            dependencies: [
                "FakePhotos", "PhotosImporter", "RcloneSupport", "SeededRandom", "TakeoutSupport", "TestSupport",
                crypto,
            ] + nio),
        .testTarget(
            name: "PhotosExporterTests",
            dependencies: ["FakePhotos", "PhotosExporter", "SeededRandom", "TestSupport", crypto]),
        .testTarget(
            name: "RcloneConfigTests",
            dependencies: ["ConnectorKit", "RcloneConfig", "SeededRandom", "StrictJSON", crypto]),
    ],
    swiftLanguageModes: [.v6]
)
