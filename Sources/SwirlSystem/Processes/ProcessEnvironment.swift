import CSwirlSystem

/// The environment variables that a child process gets.
///
/// ```swift
/// environment: .inherit                      // this process's
/// environment: .inherit(with: ["LANG": "C"]) // these as well, or instead
/// environment: ["PATH": "/usr/bin"]          // these and no others
/// ```
public struct ProcessEnvironment: Sendable, ExpressibleByDictionaryLiteral {
  /// Nil for what this process has, as it stands when the child is started.
  let variables: [String: String]?
  let changes: [String: String?]

  private init(_ variables: [String: String]?, _ changes: [String: String?] = [:]) {
    self.variables = variables
    self.changes = changes
  }

  /// That of this process, as it is when the child is started.
  public static let inherit = ProcessEnvironment(nil)

  /// That of this process, with these variables added or changed; nil takes one away.
  public static func inherit(with changes: [String: String?]) -> ProcessEnvironment { .init(nil, changes) }

  /// These variables and no others.
  public static func only(_ variables: [String: String]) -> ProcessEnvironment { .init(variables) }

  /// These variables and no others.
  public init(dictionaryLiteral elements: (String, String)...) {
    self.init(Dictionary(elements) { _, last in last })
  }

  /// `NAME=value`, one a variable.
  var entries: [String] {
    guard let variables else {
      return Self.ofThisProcess.filter { changes[String($0.prefix { $0 != "=" })] == nil }
        + changes.compactMap { name, value in value.map { "\(name)=\($0)" } }
    }
    return variables.map { "\($0)=\($1)" }
  }

  static var ofThisProcess: [String] {
    var entries: [String] = []
    var next = swirl_environment()
    // The list ends with a null pointer.
    while let entry = next.pointee {
      entries.append(String(cString: entry))
      next += 1
    }
    return entries
  }
}

extension ProcessEnvironment {
  /// This with one more.
  func adding(_ name: String, _ value: String) -> ProcessEnvironment {
    var (variables, changes) = (variables, changes)
    if variables == nil { changes[name] = value } else { variables?[name] = value }
    return ProcessEnvironment(variables, changes)
  }
}
