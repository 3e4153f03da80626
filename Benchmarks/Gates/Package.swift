// swift-tools-version: 6.2
import PackageDescription

// A separate package, so that checking the gates neither resolves nor builds the peers.

/// SWIRL_SOURCE names another checkout, to measure an older commit.
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
    .executableTarget(name: "Multiplexing", dependencies: [.product(name: "Swirl", package: "swirl")]),
    .executableTarget(name: "Peer"),
  ],
  swiftLanguageModes: [.v6]
)
