import SwirlDeferred
import SwirlReactor

// What the answers of the servers mean for a question.

extension NameQuestion {
  /// A message with the id of a flight. What is no answer to its question is dropped, and its timer keeps running.
  func received(_ bytes: [UInt8], for flight: QueryFlight) {
    let message: DNSMessage
    do throws(MessageError) { message = try DNSMessage(bytes, asked: flight.name) } catch {
      if flight.isOverTCP { return answered(flight, .badAnswer, "the answer cannot be read: \(error)") }
      // It may be forged.
      return note(flight.server, .badAnswer, "the answer cannot be read: \(error)")
    }
    guard message.isResponse, message.opcode == 0 else { return }
    if let question = message.question {
      guard question.name == flight.name, question.typeNumber == typeNumber, question.classNumber == 1 else { return }
      if client.configuration.randomizesCase, !flight.isOverTCP, question.name.wire != flight.name.wire {
        // The server does not repeat the case, or the answer is forged: a connection cannot be.
        return askAgain(flight, isOverTCP: true)
      }
    } else if message.responseCode == .noError || message.responseCode == .noSuchName {
      return
    }
    flight.server.noteAnswer()
    if message.datagramSize != nil { flight.server.hasAnsweredEDNS = true }
    if message.isTruncated, !flight.isOverTCP { return askAgain(flight, isOverTCP: true) }
    received(message, for: flight)
  }

  private func received(_ message: DNSMessage, for flight: QueryFlight) {
    let code = message.responseCode
    switch code {
    case .noError, .noSuchName:
      if code == .noError, message.isReferral, !isRaw {
        return answered(flight, .serverFailure, "it only names other servers")
      }
      conclude(message, from: flight.server)
    case .formatError, .notImplemented, .badVersion:
      if flight.usesEDNS {
        flight.server.usesEDNS = false
        return askAgain(flight, isOverTCP: flight.isOverTCP)
      }
      if isRaw { return conclude(message, from: flight.server) }
      answered(flight, .serverFailure, "\(code)")
    case .refused: answered(flight, .refused, "\(code)")
    default: answered(flight, .serverFailure, "\(code)")
    }
  }

  private func conclude(_ message: DNSMessage, from server: NameServer) {
    endFlights()
    if isRaw { return finish(.success(.message(message))) }
    let conclusion = AnswerReader.read(message, for: name, typeNumber, behind: aliases)
    switch conclusion {
    case .found(let records, let aliases):
      finish(
        .success(
          .records(
            FoundRecords(
              records: records, aliases: aliases, isAuthenticated: message.isAuthenticated, now: client.reactor.now))))
    case .alias(let target, let aliases):
      // The server has not followed it to its end.
      name = target
      self.aliases = aliases
      begin()
    case .missing(let code, let keep):
      let error = Self.missing(code, key, server)
      if let keep {
        client.cache.insert(.failure(error), for: key, keep: .seconds(Int64(keep)), now: client.reactor.now)
      }
      finish(.failure(error))
    }
  }

  private static func missing(_ code: NameError.Code, _ key: Key, _ server: NameServer) -> NameError {
    let type = RecordNumber.name(of: key.typeNumber)
    let reason =
      switch code {
      case .noSuchName: "the name does not exist, says \(server.name): check the spelling"
      case .noData: "the name has no record of this type, says \(server.name)"
      default:
        "its aliases lead back to themselves, or are more than \(AnswerReader.maximumAliases), says \(server.name)"
      }
    return NameError(code, key.name, type, server: server.name, reason: reason)
  }
}
