import Testing

@testable import SwirlHTTPClient
@testable import SwirlHTTPCore
@testable import SwirlHTTPServer

extension CookieTests {
  /// The facts of the working group's test suite, github.com/abarth/http-state, tests/data/parser.json, under the
  /// suite's names; cookie names and values are our own. For cookies without a name, the current draft replaces RFC
  /// 6265.
  @Suite struct ConformanceTests {
    struct Fact: Sendable, CustomTestStringConvertible {
      let name: String
      let received: [String]
      let to: String
      let sent: String?
      var testDescription: String { name }

      init(_ name: String, _ received: String..., to: String = "/dir/page", sent: String?) {
        self.name = name
        self.received = received
        self.to = to.hasPrefix("/") ? "http://home.example.org:8888\(to)" : "http://\(to)/dir/page"
        self.sent = sent
      }
    }

    func check(_ fact: Fact) {
      let bench = JarBench()
      for field in fact.received { bench.store(field, from: "http://home.example.org:8888/dir/set?\(fact.name)") }
      let sent = bench.jar.cookieHeader(for: fact.to)
      #expect(sent == fact.sent)
    }

    @Test(arguments: [
      Fact("0001", "k=v", sent: "k=v"),
      Fact("0003", "k=v; Expires=1 Jan 2007 0:0:0", "l=w; Expires=1 Jan 2024 0:0:0", sent: "l=w"),
      Fact("0004", "k", sent: "k"), Fact("0005", "k=v; max-age=10000;", sent: "k=v"),
      Fact("0006", "k=v; max-age=0;", sent: nil),
      Fact("0007", "k=v; version=1;", sent: "k=v"), Fact("0010", "k=v; secure;", sent: nil),
      Fact("0011", "k=v; own=\"1 or more\";", sent: "k=v"), Fact("0013", "k=v", "k=w", sent: "k=w"),
      Fact("0014", "k1=v", "k2=w", sent: "k1=v; k2=w"), Fact("0016", "y=v", "b=w", sent: "y=v; b=w"),
      Fact("0017", "k=v, l=w", sent: "k=v, l=w"), Fact("0018", "k=v; l=w, m=x", sent: "k=v"),
      Fact("0019", "k=v;max-age=3600, l=w;path=/", sent: "k=v"), Fact("0020", "k=v", "=", "l=w", sent: "k=v; l=w"),
      Fact("0021", "k=v", "=x", "l=w", sent: "k=v; x; l=w"), Fact("0022", "k=v", "x=", "l=w", sent: "k=v; x=; l=w"),
      Fact("0023", "k", "", sent: "k"), Fact("0025", "k", "; l", sent: "k"), Fact("0026", "k", "   ", sent: "k"),
      Fact("0027", "k", "l", sent: "l"),
      Fact("ATTRIBUTE0002", "k=v; seCURe", sent: nil), Fact("ATTRIBUTE0003", "k=v; \"Secure\"", sent: "k=v"),
      Fact("ATTRIBUTE0005", "k=v; Secure=x", sent: nil), Fact("ATTRIBUTE0006", "k=v; Secure x", sent: "k=v"),
      Fact("ATTRIBUTE0007", "k=v; Secure =x", sent: nil), Fact("ATTRIBUTE0013", "k=v;     Secure    ;", sent: nil),
      Fact("ATTRIBUTE0014", "k=v; Path", sent: "k=v"), Fact("ATTRIBUTE0017", "k=v; Path=/no", sent: nil),
      Fact("ATTRIBUTE0018", "k=v; Path    =/no", sent: nil),
      Fact("ATTRIBUTE0021", "k=v; Path=/no; Path=/", sent: "k=v"),
      Fact("ATTRIBUTE0022", "k=v; Path=/; Path=/no", sent: nil), Fact("ATTRIBUTE0025", "k=v; x; Secure", sent: nil),
      Fact("ATTRIBUTE0026", "k=v; x=\"a;b\"; Secure", sent: nil),
      Fact("CHARSET0001", "k=\u{6625}\u{8282}", sent: "k=\u{6625}\u{8282}"),
      Fact("CHARSET0002", "\u{6625}=\u{8282}", sent: "\u{6625}=\u{8282}"),
      Fact("CHROMIUM0002", "kEy=\"v \"   ;", sent: "kEy=\"v \""), Fact("CHROMIUM0004", "k=\"v;w\" ; ;", sent: "k=\"v"),
      Fact("CHROMIUM0006", "k=\"v \"   \"w\"  ;", sent: "k=\"v \"   \"w\""),
      Fact("CHROMIUM0009", "KEY; path=/;", sent: "KEY"),
      Fact("CHROMIUM0013", "KEY=;  path = /", sent: "KEY="), Fact("CHROMIUM0014", "  K  = VW  ;l;;;   m", sent: "K=VW"),
      Fact("CHROMIUM0015", "  K=== VW  ;l;;;   m", sent: "K=== VW"),
      Fact("CHROMIUM0016", "k=v  ; expires=Sun, 18-Apr-2027 21:06:29 GMT ; path=/  ;  ", sent: "k=v"),
      Fact("CHROMIUM0022", "k=v\0w", sent: nil), Fact("CHROMIUM0023", "k=v\rw", sent: nil),
      Fact("COMMA0002", "k=\"v, l=w\"", sent: "k=\"v, l=w\""), Fact("COMMA0005", "k=v; Max-Age=50,399", sent: "k=v"),
      Fact("COMMA0007", "k=v; Expires=Fri 07 Aug 2026 08:04:19 GMT, l=w", sent: "k=v"),
    ])
    func `pairs and attributes are read as the suite has it`(fact: Fact) { check(fact) }

