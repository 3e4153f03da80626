import COpenSSL
import Foundation
import Swirl

/// The user that is logged in: an interceptor finds it in the session.
enum CurrentUser: HTTPServer.RequestKey { typealias Value = Int64 }

extension HTTPServer.Request {
  /// Whose notes a handler may touch.
  var user: Int64 { get throws { try self[CurrentUser.self] ?? { throw HTTPServer.StatusError(.unauthorized) }() } }
}

/// An interceptor for what needs a login, with the answer to a client that is not logged in.
func requireLogin(else refuse: @escaping () throws -> HTTPServer.Response) -> HTTPServer.Interceptor {
  { request, next in
    guard let user = try request.session["user", as: Int64.self] else { return .succeed(try refuse()) }
    var request = request
    request[CurrentUser.self] = user
    return next(request)
  }
}

/// The key that signs sessions: made at the first start, readable for this user alone.
func sessionKey(in folder: String) throws -> String {
  let path = "\(folder)/key"
  if let key = try? String(contentsOfFile: path, encoding: .utf8), key.utf8.count >= 64 { return key }
  let key = randomHex(32)
  guard FileManager.default.createFile(atPath: path, contents: Data(key.utf8), attributes: [.posixPermissions: 0o600])
  else { throw CocoaError(.fileWriteUnknown) }
  return key
}

/// Hashes of passwords: scrypt with the parameters that OWASP names for 32 MiB. A service of today would rather have
/// Argon2id, which OpenSSL has from 3.2 on.
enum Password {
  /// A hash takes 0.2 s and 32 MiB: on threads of its own, few, and with a bound on those that wait.
  private static let threads = ThreadPool(size: 2, maximumWaiting: 100, name: "passwords")

  @MainActor static func hash(_ password: String) async throws -> String {
    try await reactor.deferToThread(in: threads) { hash(password, salt: randomHex(16)) }.value
  }

  /// Whether it is the password of this hash; without a hash it takes the same time, and is false.
  @MainActor static func matches(_ password: String, _ hash: String?) async throws -> Bool {
    try await reactor.deferToThread(in: threads) {
      let salt = hash.map { String($0.prefix { $0 != ":" }) } ?? ""
      let other = Self.hash(password, salt: salt)
      guard let hash, hash.utf8.count == other.utf8.count else { return false }
      return CRYPTO_memcmp(hash, other, hash.utf8.count) == 0
    }.value
  }

  private static func hash(_ password: String, salt: String) -> String {
    var key = [UInt8](repeating: 0, count: 32)
    let done = EVP_PBE_scrypt(
      password, password.utf8.count, Array(salt.utf8), salt.utf8.count, 1 << 15, 8, 3, 64 << 20, &key, key.count)
    precondition(done == 1, "OpenSSL has no scrypt, or no memory")
    return "\(salt):\(hex(key))"
  }
}

func randomHex(_ count: Int) -> String { hex((0..<count).map { _ in UInt8.random(in: 0...255) }) }

func hex(_ bytes: [UInt8]) -> String {
  bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}
