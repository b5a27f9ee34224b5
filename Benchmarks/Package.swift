// swift-tools-version: 6.2
import PackageDescription

/// A package of its own, so that nothing of it is built or resolved by whoever only wants the router.
let package = Package(
    name: "routerd-benchmarks",
    dependencies: [
        .package(name: "routerd", path: "..")
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
    ],
    swiftLanguageModes: [.v6]
)
