import Foundation
import Swirl
import SwirlTesting
import Testing

/// Dates and keys of JSON, chosen for a server and for one call.
@Suite struct JSONCodingTests {
  private struct Event: Codable, Equatable {
    var startsAt: Date
  }

  private let event = Event(startsAt: Date(timeIntervalSince1970: 784_111_777))
  private let text = #"{"startsAt":"1994-11-06T08:49:37Z"}"#

  private var keyed: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.dateEncodingStrategy = .secondsSince1970
    return encoder
  }

  private func server(_ handler: @escaping (HTTPServer.Request) throws -> HTTPServer.Response) -> HTTPServer {
    let server = HTTPServer(handler)
    server.jsonEncoder.dateEncodingStrategy = .iso8601
    server.jsonDecoder.dateDecodingStrategy = .iso8601
    return server
  }

  @Test func `a server's coders are those of its requests`() {
    let server = server { request in
      let event: Event = try request.json()
      guard event == self.event else { throw HTTPServer.StatusError(.badRequest) }
      return try .json(event, for: request, status: .created)
    }
    let length = "Content-Length: \(text.utf8.count)\r\n"
    let answer = answer(server, "POST / HTTP/1.1\r\nHost: x\r\n\(length)\r\n\(text)")
    #expect(answer.statuses == [201] && answer.hasSuffix(text))
    #expect(answer.contains("Content-Type: application/json"))
  }

  @Test func `a call has its own coders, and a test's request those of the server`() throws {
    let server = server { request in
      switch request.path {
      case "/own": try .json(event, encoder: keyed)
      case "/plain": try .json(event)
      default: try .json(event, for: request)
      }
    }
    func text(_ path: String) throws -> String? {
      try successResult(of: server.respond(to: HTTPServer.Request(path), on: Reactor())).text
    }
    #expect(try text("/own") == #"{"starts_at":784111777}"#)
    #expect(try text("/plain") == #"{"startsAt":-194195423}"#)
    #expect(try text("/") == self.text)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    decoder.dateDecodingStrategy = .secondsSince1970
    let request = try HTTPServer.Request("/", body: Array(#"{"starts_at":784111777}"#.utf8))
    #expect(try request.json(as: Event.self, decoder: decoder) == event)
    #expect(throws: HTTPServer.StatusError.self) { try request.json(as: Event.self) }
  }
}
