package import HTTPTypes

/// Fields that are validated and encoded once, for many messages: a client's `User-Agent` and `Accept`, a server's
/// `Server` and, renewed each second, `Date`. Sending them is a memory copy.
package struct EncodedFields: Sendable, Hashable {
  let bytes: [UInt8]

  /// No fields.
  package init() {
    bytes = []
  }

  /// - Throws: `invalidOutput` for a name or value that can't be sent, and for Host, Content-Length and
  ///   Transfer-Encoding, which differ from message to message.
  package init(_ fields: HTTPFields) throws(HTTPWireError) {
    var bytes: [UInt8] = []
    for field in fields {
      guard FramingField(field.name) == nil else {
        throw HTTPWireError(.invalidOutput, "\(field.name) belongs to one message: it can't be encoded for many")
      }
      try bytes.append(field)
    }
    self.bytes = bytes
  }
}

/// The fields that this module writes itself.
enum FramingField {
  case host
  case contentLength
  case transferEncoding

  init?(_ name: HTTPField.Name) {
    // Switch on the length first: it excludes most names.
    switch name.canonicalName.utf8.count {
    case 4 where name.canonicalName == "host": self = .host
    case 14 where name.canonicalName == "content-length": self = .contentLength
    case 17 where name.canonicalName == "transfer-encoding": self = .transferEncoding
    default: return nil
    }
  }
}
