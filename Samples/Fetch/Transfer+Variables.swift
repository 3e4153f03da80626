import Foundation
import HTTPTypes
import Swirl

extension Transfer {
  /// What -w can print.
  func variables(_ error: (any Error)?) -> [String: WriteOut.Variable] {
    let response = hops.last?.response
    let timings = response?.timings
    let total = (reactor.now - start) / .seconds(1)
    // The times of the last request count from its start, curl's from the first one's.
    let before = timings.map { $0.start - (hops.first?.response.timings.start ?? $0.start) } ?? .zero
    func seconds(_ time: Duration?) -> WriteOut.Variable {
      .number(String(format: "%.6f", time.map { ($0 + before) / .seconds(1) } ?? 0))
    }
    func number(_ number: Int) -> WriteOut.Variable { .number(String(number)) }
    func speed(_ bytes: Int) -> WriteOut.Variable { number(Int(Double(bytes) / max(total, 0.000_001))) }
    let code = WriteOut.Variable.number(response.map { String($0.status.code) } ?? "000")
    let effective = hops.last?.request.url ?? request?.url ?? url
    return [
      "content_type": .text(response?[.contentType]), "errormsg": .text(error.map { "\($0)" }),
      "exitcode": number(Int(error.map(exitCode) ?? 0)), "filename_effective": .text(path), "http_code": code,
      "http_version": .text(response == nil ? "0" : "1.1"), "method": .text(hops.last?.request.method.rawValue),
      "num_connects": number(hops.count { !$0.response.timings.isReused }),
      "num_headers": number(response?.headers.count ?? 0),
      "num_redirects": number(hops.dropLast().count { (300..<400).contains($0.response.status.code) }),
      "redirect_url": .text(redirectURL), "response_code": code,
      "scheme": .text(response == nil ? nil : effective.hasPrefix("https") ? "HTTPS" : "HTTP"),
      "size_download": number(received), "size_header": number(hops.reduce(0) { $0 + $1.bytes.count }),
      "size_upload": number(sent), "speed_download": speed(received), "speed_upload": speed(sent),
      "ssl_verify_result": number(0), "time_appconnect": seconds(timings?.secured),
      "time_connect": seconds(timings?.connected), "time_namelookup": seconds(timings?.resolved),
      "time_pretransfer": seconds(timings?.sent),
      "time_redirect": hops.count > 1 ? seconds(.zero) : .number("0.000000"),
      "time_starttransfer": seconds(timings?.firstByte), "time_total": .number(String(format: "%.6f", total)),
      "url": .text(url), "url_effective": .text(effective), "urlnum": number(urlNumber),
    ]
  }

  /// Where a redirect leads that was not followed.
  private var redirectURL: String? {
    guard let hop = hops.last, (300..<400).contains(hop.response.status.code), let place = hop.response[.location]
    else {
      return nil
    }
    return URL(string: place, relativeTo: URL(string: hop.request.url))?.absoluteString
  }
}
