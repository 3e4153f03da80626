import CSwirlSystem
import SwirlPlatform

/// The environment variables that a child process gets.
///
/// ```swift
/// environment: .inherit                      // this process's
/// environment: .inherit(with: ["LANG": "C"]) // these as well, or instead
/// environment: ["PATH": "/usr/bin"]          // these and no others
/// ```
public struct ProcessEnvironment: Sendable, ExpressibleByDictionaryLiteral {
  /// Nil for the environment of this process at the moment the child starts.
  let variables: [String: String]?
  let changes: [String: String?]
  /// The variables that ``setting(_:to:)`` added.
  private var settings: [(name: [UInt8], value: [UInt8])] = []

  private init(_ variables: [String: String]?, _ changes: [String: String?] = [:]) {
    self.variables = variables
    self.changes = changes
  }

  /// The environment of this process at the moment the child starts.
  public static let inherit = ProcessEnvironment(nil)

  /// The environment of this process with these variables added or changed; nil removes one.
  public static func inherit(with changes: [String: String?]) -> ProcessEnvironment { .init(nil, changes) }

  /// These variables and no others.
  public static func only(_ variables: [String: String]) -> ProcessEnvironment { .init(variables) }

  /// These variables and no others.
  public init(dictionaryLiteral elements: (String, String)...) {
    self.init(Dictionary(elements) { _, last in last })
  }

  /// A copy with one variable added or changed. Its name or value may be bytes that are not UTF-8.
  public func setting(_ name: some SystemBytes, to value: some SystemBytes) -> ProcessEnvironment {
    var environment = self
    environment.settings.removeAll { $0.name == name.systemBytes }
    environment.settings.append((name.systemBytes, value.systemBytes))
    return environment
  }

  /// `NAME=value` for each variable. Bytes, because the environment of this process may not be UTF-8 and passes
  /// unchanged.
  var entries: [[UInt8]] {
    let isSet = Set(settings.map(\.name))
    return inheritedOrGiven.filter { !isSet.contains(Self.name(of: $0)) }
      + settings.map { $0.name + [Self.equals] + $0.value }
  }

  private var inheritedOrGiven: [[UInt8]] {
    guard let variables else {
      let changed = Set(changes.keys.map { Array($0.utf8) })
      let kept = Self.ofThisProcess.filter { !changed.contains(Self.name(of: $0)) }
      return kept + changes.compactMap { name, value in value.map { Array("\(name)=\($0)".utf8) } }
    }
    return variables.map { Array("\($0)=\($1)".utf8) }
  }

  private static let equals = UInt8(ascii: "=")
  private static func name(of entry: [UInt8]) -> [UInt8] { Array(entry.prefix { $0 != equals }) }

  /// A name that would be misread in the child's environment block, such as an empty one.
  var wrongName: String? {
    let names = (variables.map { Array($0.keys) } ?? Array(changes.keys)).map { Array($0.utf8) } + settings.map(\.name)
    return names.first { $0.isEmpty || $0.contains(Self.equals) }.map { String(decoding: $0, as: UTF8.self) }
  }

  private static var ofThisProcess: [[UInt8]] {
    var entries: [[UInt8]] = []
    var next = swirl_environment()
    // The list ends with a null pointer, and each string with a zero byte.
    while let entry = next.pointee {
      entries.append(Array(UnsafeRawBufferPointer(start: entry, count: strlen(entry))))
      next += 1
    }
    return entries
  }
}
