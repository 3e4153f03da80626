import SwirlHTTPCore
import SwirlReactor

/// Reads a form from the body of a request, part by part. For one task.
final class FormReader {
  private var body: ReactorStream<[UInt8]>.AsyncIterator
  private var parser: MultipartParser
  /// The number of the part that is read.
  private var number = 0
  private var isInPart = false
  /// What made it end: it throws the same again.
  private var failure: (any Error)?

  init(_ body: ReactorStream<[UInt8]>, _ parser: MultipartParser) {
    self.body = body.makeAsyncIterator()
    self.parser = parser
  }

  /// Skips what is left of the part before.
  func nextPart(isolation: isolated (any Actor)?) async throws -> FormPart? {
    while true {
      switch try await nextEvent(isolation: isolation) {
      case .part(let head):
        number += 1
        isInPart = true
        return FormPart(head, number, of: self)
      case .finished: return nil
      case .content, .partEnded, .needMore: continue
      }
    }
  }

  /// The next piece of the part with this number; nil if it has ended.
  func nextPiece(of part: Int, isolation: isolated (any Actor)?) async throws -> [UInt8]? {
    guard part == number, isInPart else { return nil }
    if case .content(let bytes) = try await nextEvent(isolation: isolation) { return bytes }
    return nil
  }

  private func nextEvent(isolation: isolated (any Actor)?) async throws -> MultipartParser.Event {
    if let failure { throw failure }
    do {
      while true {
        let event = try parser.next()
        switch event {
        case .partEnded: isInPart = false
        case .needMore:
          guard let bytes = try await body.next(isolation: isolation) else { throw MultipartError.cut }
          parser.append(bytes)
          continue
        case .part, .content, .finished: break
        }
        return event
      }
    } catch let error as MultipartError {
      failure = HTTPServer.StatusError(error)
    } catch { failure = error }
    isInPart = false
    throw failure!
  }
}

extension HTTPServer.StatusError {
  init(_ error: MultipartError) { self.init(error.isLimit ? .contentTooLarge : .badRequest, "\(error)") }
}

extension HTTPServer {
  /// The boundary of a form that is a request's content.
  static func boundary(of contentType: String?) throws(StatusError) -> String {
    do { return try MultipartHead.boundary(of: contentType) } catch {
      throw StatusError(.unsupportedMediaType, "\(error)")
    }
  }
}
