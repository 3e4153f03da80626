import SwirlNet

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What the two sides of a worker's pipes say: JSON after its length.
enum WorkerMessages {
  static let framing = LengthFraming(maximumLength: 1 << 30)

  /// A call.
  struct Call<Input: Codable>: Codable {
    let function: String
    let input: Input
  }

  /// What a call begins with: the rest can be read when its type is known.
  struct CallName: Codable { let function: String }

  /// The answer: one of the two.
  struct Success<Output: Codable>: Codable { let output: Output }
  struct Failure: Codable {
    let code: ProcessPoolError.Code
    let reason: String
  }

  static func encode(_ message: some Encodable) throws -> [UInt8] { Array(try JSONEncoder().encode(message)) }

  static func decode<Message: Decodable>(_ type: Message.Type, _ bytes: [UInt8]) throws -> Message {
    try JSONDecoder().decode(type, from: Data(bytes))
  }

  /// An error of the decoder in few words.
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
