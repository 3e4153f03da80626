/// The parameters of RFC 7692 §7.1.
extension WebSocketDeflate {
  /// What a client sends as Sec-WebSocket-Extensions.
  package var offer: String {
    var offer = Self.name
    if !peerTakesContextOver { offer += "; \(Parameters.serverNoContextTakeover)" }
    if !takesContextOver { offer += "; \(Parameters.clientNoContextTakeover)" }
    if peerWindowBits < 15 { offer += "; \(Parameters.serverMaxWindowBits)=\(peerWindowBits)" }
    // Without a value: the server may ask for any window.
    return offer + "; \(Parameters.clientMaxWindowBits)"
  }

  /// A server's choice among what a client offers: the first that it can use, and the field that says so. Nil
  /// without such an offer, for a connection without compression.
  ///
  /// - Parameter offers: Sec-WebSocket-Extensions of the client.
  package func accept(_ offers: String) -> (agreed: Agreed, answer: String)? {
    for offer in WebSocketExtension.list(offers) ?? [] where offer.name == Self.name {
      // An offer with a parameter that is unknown, wrong or there twice is declined (RFC 7692 §7.1).
      guard let offered = Parameters(offer.parameters, isOffer: true) else { continue }
      var agreed = Agreed()
      agreed.level = level
      agreed.serverNoContextTakeover = offered.serverNoContextTakeover || !takesContextOver
      agreed.clientNoContextTakeover = offered.clientNoContextTakeover || !peerTakesContextOver
      agreed.serverWindowBits = min(windowBits, offered.serverMaxWindowBits ?? 15)
      // Only a client that says that it can limits its window.
      if let bits = offered.clientMaxWindowBits { agreed.clientWindowBits = min(peerWindowBits, bits ?? 15) }

      var answer = Self.name
      if agreed.serverNoContextTakeover { answer += "; \(Parameters.serverNoContextTakeover)" }
      if agreed.clientNoContextTakeover { answer += "; \(Parameters.clientNoContextTakeover)" }
      if agreed.serverWindowBits < 15 || offered.serverMaxWindowBits != nil {
        answer += "; \(Parameters.serverMaxWindowBits)=\(agreed.serverWindowBits)"
      }
      if agreed.clientWindowBits < 15 { answer += "; \(Parameters.clientMaxWindowBits)=\(agreed.clientWindowBits)" }
      return (agreed, answer)
    }
    return nil
  }

  /// What a client has agreed to by the answer to its offer; nil if the answer breaks the rules, for which the
  /// connection fails.
  ///
  /// - Parameter answer: the parameters of permessage-deflate in the answer of the server.
  func confirm(_ answer: [WebSocketExtension.Parameter]) -> Agreed? {
    guard let answered = Parameters(answer, isOffer: false) else { return nil }
    // What was asked of the server it has to do.
    guard peerTakesContextOver || answered.serverNoContextTakeover,
      peerWindowBits == 15 || answered.serverMaxWindowBits.map({ $0 <= peerWindowBits }) == true
    else { return nil }
    var agreed = Agreed()
    agreed.level = level
    agreed.serverNoContextTakeover = answered.serverNoContextTakeover
    agreed.clientNoContextTakeover = answered.clientNoContextTakeover || !takesContextOver
    agreed.serverWindowBits = answered.serverMaxWindowBits ?? 15
    agreed.clientWindowBits = min(windowBits, (answered.clientMaxWindowBits ?? 15) ?? 15)
    return agreed
  }
}

/// The parameters of an offer or an answer.
private struct Parameters {
  static let serverNoContextTakeover = "server_no_context_takeover"
  static let clientNoContextTakeover = "client_no_context_takeover"
  static let serverMaxWindowBits = "server_max_window_bits"
  static let clientMaxWindowBits = "client_max_window_bits"

  var serverNoContextTakeover = false
  var clientNoContextTakeover = false
  var serverMaxWindowBits: Int?
  /// The inner nil: without a value, which only an offer may have.
  var clientMaxWindowBits: Int??

  /// Nil with a parameter that is unknown, there twice, or of a wrong value.
  init?(_ parameters: [WebSocketExtension.Parameter], isOffer: Bool) {
    guard Set(parameters.map(\.name)).count == parameters.count else { return nil }
    for parameter in parameters {
      let bits = parameter.value.flatMap(Self.windowBits)
      switch parameter.name {
      case Self.serverNoContextTakeover where parameter.value == nil: serverNoContextTakeover = true
      case Self.clientNoContextTakeover where parameter.value == nil: clientNoContextTakeover = true
      case Self.serverMaxWindowBits where bits != nil: serverMaxWindowBits = bits
      case Self.clientMaxWindowBits where bits != nil || (isOffer && parameter.value == nil):
        clientMaxWindowBits = .some(bits)
      default: return nil
      }
    }
  }

  /// 8 to 15, without leading zeros.
  private static func windowBits(_ value: String) -> Int? {
    (8...15).first { "\($0)" == value }
  }
}
