// swift-tools-version: 6.2
import PackageDescription

/// What every target is built with: the Swift 6 language mode (complete concurrency checking), and any warning is an
/// error.
let checked: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// Targets that are pure Swift are strictly memory safe too: no input can make them read out of bounds.
let memorySafe: [SwiftSetting] = checked + [.strictMemorySafety()]

/// Programs that each show one thing: `swift run FiveAtOnce`.
let samples = [
  "ActorOnReactor", "AsCompleted", "AsyncFetch", "AsyncMain", "CallbacksOnTasks", "CallLater", "CancelGroup",
  "ChatRooms", "ChatServer", "CronJobs", "DelayServer", "Discover", "FileDescriptors", "FileServer", "FiveAtOnce",
  "Gather", "GracefulRestart", "HelloCores", "Lookup", "MapWithErrors", "MixedStyles", "Notes", "PoolOfSeven",
  "PostgresListen",
  "ProcessPoolFetch", "QueueCrawler", "RawHTTP", "Redis", "ReverseProxy", "SaveJSON", "ServerSentEvents", "Site",
  "Statsd", "StoreCrawler", "SubprocessOutput", "Supervisor", "ThreadPool", "ThreadPoolFetch", "TornadoStyle",
  "TwistedStyle", "VirtualTimeTest", "WebSocketEcho",
]

/// Programs to use, and to read: `swift run Fetch --help`.
let programs = ["Crawler", "Downloader", "Fetch"]

/// The modules of `import SwirlCore`: the reactor, streams and processes. They need neither OpenSSL, nor the public
/// suffix list, nor decoders of content, nor Foundation: `Scripts/check-core` builds a program without these libraries.
let core = ["SwirlCore", "SwirlDeferred", "SwirlReactor", "SwirlCoordination", "SwirlNet", "SwirlSystem"]

/// The modules of `import Swirl`. A user of the library depends on each of them: a build system that looks at
/// the umbrella alone sees no change in it when a module below changes, and would not compile its user again.
let modules = [
  "Swirl", "SwirlDeferred", "SwirlReactor", "SwirlCoordination", "SwirlNet", "SwirlTLS", "SwirlEndpoints",
  "SwirlSystem", "SwirlProcessPool", "SwirlHTTPCore", "SwirlHTTPClient", "SwirlHTTPServer", "SwirlReverseProxy",
  "SwirlWebSocket", "SwirlContent",
]

/// The modules that have tests.
let tested = [
  "SwirlDeferred", "SwirlReactor", "SwirlCoordination", "SwirlNet", "SwirlTLS", "SwirlSystem", "SwirlHTTPCore",
  "SwirlContent", "SwirlEndpoints", "SwirlHTTP", "SwirlHTTP2", "SwirlReverseProxy", "SwirlWebSocket", "SwirlTesting",
  "SwirlHTML", "SwirlDNS",
]

