// swift-tools-version: 6.2
import PackageDescription

/// A package of its own, so that nothing of it is built or resolved by whoever only wants the router.
let package = Package(
    name: "routerd-benchmarks",
    dependencies: [
        .package(name: "routerd", path: ".."),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.16.2"),
    ],
    targets: [
        .executableTarget(
            name: "json-benchmark",
            dependencies: [.product(name: "RouterCore", package: "routerd")],
            path: "JSON",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .treatAllWarnings(as: .error),
            ]),
        .executableTarget(
            name: "chat-benchmark",
            dependencies: [
                .product(name: "RouterCore", package: "routerd"),
                .product(name: "RouterProviders", package: "routerd"),
            ],
            path: "Chat",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .treatAllWarnings(as: .error),
            ]),
        .executableTarget(
            name: "routing-benchmark",
            dependencies: [.product(name: "RouterCore", package: "routerd")],
            path: "Routing",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .treatAllWarnings(as: .error),
            ]),
        .executableTarget(
            name: "ledger-benchmark",
            dependencies: [
                .product(name: "RouterCore", package: "routerd"),
                .product(name: "RouterHTTP", package: "routerd"),
                .product(name: "RouterProviders", package: "routerd"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "RouterStore", package: "routerd"),
            ],
            path: "Ledger",
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .treatAllWarnings(as: .error),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
