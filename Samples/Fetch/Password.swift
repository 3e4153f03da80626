import Foundation

/// Asks for the password that -u or -U leaves out.
enum Password {
  /// `user:password`. Blocks until it is typed.
  static func complete(_ user: String?, for whom: String) -> String? {
    // Without a terminal to ask at, it is empty.
    guard let user, !user.contains(":"), isatty(0) == 1 else { return user }
    guard let typed = getpass("Enter \(whom) password for user '\(user)': ") else { return user }
    return "\(user):\(String(cString: typed))"
  }
}