let package = Package(
  name: "swirl",
  platforms: [.macOS("26.0")],
  products: [
    .library(name: "Swirl", targets: modules),
    .library(name: "SwirlCore", targets: core),
    .library(name: "SwirlProcessPool", targets: ["SwirlProcessPool"]),
    .library(name: "SwirlTesting", targets: ["SwirlTesting"] + modules),
    .library(name: "SwirlHTTPCore", targets: ["SwirlHTTPCore"]),
    .library(name: "SwirlHTML", targets: ["SwirlHTML"]),
    .library(name: "SwirlDNS", targets: ["SwirlDNS"]),
  ],
  traits: [
    .default(enabledTraits: ["HTTP2"]),
    .trait(name: "HTTP2", description: "HTTP/2 in client and server, on libnghttp2."),
    .trait(name: "ServiceLifecycle", description: "A reactor as a service of swift-service-lifecycle: ReactorService."),
    .trait(name: "Metrics", description: "Requests measured with swift-metrics: HTTPClient.metrics."),
    .trait(name: "Tracing", description: "Requests traced with swift-distributed-tracing: HTTPClient.tracing."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    // Of the programs among the samples only: who uses the library does not build it.
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
  ],
  targets: [
    .systemLibrary(
      name: "CLibevent", pkgConfig: "libevent_core",
      providers: [.apt(["libevent-dev"]), .brew(["libevent"])]),
    .systemLibrary(name: "CSwirlSystem"),
    .systemLibrary(
      name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
    .systemLibrary(name: "CIDN2", pkgConfig: "libidn2", providers: [.apt(["libidn2-dev"]), .brew(["libidn2"])]),
    .systemLibrary(name: "CPSL", pkgConfig: "libpsl", providers: [.apt(["libpsl-dev"]), .brew(["libpsl"])]),
    .systemLibrary(name: "CSwirlZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CSwirlBrotli", pkgConfig: "libbrotlidec", providers: [.apt(["libbrotli-dev"]), .brew(["brotli"])]),
    .systemLibrary(
      name: "CSwirlZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
    .systemLibrary(
      name: "CNGHTTP2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"]), .brew(["nghttp2"])]),
    // Of the samples Crawler and PostgresListen.
    .systemLibrary(name: "CPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"]), .brew(["libpq"])]),
    .target(name: "SwirlPlatform", swiftSettings: memorySafe),
    .target(name: "SwirlDeferred", dependencies: ["SwirlPlatform"], swiftSettings: memorySafe),
    .target(
      name: "SwirlReactor",
      dependencies: [
        "CLibevent", "CSwirlSystem", "SwirlCoordination", "SwirlDeferred", "SwirlPlatform",
        .product(name: "Logging", package: "swift-log"),
        .product(
          name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["ServiceLifecycle"])),
      ],
      swiftSettings: checked),
    .target(name: "SwirlCoordination", dependencies: ["SwirlDeferred"], swiftSettings: memorySafe),
    .target(
      name: "SwirlNet", dependencies: ["SwirlReactor", "SwirlDeferred", "SwirlPlatform", "CSwirlSystem"],
      swiftSettings: checked),
    .target(
      name: "SwirlTLS", dependencies: ["SwirlNet", "SwirlReactor", "SwirlDeferred", "SwirlPlatform", "COpenSSL"],
      swiftSettings: checked),
    .target(
      name: "SwirlEndpoints", dependencies: ["SwirlDeferred", "SwirlReactor", "SwirlNet", "SwirlTLS"],
      swiftSettings: memorySafe),
    .target(
      name: "SwirlDNS", dependencies: ["SwirlDeferred", "SwirlReactor", "SwirlNet", "SwirlPlatform"],
      swiftSettings: memorySafe),
    .target(
      name: "SwirlSystem",
      dependencies: [
        "SwirlReactor", "SwirlDeferred", "SwirlCoordination", "SwirlNet", "SwirlPlatform", "CSwirlSystem",
      ],
      swiftSettings: checked),
    // Apart from the core: its messages are JSON, and a static program with a coder of JSON is 12 MB larger.
    .target(
      name: "SwirlProcessPool",
      dependencies: ["SwirlDeferred", "SwirlReactor", "SwirlCoordination", "SwirlNet", "SwirlSystem", "SwirlPlatform"],
      swiftSettings: checked),
    .target(name: "SwirlCore", dependencies: core.dropFirst().map { .target(name: $0) }, swiftSettings: checked),
    .target(
      name: "SwirlHTTPCore",
      dependencies: ["CIDN2", "CPSL", "SwirlPlatform", .product(name: "HTTPTypes", package: "swift-http-types")],
      swiftSettings: memorySafe),
    .target(
      name: "SwirlContent", dependencies: ["CSwirlZlib", "CSwirlBrotli", "CSwirlZstd", "SwirlPlatform"],
      swiftSettings: memorySafe),
    .target(
      name: "SwirlHTTP2",
      dependencies: [
        .target(name: "CNGHTTP2", condition: .when(traits: ["HTTP2"])),
        "SwirlHTTPCore", "SwirlNet", "SwirlReactor", .product(name: "HTTPTypes", package: "swift-http-types"),
      ],
      swiftSettings: checked),
    .target(
      name: "SwirlWebSocket",
      dependencies: [
        "CSwirlZlib", "SwirlDeferred", "SwirlReactor", "SwirlNet", "SwirlHTTPCore", "SwirlPlatform",
        .product(name: "HTTPTypes", package: "swift-http-types"),
      ],
      swiftSettings: memorySafe),
    .target(
      name: "SwirlHTTPClient",
      dependencies: [
        "COpenSSL", "SwirlContent", "SwirlDeferred", "SwirlReactor", "SwirlCoordination", "SwirlNet", "SwirlTLS",
        "SwirlSystem", "SwirlHTTPCore", "SwirlWebSocket", "SwirlPlatform",
        .target(name: "SwirlHTTP2", condition: .when(traits: ["HTTP2"])),
        .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
        .product(name: "CoreMetrics", package: "swift-metrics", condition: .when(traits: ["Metrics"])),
        .product(name: "Tracing", package: "swift-distributed-tracing", condition: .when(traits: ["Tracing"])),
      ],
      swiftSettings: checked),
    .target(
      name: "SwirlHTTPServer",
      dependencies: [
        "SwirlContent", "SwirlCoordination", "SwirlDeferred", "SwirlReactor", "SwirlNet", "SwirlTLS",
        "SwirlEndpoints", "SwirlSystem", "SwirlHTTPCore", "SwirlWebSocket",
        .target(name: "SwirlHTTP2", condition: .when(traits: ["HTTP2"])),
        .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: checked),
    .target(
      name: "SwirlReverseProxy",
      dependencies: [
        "SwirlDeferred", "SwirlReactor", "SwirlNet", "SwirlHTTPCore", "SwirlHTTPClient", "SwirlHTTPServer",
        "SwirlWebSocket", "SwirlPlatform",
        .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: memorySafe),
    .target(
      name: "Swirl",
      dependencies: [
        "SwirlDeferred", "SwirlReactor", "SwirlCoordination", "SwirlNet", "SwirlTLS", "SwirlEndpoints", "SwirlSystem",
        "SwirlProcessPool", "SwirlHTTPClient", "SwirlHTTPServer", "SwirlReverseProxy", "SwirlWebSocket",
      ],
      swiftSettings: checked),
    .target(
      name: "SwirlHTML",
      dependencies: ["SwirlContent", "SwirlHTTPCore", .product(name: "HTTPTypes", package: "swift-http-types")],
      swiftSettings: memorySafe),
    .target(
      name: "SwirlTesting", dependencies: modules.map { .target(name: $0) } + ["COpenSSL", "SwirlPlatform"],
      swiftSettings: checked),
    // What the programs among the samples write to a terminal.
    .target(
      name: "Terminal", dependencies: modules.map { .target(name: $0) }, path: "Samples/Terminal",
      swiftSettings: [.treatAllWarnings(as: .error)]),
    // Programs that tests run: the main thread of a test process is not free to run a reactor.
    .executableTarget(
      name: "ReactorProbe", dependencies: ["SwirlReactor", "SwirlDeferred", "SwirlPlatform"],
      path: "Tests/ReactorProbe",
      swiftSettings: checked),
    .executableTarget(
      name: "AsyncProbe", dependencies: modules.map { .target(name: $0) } + ["SwirlPlatform"], path: "Tests/AsyncProbe",
      swiftSettings: [.treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "NaturalPrograms", dependencies: modules.map { .target(name: $0) } + ["SwirlTesting"],
      path: "Tests/NaturalPrograms",
      swiftSettings: [.treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "InteropProbe", dependencies: modules.map { .target(name: $0) } + ["SwirlDNS"], path: "Tests/InteropProbe",
      swiftSettings: [.treatAllWarnings(as: .error)]),
    .executableTarget(
      name: "PoolProbe", dependencies: modules.map { .target(name: $0) } + ["SwirlPlatform"], path: "Tests/PoolProbe",
      swiftSettings: checked),
  ],
  swiftLanguageModes: [.v6]
)

for name in samples + programs {
  // As a newcomer's program is built: with the defaults of the language mode.
  var dependencies = modules.map { Target.Dependency.target(name: $0) }
  if programs.contains(name) { dependencies.append("Terminal") }
  let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
  switch name {
  case "Downloader": dependencies += [arguments, "COpenSSL"]  // for SHA-256
  case "Crawler": dependencies += [arguments, "SwirlHTML", "CPQ", .product(name: "GRDB", package: "GRDB.swift")]
  case "Notes": dependencies += ["COpenSSL", .product(name: "GRDB", package: "GRDB.swift")]  // for scrypt
  case "PostgresListen": dependencies.append("CPQ")
  case "QueueCrawler", "StoreCrawler": dependencies.append("SwirlHTML")
  case "Lookup": dependencies.append("SwirlDNS")
  case "VirtualTimeTest": dependencies.append("SwirlTesting")
  default: break
  }
  package.targets.append(
    .executableTarget(
      name: name, dependencies: dependencies, path: "Samples/\(name)",
      resources: name == "ChatRooms" ? [.embedInCode("page.html")] : name == "Notes" ? [.copy("public")] : [],
      swiftSettings: [.treatAllWarnings(as: .error)]))
}

for module in tested {
  var dependencies = Set(modules + ["SwirlPlatform", "SwirlTesting"])
  if module == "SwirlReactor" { dependencies.formUnion(["ReactorProbe", "AsyncProbe"]) }
  if module == "SwirlSystem" { dependencies.insert("PoolProbe") }
  if ["SwirlHTTP", "SwirlHTTP2"].contains(module) { dependencies.insert("SwirlHTTP2") }
  if ["SwirlHTML", "SwirlDNS"].contains(module) { dependencies.insert(module) }
  if module == "SwirlContent" { dependencies.insert("CSwirlZlib") }
  package.targets.append(
    .testTarget(
      name: "\(module)Tests",
      dependencies: dependencies.sorted().map { .target(name: $0) } + [
        .product(name: "Logging", package: "swift-log"),
        .product(
          name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: .when(traits: ["ServiceLifecycle"])),
        .product(name: "MetricsTestKit", package: "swift-metrics", condition: .when(traits: ["Metrics"])),
        .product(
          name: "InMemoryTracing", package: "swift-distributed-tracing", condition: .when(traits: ["Tracing"])),
      ],
      exclude: module == "SwirlDeferred" ? ["Traces"] : [],
      swiftSettings: checked))
}
