// swift-tools-version: 6.2
import PackageDescription

/// What every target is built with: the Swift 6 language mode (complete concurrency checking), and any warning is an error.
let checked: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Targets that are pure Swift are strictly memory safe too: no input can make them read out of bounds.
let memorySafe: [SwiftSetting] = checked + [.strictMemorySafety()]

let package = Package(
  name: "swirl",
  platforms: [.macOS("26.0")],
  products: [
    .library(name: "Swirl", targets: ["Swirl"]),
    .library(name: "SwirlTesting", targets: ["SwirlTesting"]),
    .library(name: "SwirlHTTPWire", targets: ["SwirlHTTPWire"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
  ],
  targets: [
    .systemLibrary(
      name: "CLibevent", pkgConfig: "libevent_core",
      providers: [.apt(["libevent-dev"]), .brew(["libevent"])]),
    .systemLibrary(name: "CSystem"),
    .target(name: "SwirlDeferred", swiftSettings: memorySafe),
    .target(
      name: "SwirlReactor",
      dependencies: ["CLibevent", "CSystem", "SwirlDeferred", .product(name: "Logging", package: "swift-log")],
      swiftSettings: checked),
    .target(name: "SwirlNet", dependencies: ["SwirlReactor", "SwirlDeferred", "CSystem"], swiftSettings: checked),
    .target(
      name: "SwirlHTTPWire",
      dependencies: [.product(name: "HTTPTypes", package: "swift-http-types")],
      swiftSettings: memorySafe),
    .target(
      name: "SwirlHTTP",
      dependencies: [
        "SwirlDeferred", "SwirlReactor", "SwirlNet", "SwirlHTTPWire",
        .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: checked),
    .target(
      name: "Swirl", dependencies: ["SwirlDeferred", "SwirlReactor", "SwirlNet", "SwirlHTTP"], swiftSettings: checked),
    .target(name: "SwirlTesting", dependencies: ["Swirl"], swiftSettings: checked),
    .testTarget(name: "SwirlDeferredTests", dependencies: ["SwirlDeferred"], swiftSettings: checked),
    .testTarget(name: "SwirlReactorTests", dependencies: ["SwirlReactor", "SwirlTesting"], swiftSettings: checked),
    .testTarget(
      name: "SwirlNetTests", dependencies: ["SwirlNet", "SwirlReactor", "SwirlDeferred"], swiftSettings: checked),
    .testTarget(name: "SwirlHTTPTests", dependencies: ["Swirl", "SwirlHTTP"], swiftSettings: checked),
    .testTarget(name: "SwirlHTTPWireTests", dependencies: ["SwirlHTTPWire"], swiftSettings: checked),
  ],
  swiftLanguageModes: [.v6]
)
