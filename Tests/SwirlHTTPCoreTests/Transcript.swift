import HTTPTypes
import SwirlHTTPCore
import Testing

/// A parser's events for some bytes, one line each; adjacent content is merged.
typealias Transcript = [String]

/// Runs a vector whole, one byte at a time, split in two at every point, and with another message behind it, and
/// expects the same events each time.
func expectResponses(
  _ text: String, _ expected: Transcript, methods: [HTTPRequest.Method] = [], limits: HTTPLimits = HTTPLimits(),
  close: Bool = false, isLenient: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
) {
  let run = { (pieces: [[UInt8]]) in
    responseTranscript(pieces, methods: methods, limits: limits, close: close, isLenient: isLenient)
  }
  expectSame(text, expected, close: close, next: "HTTP/1.1 299 Next\r\nContent-Length: 0\r\n\r\n", run, sourceLocation)
  {
    $0 + ["head 299 contentLength(0)", "end"]
  }
}

/// The same for requests.
func expectRequests(
  _ text: String, _ expected: Transcript, limits: HTTPLimits = HTTPLimits(), close: Bool = false,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let run = { (pieces: [[UInt8]]) in requestTranscript(pieces, limits: limits, close: close) }
  expectSame(text, expected, close: close, next: "GET /next HTTP/1.1\r\nHost: n\r\n\r\n", run, sourceLocation) {
    $0 + ["head GET /next none", "end"]
  }
}

private func expectSame(
  _ text: String, _ expected: Transcript, close: Bool, next: String, _ run: ([[UInt8]]) -> Transcript,
  _ sourceLocation: SourceLocation, withNext: (Transcript) -> Transcript
) {
  let bytes = Array(text.utf8)
  #expect(run([bytes]) == expected, "whole", sourceLocation: sourceLocation)
  #expect(run(bytes.map { [$0] }) == expected, "one byte at a time", sourceLocation: sourceLocation)
  if bytes.count < 2_000 {
    for cut in bytes.indices {
      let pieces = [Array(bytes[..<cut]), Array(bytes[cut...])]
      #expect(run(pieces) == expected, "cut at \(cut)", sourceLocation: sourceLocation)
    }
  }
  // After a complete message comes the next one; after an error the rest is not read.
  let last = expected.last ?? ""
  if !close, last == "end" || last.hasPrefix("end ") {
    #expect(
      run([bytes + Array(next.utf8)]) == withNext(expected), "with the next behind it", sourceLocation: sourceLocation)
  } else if last.hasPrefix("error "), !last.contains("incomplete") {
    #expect(run([bytes + Array(next.utf8)]) == expected, "with the next behind it", sourceLocation: sourceLocation)
  }
}

func responseTranscript(
  _ pieces: [[UInt8]], methods: [HTTPRequest.Method] = [], limits: HTTPLimits = HTTPLimits(), close: Bool = false,
  isLenient: Bool = false
) -> Transcript {
  var parser = ResponseParser(limits: limits, isLenient: isLenient)
  var methods = methods[...]
  if let method = methods.popFirst() { parser.expect(method) }
  var transcript = Transcript()
  do throws(HTTPWireError) {
    for (index, piece) in pieces.enumerated() {
      var offset = 0
      read: while true {
        switch try parser.next(piece.span, at: &offset) {
        case .needMore:
          #expect(offset == piece.count, "needMore uses all input")
          break read
        case .informational(let head): transcript.append("informational \(head.statusCode)")
        case .head(let head): transcript.append("head \(head.statusCode) \(head.framing)")
        case .data(let range): transcript.appendData(piece[range])
        case .end(let trailers):
          transcript.appendEnd(trailers)
          if let method = methods.popFirst() { parser.expect(method) }
        case .upgraded(let head):
          transcript.append("upgraded \(head.statusCode)")
          let rest = piece[offset...] + pieces[(index + 1)...].joined()
          transcript.append("other protocol: " + String(decoding: rest, as: UTF8.self))
          return transcript
        }
      }
    }
    if close, case .end(let trailers) = try parser.endOfInput() { transcript.appendEnd(trailers) }
  } catch {
    transcript.append("error \(error.code) \(error.statusCode)")
  }
  return transcript
}

func requestTranscript(_ pieces: [[UInt8]], limits: HTTPLimits = HTTPLimits(), close: Bool = false) -> Transcript {
  var parser = RequestParser(limits: limits)
  var transcript = Transcript()
  do throws(HTTPWireError) {
    for piece in pieces {
      var offset = 0
      read: while true {
        switch try parser.next(piece.span, at: &offset) {
        case .needMore:
          #expect(offset == piece.count, "needMore uses all input")
          break read
        case .head(let head): transcript.append("head \(head.method) \(head.target) \(head.framing)")
        case .data(let range): transcript.appendData(piece[range])
        case .end(let trailers): transcript.appendEnd(trailers)
        }
      }
    }
    if close, case .end(let trailers) = try parser.endOfInput() { transcript.appendEnd(trailers) }
  } catch {
    transcript.append("error \(error.code) \(error.statusCode)")
  }
  return transcript
}

extension Transcript {
  fileprivate mutating func appendData(_ bytes: ArraySlice<UInt8>) {
    let text = String(decoding: bytes, as: UTF8.self)
    if let last, last.hasPrefix("data ") {
      self[count - 1] = last + text
    } else {
      append("data " + text)
    }
  }

  fileprivate mutating func appendEnd(_ trailers: HTTPFields?) {
    append((["end"] + (trailers ?? [:]).map { "\($0.name.rawName)=\($0.value)" }).joined(separator: " "))
  }
}
