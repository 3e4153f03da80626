import Swirl

// H2Probe URL count mode
let arguments = CommandLine.arguments
let url = arguments[1]
let count = Int(arguments[2])!
let bodySize = arguments.count > 3 ? Int(arguments[3])! : -1
var configuration = HTTPClient.Configuration()
configuration.http2 = url.hasPrefix("https") ? .negotiated : .priorKnowledge
configuration.tls.verification = .dangerouslyAcceptingAnyCertificate
let client = HTTPClient(configuration)
var left = count
var ok = 0
var bytes = 0
for index in 0..<count {
  var request = HTTPClient.Request(url + (bodySize >= 0 ? "" : "?\(index)"))
  if bodySize >= 0 {
    request.method = .post
    request.body = .bytes([UInt8](repeating: 65, count: bodySize))
  }
  client.fetch(request) { result in
    switch result {
    case .success(let response):
      ok += 1
      bytes += response.body.count
      if index == 0 { print(response.status, response.body.count, response.headers) }
    case .failure(let error): print(error)
    }
    left -= 1
    if left == 0 {
      print(ok, bytes, client.counts)
      reactor.stop()
    }
  }
}
reactor.run()
