import SwirlPlatform

/// The user that a child process becomes, with its groups. Only root may change them.
///
/// ```swift
/// try reactor.spawnProcess("id", user: ChildUser(named: "www-data"))
/// ```
///
/// The child sets the supplementary groups, the group and then the user, real, effective and saved, so that it cannot
/// return. The environment, `HOME` included, stays as it is given. Twisted: `uid`, `gid`.
public struct ChildUser: Sendable, Hashable {
  /// The user's number.
  public var user: UInt32
  /// The group's number.
  public var group: UInt32
  /// The supplementary groups; those of this process are dropped.
  public var groups: [UInt32]

  /// - Parameters:
  ///   - user: the user's number.
  ///   - group: the group's number.
  ///   - groups: the supplementary groups.
  public init(user: UInt32, group: UInt32, groups: [UInt32] = []) {
    self.user = user
    self.group = group
    self.groups = groups
  }

  /// A user of this system with its groups. Asks the system's databases of users, which may block.
  /// - Throws: ``ProcessError`` with the code `.cannotStart` if there is no such user.
  public init(named name: String) throws(ProcessError) {
    if name.utf8.contains(0) {
      throw ProcessError(.cannotStart, "look up the user", name.debugDescription, "the name has a zero byte in it")
    }
    var entry = passwd()
    var found: UnsafeMutablePointer<passwd>?
    var strings = [CChar](repeating: 0, count: 16 * 1024)
    let code = getpwnam_r(name, &entry, &strings, strings.count, &found)
    guard code == 0, found != nil else {
      throw ProcessError(
        .cannotStart, "look up the user", name.debugDescription, errno: code,
        code == 0 ? "there is no such user on this system" : nil)
    }
    var groups = [gid_t](repeating: 0, count: 1024)
    var count = Int32(groups.count)
    #if os(Linux)
    guard getgrouplist(name, entry.pw_gid, &groups, &count) >= 0 else {
      throw ProcessError(.cannotStart, "look up the user", name.debugDescription, "it has more than 1024 groups")
    }
    #else
    count = 0
    #endif
    self.init(user: entry.pw_uid, group: entry.pw_gid, groups: Array(groups.prefix(Int(count))))
  }
}
