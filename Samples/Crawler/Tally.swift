import Foundation
import Swirl

/// The outcomes of this run's URLs.
struct Tally {
  var stored = 0
  var html = 0
  var redirects = 0
  /// Pages that are not HTML.
  var other = 0
  /// Statuses of 400 and above.
  var refused = 0
  /// By reason: hosts that do not exist, truncated pages.
  var failed: [String: Int] = [:]
  var disallowed = 0
  var malformedLinks = 0
  /// Requests whose servers asked to retry later.
  var postponed = 0
  /// Requests for which this machine lacked a descriptor, port or memory; they were repeated.
  var shortages = 0
  /// URLs that another crawler took over.
  var lost = 0
  /// Calls that the store refused, and the last reason.
  var storeFailures = 0
  var lastStoreFailure = ""

  var failures: Int { failed.values.reduce(0, +) }

  var line: String {
    var parts = [
      "\(stored) pages stored: \(html) HTML, \(redirects) redirects, \(other) other, \(refused) errors of servers"
    ]
    let kinds = failed.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }
    parts[0] += ", \(failures) that failed" + (kinds.isEmpty ? "" : " (\(kinds.joined(separator: ", ")))")
    if disallowed > 0 { parts.append("\(disallowed) URLs not for robots") }
    if malformedLinks > 0 { parts.append("\(malformedLinks) links that are no URLs") }
    if postponed > 0 { parts.append("\(postponed) times a server asked for later") }
    if shortages > 0 { parts.append("\(shortages) times this machine had no room for a connection") }
    if lost > 0 { parts.append("\(lost) taken over by another crawler") }
    if storeFailures > 0 { parts.append("the store refused \(storeFailures) times, last: \(lastStoreFailure)") }
    return parts.joined(separator: "; ")
  }
}
