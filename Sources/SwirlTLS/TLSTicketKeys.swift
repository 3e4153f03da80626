import COpenSSL
import SwirlNet
import SwirlPlatform
import Synchronization

/// The keys that seal a server's session tickets (RFC 8446 §4.6.1, RFC 5077): a client that brings a ticket back is
/// known again, without certificates and their signatures.
///
/// The newest key seals; older ones still open what they have sealed. Several servers with the same keys resume each
/// other's sessions if they also serve the same hosts, and ask their clients for the same certificates.
///
/// It may be used on all threads. nginx: `ssl_session_ticket_key`; Go: `Config.SetSessionTicketKeys`.
public final class TLSTicketKeys: Sendable {
  /// The keys of this process, at random: a new one each twelve hours.
  public static let ofProcess = TLSTicketKeys()

  /// The length of a key in bytes: 16 are its name, 32 authenticate (HMAC with SHA-256), 32 encrypt (AES-256).
  public static let length = 80

  /// How many keys open tickets: the one that seals, and those before it.
  private static let kept = 3

  private struct State {
    /// The newest first; empty before the first use.
    var keys: [[UInt8]] = []
    var newestSince = ContinuousClock.now
  }
  private let state: Mutex<State>
  private let interval: Duration?

  /// Random keys: the first use makes one, and again the first use after each `interval`.
  ///
  /// A session that was recorded can be read as long as its key is known, therefore keys do not stay.
  public init(rotatedEvery interval: Duration = .seconds(12 * 3600)) {
    self.interval = interval
    state = Mutex(State())
  }

  /// Keys that several processes or machines share, the newest first.
  ///
  /// - Parameter keys: each of ``length`` bytes, as `openssl rand 80` makes them. They must be as secret as the key of
  ///   the certificate.
  /// - Throws: `NetError` with the code `.configureTLS` for another length, and without a key.
  public init(_ keys: [[UInt8]]) throws {
    try Self.check(keys)
    interval = nil
    state = Mutex(State(keys: keys))
  }

  /// Replaces all keys, the newest first: begin with the new one, then those until now.
  /// - Throws: `NetError` with the code `.configureTLS` for another length than ``length``, and without a key.
  public func replace(with keys: [[UInt8]]) throws {
    try Self.check(keys)
    state.withLock { $0 = State(keys: keys) }
  }

  /// Seals with a new random key from now on. The last two still open their tickets.
  public func rotate() {
    state.withLock { Self.rotate(&$0) }
  }

  private static func check(_ keys: [[UInt8]]) throws(NetError) {
    guard !keys.isEmpty, keys.allSatisfy({ $0.count == length }) else {
      throw NetError(
        .configureTLS, "session ticket keys",
        reason:
          "one or more keys of \(length) bytes are needed, not of \(keys.map(\.count)): see openssl rand \(length)")
    }
  }

  private static func rotate(_ state: inout State) {
    OpenSSL.isReady
    var key = [UInt8](repeating: 0, count: length)
    guard RAND_bytes(&key, Int32(length)) == 1 else { return OpenSSLError.clear() }
    state.keys.insert(key, at: 0)
    state.keys.removeLast(max(0, state.keys.count - kept))
    state.newestSince = .now
  }

  /// Sets the key of a ticket: OpenSSL's callback. To seal, `name` and `vector` are filled in; to open, they are the
  /// ticket's.
  /// - Returns: 1; 2 if the ticket was sealed by an older key, so that the client needs a new one; 0 if no key knows
  ///   it; -1 for an error.
  func use(
    _ name: UnsafeMutablePointer<UInt8>?, _ vector: UnsafeMutablePointer<UInt8>?, _ cipher: OpaquePointer?,
    _ code: OpaquePointer?, isSealing: Bool
  ) -> Int32 {
    guard let name, let vector else { return -1 }
    let found: (key: [UInt8], isNewest: Bool)? = state.withLock { state in
      if state.keys.isEmpty || interval.map({ state.newestSince.duration(to: .now) >= $0 }) == true {
        Self.rotate(&state)
      }
      let index =
        isSealing
        ? state.keys.indices.first
        : state.keys.firstIndex { CRYPTO_memcmp($0, name, Self.nameLength) == 0 }
      return index.map { (state.keys[$0], $0 == 0) }
    }
    guard let found else { return isSealing ? -1 : 0 }
    if isSealing {
      for index in 0..<Self.nameLength { name[index] = found.key[index] }
      guard RAND_bytes(vector, EVP_MAX_IV_LENGTH) == 1 else { return -1 }
    }
    guard swirl_set_ticket_key(cipher, code, found.key, vector, isSealing ? 1 : 0) == 1 else { return -1 }
    return found.isNewest ? 1 : 2
  }

  private static let nameLength = 16
}

extension TLSTicketKeys: Hashable {
  /// Two are equal if they are one object.
  public static func == (a: TLSTicketKeys, b: TLSTicketKeys) -> Bool { a === b }
  /// Consistent with `==`.
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
