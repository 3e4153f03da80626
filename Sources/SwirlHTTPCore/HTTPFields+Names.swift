public import HTTPTypes

extension HTTPFields {
  /// The value of the field with this name, as ``subscript(_:)`` of a `HTTPField.Name` has it: `headers["X-Token"]`.
  ///
  /// nil for a text that is no name (RFC 9110 §5.1). To set such a field is a mistake of the program, and traps.
  public subscript(name: String) -> String? {
    get { HTTPField.Name(name).flatMap { self[$0] } }
    set { self[HTTPField.Name(checked: name)] = newValue }
  }

  /// Fields from names and values as text, in this order: `HTTPFields(["X-Token": token])`. A name may come twice.
  ///
  /// A text that is no name (RFC 9110 §5.1) is a mistake of the program, and traps.
  public init(_ fields: KeyValuePairs<String, String>) {
    self.init()
    for (name, value) in fields { append(HTTPField(name: HTTPField.Name(checked: name), value: value)) }
  }
}

extension HTTPField.Name {
  fileprivate init(checked name: String) {
    guard let checked = Self(name) else {
      fatalError(
        "\(name.debugDescription) is no name of a field: it has letters, digits and !#$%&'*+-.^_`|~ only (RFC 9110 §5.1)"
      )
    }
    self = checked
  }
}
