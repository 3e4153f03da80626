// swift-tools-version: 6.2
import PackageDescription

// Apart from the package beside it, so that checking the gates resolves and builds none of the peers.

/// Another checkout than the one around this package, when an older commit is measured.
let source = Context.environment["SWIRL_SOURCE"] ?? "../.."

let package = Package(
  name: "swirl-gates",
  platforms: [.macOS("26.0")],
  dependencies: [.package(name: "swirl", path: source)],
  targets: [
    .executableTarget(name: "Operations", dependencies: [.product(name: "Swirl", package: "swirl")]),
    .executableTarget(name: "Awaits", dependencies: [.product(name: "Swirl", package: "swirl")]),
    .executableTarget(name: "Waiters", dependencies: [.product(name: "Swirl", package: "swirl")]),
    .executableTarget(name: "Exchanges", dependencies: [.product(name: "Swirl", package: "swirl")]),
    .executableTarget(name: "Peer"),
  ],
  swiftLanguageModes: [.v6]
)
