// swift-tools-version: 6.2
import PackageDescription

/// One list for every target of ours; why each is there: docs/decisions/0004-swift-settings.md.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "routerd",
    products: [
        .library(name: "RouterCore", targets: ["RouterCore"]),
        .library(name: "RouterProviders", targets: ["RouterProviders"]),
        .library(name: "RouterStore", targets: ["RouterStore"]),
        .library(name: "RouterHTTP", targets: ["RouterHTTP"]),
        .executable(name: "routerd", targets: ["routerd"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
    ],
    targets: [
        .target(name: "CAssets", exclude: ["catalog.json"], cSettings: [.treatAllWarnings(as: .error)]),
        .target(name: "CMemory", cSettings: [.treatAllWarnings(as: .error)]),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
        .target(
            name: "RouterCore",
            swiftSettings: settings),
        .target(
            name: "RouterProviders",
            dependencies: ["RouterCore", "CCurl"],
            swiftSettings: settings),
        .target(
            name: "RouterStore",
            dependencies: ["RouterCore", "CPostgres", .product(name: "GRDB", package: "GRDB.swift")],
            swiftSettings: settings),
        .target(
            name: "RouterHTTP",
            dependencies: [
                "RouterCore",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Crypto", package: "swift-crypto"),
            ], swiftSettings: settings),
        .executableTarget(
            name: "routerd",
            dependencies: [
                "CAssets", "CMemory", "RouterCore", "RouterProviders", "RouterStore", "RouterHTTP",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ], swiftSettings: settings),
        .target(name: "TestSupport", dependencies: ["RouterCore"], path: "Tests/Support", swiftSettings: settings),
        // For tests of other languages; no product.
        .executableTarget(
            name: "vendor-simulator", dependencies: ["TestSupport"], path: "Tests/Simulator", swiftSettings: settings),
        .testTarget(
            name: "RouterCoreTests", dependencies: ["RouterCore", "TestSupport"], exclude: ["Audio/Fixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "RouterProvidersTests", dependencies: ["RouterProviders", "RouterCore", "TestSupport"],
            exclude: ["Fixtures"],
            swiftSettings: settings),
        .testTarget(
            name: "RouterStoreTests", dependencies: ["RouterStore", "RouterCore", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "RouterHTTPTests",
            dependencies: [
                "RouterHTTP", "RouterProviders", "RouterCore", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            swiftSettings: settings),
        .testTarget(
            name: "RouterdTests", dependencies: ["routerd", "RouterCore", "RouterStore", "TestSupport"],
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
