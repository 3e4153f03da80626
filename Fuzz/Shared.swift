import HTTPTypes
import SwirlHTTPCore

/// A fuzz input: one byte that selects a variant, one that selects the splits, and then the bytes of a peer.
struct FuzzInput {
  let variant: UInt8
  let cut: UInt8
  let bytes: [UInt8]

  init?(_ start: UnsafePointer<UInt8>, _ count: Int) {
    guard count >= 2 else { return nil }
    variant = start[0]
    cut = start[1]
    bytes = Array(UnsafeBufferPointer(start: start + 2, count: count - 2))
  }

  /// Every second variant reaches the limits.
  var limits: HTTPLimits {
    var limits = HTTPLimits()
    if variant & 1 == 1 {
      limits.headBytes = 60
      limits.requestLineBytes = 30
      limits.fieldCount = 3
      limits.bodyBytes = 20
      limits.chunkLineBytes = 12
      limits.chunkExtensionBytes = 16
      limits.trailerBytes = 24
      limits.informationalResponses = 1
    }
    return limits
  }

  /// The same bytes split in four ways, the first of them whole.
  var cuttings: [[[UInt8]]] {
    let half = Int(cut) % (bytes.count + 1)
    let step = Int(cut % 13) + 2
    return [
      [bytes],
      bytes.map { [$0] },
      [Array(bytes[..<half]), Array(bytes[half...])],
      stride(from: 0, to: bytes.count, by: step).map { Array(bytes[$0..<min($0 + step, bytes.count)]) },
    ]
  }
}

extension HTTPLimits {
  /// Practically no limits.
  static var most: HTTPLimits {
    var limits = HTTPLimits()
    limits.headBytes = .max
    limits.fieldCount = .max
    return limits
  }
}

/// One event; adjacent content is merged.
enum Seen: Equatable {
  case head(String)
  case data([UInt8])
  case end([String])
  case rest([UInt8])
  case error(HTTPWireError)
}

extension [Seen] {
  mutating func addData(_ bytes: ArraySlice<UInt8>) {
    if case .data(let before)? = last {
      self[count - 1] = .data(before + bytes)
    } else {
      append(.data(Array<UInt8>(bytes)))
    }
  }
}

/// The fields in a comparable form, without those that a serializer adds.
func comparable(_ fields: HTTPFields?) -> [String] {
  payload(fields ?? [:]).map { field in
    "\(field.name.rawName): \(field.withUnsafeBytesOfValue { Array($0) })"
  }
}

func payload(_ fields: HTTPFields) -> HTTPFields {
  var kept = HTTPFields()
  for field in fields
  where !["host", "content-length", "transfer-encoding", "connection"].contains(field.name.canonicalName) {
    kept.append(field)
  }
  return kept
}

func check(_ condition: Bool, _ message: @autoclosure () -> String) {
  if !condition { fatalError(message()) }
}
