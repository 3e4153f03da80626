import Foundation
import Swirl

/// A download failed.
enum Failure: Error, CustomStringConvertible {
  case usage(String)
  case checksum(String)
  case name(String)

  var description: String {
    switch self {
    case .usage(let words), .checksum(let words), .name(let words): words
    }
  }

  static func code(of error: any Error) -> Int32 {
    switch error {
    case Failure.usage: 2
    case Failure.checksum: 3
    case let error as HTTPError: error.fault == .caller ? 2 : error.status == nil ? 1 : 4
    default: 5
    }
  }
}
