import SwirlNet

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The messages between pool and worker: a length, then JSON.
enum WorkerMessages {
  static let framing = LengthFraming(maximumLength: 1 << 30)

  /// A call.
  struct Call<Input: Codable>: Codable {
    let function: String
    let input: Input
  }

  /// The first part of a call. The rest can be decoded once its type is known.
  struct CallName: Codable { let function: String }

  /// The answer is one of these two.
  struct Success<Output: Codable>: Codable { let output: Output }
  struct Failure: Codable {
    let code: ProcessPoolError.Code
    let reason: String
  }

  static func encode(_ message: some Encodable) throws -> [UInt8] { Array(try JSONEncoder().encode(message)) }

  static func decode<Message: Decodable>(_ type: Message.Type, _ bytes: [UInt8]) throws -> Message {
    try JSONDecoder().decode(type, from: Data(bytes))
  }

  /// A short text for a `DecodingError`.
  static func words(_ error: any Error) -> String {
    func place(_ context: DecodingError.Context) -> String {
      let path = context.codingPath.dropFirst().map(\.stringValue).joined(separator: ".")
      return (path.isEmpty ? "" : "\(path): ") + context.debugDescription
    }
    return switch error {
    case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context),
      DecodingError.keyNotFound(_, let context), DecodingError.dataCorrupted(let context):
      place(context)
    case EncodingError.invalidValue(_, let context): context.debugDescription
    default: "\(error)"
    }
  }
}
