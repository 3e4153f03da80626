import HTTPTypes
import SwirlHTTPCore
import Testing

/// A field whose value the initializer did not sanitize.
func lenient(_ value: [UInt8]) -> HTTPFields {
  var fields = HTTPFields()
  fields.append(HTTPField(name: .userAgent, lenientValue: value))
  return fields
}

func serialized(_ body: (inout [UInt8]) throws -> Void) rethrows -> String {
  var output = Array("before|".utf8)
  try body(&output)
  return String(decoding: output.dropFirst(7), as: UTF8.self)
}

/// Expects an error with this code, and nothing appended.
func expectRefused(
  _ code: HTTPWireError.Code, sourceLocation: SourceLocation = #_sourceLocation, _ body: (inout [UInt8]) throws -> Void
) {
  var output = Array("before|".utf8)
  let error = #expect(throws: HTTPWireError.self, sourceLocation: sourceLocation) { try body(&output) }
  #expect(error?.code == code, "\(String(describing: error))", sourceLocation: sourceLocation)
  #expect(error?.status == 500, sourceLocation: sourceLocation)
  #expect(output == Array("before|".utf8), "nothing is written", sourceLocation: sourceLocation)
}
