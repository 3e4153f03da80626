import HTTPTypes
import SwirlHTTPCore

extension HTTPClient {
  /// The credentials of a request.
  public struct Authentication: Sendable, Hashable, CustomStringConvertible {
    enum Kind: Sendable, Hashable {
      case basic(user: String, password: String)
      case bearer(String)
      case digest(user: String, password: String)
    }
    let kind: Kind

    /// A name without a colon, and a password. Both are readable on the network, so use `https` (RFC 7617).
    public static func basic(_ user: String, _ password: String) -> Authentication {
      Authentication(kind: .basic(user: user, password: password))
    }

    /// A token (RFC 6750).
    public static func bearer(_ token: String) -> Authentication { Authentication(kind: .bearer(token)) }

    /// A name and a password that is never sent: if the server challenges the request, it is repeated with a proof (RFC
    /// 7616).
    public static func digest(_ user: String, _ password: String) -> Authentication {
      Authentication(kind: .digest(user: user, password: password))
    }

    /// Without its password or token, such as `basic, as Ada`.
    public var description: String {
      switch kind {
      case .basic(let user, _): "basic, as \(user)"
      case .bearer: "bearer"
      case .digest(let user, _): "digest, as \(user)"
      }
    }

    /// The name and password for a proof.
    var digest: (user: String, password: String)? {
      if case .digest(let user, let password) = kind { (user, password) } else { nil }
    }

    /// The value of the Authorization field of the first attempt, if any.
    var credentials: String? {
      switch kind {
      case .basic(let user, let password): "Basic " + Array("\(user):\(password)".utf8).base64
      case .bearer(let token): "Bearer \(token)"
      case .digest: nil
      }
    }

    /// Why it is invalid, in words.
    var problem: String? {
      switch kind {
      case .basic(let user, _) where user.contains(":"): "the user name has a colon, which ends it (RFC 7617)"
      case .bearer(let token) where token.isEmpty || !HTTPField.isValidValue(token):
        "the token is empty, or has a line break or NUL"
      case .digest(let user, _) where user.contains("\""): "the user name has a quotation mark"
      default: nil
      }
    }
  }
}
