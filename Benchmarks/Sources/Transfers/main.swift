// Transfers one large file from disk to a server, or from a server to disk: `Transfers download
// http://127.0.0.1:8080/1g /tmp/file`.
import Foundation
import Measure
import Swirl

let options = Options()
guard options.words.count == 3 else { fail("usage: Transfers download|upload URL FILE") }
let (url, path) = (options.words[1], options.words[2])

var configuration = HTTPClient.Configuration()
configuration.timeout = .seconds(300)
if let roots = options.text("--roots") { configuration.tls.roots = [.file(roots)] }
let client = HTTPClient(configuration)
let before = residentKiB("VmRSS")
let start = Usage.now

let transfer: Deferred<Int>
switch options.words[0] {
case "download": transfer = client.download(HTTPClient.Request(url), to: path).addCallback { $0.size }
case "upload":
  let body = try HTTPClient.Body.file(path)
  transfer = client.fetch(HTTPClient.Request(url, method: .put, body: body)).addCallback { response in
    guard response.status.code == 200 else { fail("\(response.status)") }
    return body.length ?? 0
  }
case let other: fail("no direction \(other)")
}
transfer.addBoth { result in
  do {
    var report = Report(operations: try result.get() >> 20, from: start)
    report.add("rss_before", Double(before))
    report.add("rss_peak", Double(residentKiB("VmHWM")))
    report.send()
  } catch { fail("\(error)") }
  reactor.stop()
}
reactor.run()
