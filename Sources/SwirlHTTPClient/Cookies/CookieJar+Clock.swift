public import SwirlDeferred
public import SwirlHTTPCore
import SwirlReactor

extension CookieJar {
  /// An empty jar, which keeps time by the machine's clock.
  public convenience init() { self.init(now: { WallClock.now }) }

  /// An empty jar, whose cookies expire by the time of day on `clock`, such as a `TestClock`.
  public convenience init(clock: some ReactorTime) { self.init(now: { Int(clock.wallTime.components.seconds) }) }

  /// A jar with the cookies of a Netscape cookie file, which curl, wget and browsers' extensions write: a line a
  /// cookie, seven fields with tabs between them.
  ///
  /// Like curl, it skips lines that it cannot read, and cookies that no server could set; it reports each to
  /// `onRefused`, with its line number.
  /// - Throws: ``/SwirlHTTPCore/CookieError`` that names the first line, if no line can be read: it is another kind of
  ///   file.
  public convenience init(
    netscape text: String, onRefused: ((_ line: String, _ reason: String) -> Void)? = nil
  ) throws(CookieError) {
    self.init()
    self.onRefused = onRefused
    try add(netscape: Array(text.utf8))
  }

  /// A jar with the cookies of ``json``. It skips cookies that no server could set, and reports them to `onRefused`.
  /// - Throws: ``/SwirlHTTPCore/CookieError`` when the text is not such JSON, or of a newer version.
  public convenience init(
    json text: String, onRefused: ((_ cookie: String, _ reason: String) -> Void)? = nil
  ) throws(CookieError) {
    self.init()
    self.onRefused = onRefused
    try add(json: text)
  }
}