    @Test(arguments: [
      Fact("DOMAIN0001", "k=v; domain=home.example.org", to: "home.example.org", sent: "k=v"),
      Fact("DOMAIN0002", "k=v; domain=home.example.org", to: "sibling.example.org", sent: nil),
      Fact("DOMAIN0003", "k=v; domain=.home.example.org", to: "home.example.org", sent: "k=v"),
      Fact("DOMAIN0004", "k=v; domain=home.example.org", to: "sub.home.example.org", sent: "k=v"),
      Fact("DOMAIN0007", "k=v; domain=sibling.example.org", to: "sibling.example.org", sent: nil),
      Fact("DOMAIN0009", "k=v; domain=example.org", to: "home.example.org", sent: "k=v"),
      Fact("DOMAIN0010", "k=v; domain=..home.example.org", to: "home.example.org", sent: nil),
      Fact("DOMAIN0011", "k=v; domain=home..example.org", to: "home.example.org", sent: nil),
      Fact("DOMAIN0012", "k=v; domain=  .home.example.org", to: "home.example.org", sent: "k=v"),
      Fact("DOMAIN0013", "k=v; domain=  .  home.example.org", to: "home.example.org", sent: nil),
      Fact("DOMAIN0014", "k=v; domain=home.example.org.", to: "home.example.org", sent: nil),
      Fact("DOMAIN0016", "k=v; domain=home.example.org .", to: "home.example.org", sent: nil),
      Fact("DOMAIN0017", "k=v; domain=.org", to: "home.example.org", sent: nil),
      Fact("DOMAIN0018", "k=v; domain=.org.", to: "home.example.org", sent: nil),
      Fact(
        "DOMAIN0019", "k=v; domain=home.example.org", "l=w; domain=.home.example.org", to: "home.example.org",
        sent: "k=v; l=w"),
      Fact("DOMAIN0021", "k=v; domain=\"home.example.org\"", to: "home.example.org", sent: nil),
      Fact(
        "DOMAIN0023", "l=w; domain=.example.org", "k=v; domain=home.example.org", to: "home.example.org",
        sent: "l=w; k=v"),
      Fact("DOMAIN0024", "k=v; domain=.example.org; domain=home.example.org", to: "sibling.example.org", sent: nil),
      Fact("DOMAIN0025", "k=v; domain=home.example.org; domain=.example.org", to: "sibling.example.org", sent: "k=v"),
      Fact("DOMAIN0026", "k=v; domain=home.eXaMpLe.org", to: "home.example.org", sent: "k=v"),
      Fact("DOMAIN0027", "k=v; domain=home.example.org:8888", to: "home.example.org", sent: nil),
      Fact("DOMAIN0028", "k=v; domain=sub.home.example.org", to: "sub.home.example.org", sent: nil),
      Fact("DOMAIN0029", "k=v", to: "sub.home.example.org", sent: nil),
      Fact("DOMAIN0033", "k=v; domain=home.example.org", to: "hoMe.eXaMplE.org", sent: "k=v"),
      Fact("DOMAIN0034", "k=v; domain=home.example.org; domain=home.example.com", to: "home.example.org", sent: nil),
      Fact(
        "DOMAIN0036", "k=v; domain=home.example.org; domain=x.com; domain=home.example.org", to: "home.example.org",
        sent: "k=v"),
      Fact("OPTIONAL_DOMAIN0030", "k=v; domain=", to: "home.example.org", sent: "k=v"),
      Fact("OPTIONAL_DOMAIN0041", "k=v; domain=example.org; domain=", to: "home.example.org", sent: "k=v"),
      Fact("OPTIONAL_DOMAIN0043", "k=v; domain=foo.example.org; domain=", to: "sub.home.example.org", sent: nil),
    ])
    func `domains are those of the suite`(fact: Fact) { check(fact) }

