// swift-tools-version: 6.2
import PackageDescription

// A separate package, so that users of Swirl never resolve the libraries it is compared with.

let swirl = Target.Dependency.product(name: "Swirl", package: "swirl")
let nio = [
  Target.Dependency.product(name: "NIOCore", package: "swift-nio"),
  Target.Dependency.product(name: "NIOPosix", package: "swift-nio"),
]

// What `readelf -d` says that HelloCore and HelloSwirl need: their floors are linked with it, and call nothing of it.
let librariesOfCore = [
  "event_core", "swift_Concurrency", "swift_StringProcessing", "swift_RegexParser", "swiftSynchronization",
  "swiftGlibc", "BlocksRuntime", "dispatch", "swiftDispatch", "m",
]
let librariesOfSwirl =
  librariesOfCore + [
    "zstd", "brotlidec", "brotlienc", "nghttp2", "ssl", "crypto", "psl", "idn2", "FoundationEssentials", "z",
  ]
func linked(with libraries: [String]) -> [LinkerSetting] {
  [.unsafeFlags(["-Xlinker", "--no-as-needed"])] + libraries.map { .linkedLibrary($0) }
}

let package = Package(
  name: "swirl-benchmarks",
  platforms: [.macOS("26.0")],
  dependencies: [
    .package(name: "swirl", path: ".."),
    .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.30.0"),
    .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
    .package(url: "https://github.com/swhitty/FlyingFox", exact: "0.27.1"),
  ],
  targets: [
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"]), .brew(["curl"])]),
    .systemLibrary(name: "CEpoll"),
    .target(name: "CurlLoad", dependencies: ["CCurl"]),
    .target(name: "Measure"),
    .executableTarget(
      name: "Clients",
      dependencies: [
        "Measure", "CurlLoad", swirl, .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ] + nio),
    .executableTarget(name: "Transfers", dependencies: ["Measure", swirl]),
    .executableTarget(
      name: "Servers",
      dependencies: [
        "Measure", swirl, .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdHTTP2", package: "hummingbird"), .product(name: "FlyingFox", package: "FlyingFox"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ] + nio),
    .executableTarget(name: "Chains", dependencies: ["Measure", swirl] + nio),
    .executableTarget(name: "ChainFloor", dependencies: ["LoadLoop"]),
    .executableTarget(name: "Timers", dependencies: ["Measure", swirl] + nio),
    .executableTarget(name: "Threads", dependencies: ["Measure", swirl] + nio),
    .executableTarget(name: "Hops", dependencies: ["Measure", swirl] + nio),
    .executableTarget(name: "EchoServers", dependencies: ["Measure", swirl] + nio),
    .executableTarget(name: "EchoLoad", dependencies: ["Measure"]),
    .executableTarget(name: "OpenLoad", dependencies: ["CEpoll", "Measure"]),
    .executableTarget(name: "Growth", dependencies: ["Measure", swirl]),
    .target(name: "DatagramLoop"),
    .executableTarget(name: "DatagramFloor", dependencies: ["DatagramLoop"]),
    .executableTarget(name: "DownloadFloor"),
    .target(name: "StreamLoop"),
    .executableTarget(name: "EchoFloor", dependencies: ["StreamLoop"]),
    .executableTarget(
      name: "WebSocketFloor", dependencies: ["StreamLoop"], linkerSettings: [.linkedLibrary("crypto")]),
    .target(name: "HopLoop"),
    .target(name: "LoadLoop"),
    .executableTarget(name: "ServerFloor", dependencies: ["HopLoop"]),
    .executableTarget(
      name: "ClientFloor", dependencies: ["HopLoop", "LoadLoop"],
      linkerSettings: [.linkedLibrary("ssl"), .linkedLibrary("crypto")]),
    .executableTarget(
      name: "HTTP2Floor", dependencies: ["LoadLoop"], linkerSettings: [.linkedLibrary("nghttp2")]),
    .systemLibrary(name: "CCAres", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"]), .brew(["c-ares"])]),
    .target(name: "CAresLoad", dependencies: ["CCAres"]),
    .executableTarget(
      name: "Names",
      dependencies: [
        "Measure", "CAresLoad", .product(name: "SwirlCore", package: "swirl"),
        .product(name: "SwirlDNS", package: "swirl"),
      ]),
    .executableTarget(name: "NameAnswers", dependencies: ["DatagramLoop"]),
    .executableTarget(name: "HelloSwirl", dependencies: [swirl]),
    .executableTarget(name: "HelloCore", dependencies: [.product(name: "SwirlCore", package: "swirl")]),
    .executableTarget(name: "HelloNIO", dependencies: nio),
    .executableTarget(name: "HelloFloor", linkerSettings: linked(with: librariesOfSwirl)),
    .executableTarget(name: "HelloCoreFloor", linkerSettings: linked(with: librariesOfCore)),
  ],
  swiftLanguageModes: [.v6]
)