    @Test(arguments: [
      Fact("MOZILLA0001", "k=v; max-age=-1", sent: nil),
      Fact("MOZILLA0003", "k=v; expires=Thu, 10 Apr 1980 16:33:12 GMT", sent: nil),
      Fact("MOZILLA0009", "k=v; max-age=60", "l=v; max-age=60", "k=w; max-age=0", sent: "l=v"),
      Fact("MOZILLA0010", "k=v; max-age=60", "l=v; max-age=60", "k=w; max-age=0", "m=x; max-age=0", sent: "l=v"),
      Fact("MOZILLA0011", "k=v; domain=.parser.test; ;; ;=; ,,, ===,abc,=; x! max-age=20;=;;", sent: nil),
      Fact("MOZILLA0012", "k=\"v! = w;x\\\";\" y; max-age=6", sent: "k=\"v! = w"),
      Fact("MOZILLA0013", "k; max-age=0", sent: nil),
      Fact("MOZILLA0016", "one", "two", " =three", sent: "three"),
      Fact("NAME0002", "1=v", sent: "1=v"), Fact("NAME0003", "$=v", sent: "$=v"),
      Fact("NAME0008", "%k=v", sent: "%k=v"),
      Fact("NAME0012", "(k=v", sent: "(k=v"), Fact("NAME0017", "=k=v", sent: "k=v"),
      Fact("NAME0018", "k =v", sent: "k=v"),
      Fact("NAME0020", "\"k=w\"=v", sent: "\"k=w\"=v"), Fact("NAME0021", "\"k=w\"=v", "\"k=x", sent: "\"k=x"),
      Fact("NAME0023", "k;l=v", sent: "k"), Fact("NAME0024", "$Version=1; k=v", sent: "$Version=1"),
      Fact("NAME0025", "===k=v", sent: "==k=v"), Fact("NAME0029", "=", sent: nil),
      Fact("NAME0030", "k l=v", sent: "k l=v"),
      Fact("NAME0031", "\"k;l\"=v", sent: "\"k"), Fact("VALUE0001", "k=  v", sent: "k=v"),
      Fact("VALUE0003", "k=\"  v \"", sent: "k=\"  v \""),
      Fact("VALUE0004", "k=\"v;w\"", sent: "k=\"v"), Fact("VALUE0005", "k=\"v=w\"", sent: "k=\"v=w\""),
      Fact("VALUE0006", "   k     =       v             ;       x", sent: "k=v"),
    ])
    func `names and values are those of the suite`(fact: Fact) { check(fact) }

    @Test(arguments: [
      Fact(
        "ORDERING0001", "k=0;", "k=1; path=/dir", "k=2; path=/", "k=3; path=/bar", "k=4; domain=.example.org",
        "k=5; domain=.example.org; path=/dir/foo", to: "/dir/foo/baz", sent: "k=5; k=1; k=4; k=2"),
      Fact("PATH0001", "k=v; path=/", "l=w; path=/dir", sent: "l=w; k=v"),
      Fact("PATH0002", "k=v; path=/dir", "l=w; path=/", sent: "k=v; l=w"),
      Fact("PATH0005", "k=v; path=/dir/foo", sent: nil), Fact("PATH0006", "k=v", "k=w; path=/dir/foo", sent: "k=v"),
      Fact("PATH0007", "k=v; path=/dir/foo", to: "/dir/foo?x", sent: "k=v"),
      Fact("PATH0008", "k=v; path=/dir/foo", to: "/dir/bar", sent: nil),
      Fact("PATH0009", "k=v; path=/dir/foo/qux", to: "/dir/foo", sent: nil),
      Fact("PATH0011", "k=v; path=/dir/foo/qux", to: "/dir/bar/qux", sent: nil),
      Fact("PATH0014", "k=v; path=/dir/foo/", to: "/dir/foo", sent: nil),
      Fact("PATH0015", "k=v; path=/dir/foo/", to: "/dir/foo/?x", sent: "k=v"),
      Fact("PATH0017", "k=v; path=/dir/foo/", to: "/dir/foo//qux", sent: "k=v"),
      Fact("PATH0018", "k=v; path=/dir/foo/", to: "/dir/fooqux", sent: nil),
      Fact("PATH0020", "k=v; path=", sent: "k=v"), Fact("PATH0022", "k=v; path= /", sent: "k=v"),
      Fact("PATH0023", "k=v; Path=/DIR", sent: nil),
      Fact("PATH0024", "k=v; path=/dir/foo?", to: "/dir/foo?x", sent: nil),
      Fact("PATH0025", "k=v; path=/dir/foo#", to: "/dir/foo", sent: nil),
      Fact("PATH0026", "k=v; path=/dir/foo;", to: "/dir/foo", sent: "k=v"),
      Fact("PATH0028", "k=v; path=/dir/f%6Fo", to: "/dir/foo", sent: nil),
      Fact("PATH0029", "k=v;   path    =     /dir   ", "l=w;   path =   /book   ", sent: "k=v"),
      Fact("PATH0030", "k=v; path=/dog; path=", sent: "k=v"), Fact("PATH0031", "k=v; path=; path=/dog", sent: nil),
      Fact("PATH0032", "k=v; path=/dir", "k=w; path=/dir/", to: "/dir/dog", sent: "k=w; k=v"),
    ])
    func `paths and their order are those of the suite`(fact: Fact) { check(fact) }
  }
}
