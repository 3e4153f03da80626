// Passes requests to other servers and their answers back, both streamed; WebSockets too. Several servers share the
// requests.
// Answers to: nginx's proxy_pass, Go's httputil.ReverseProxy, Twisted's ReverseProxyResource.
// Run: `swift run ReverseProxy [PORT [URL…]]`, then `curl 127.0.0.1:PORT/`. Leaves out: TLS, and a server to try.
import Swirl

let arguments = CommandLine.arguments
let port = arguments.count > 1 ? Int(arguments[1]) ?? 8000 : 8000
let upstreams = arguments.count > 2 ? Array(arguments[2...]) : ["http://127.0.0.1:8080"]

/// A body may have any length: it is not kept here.
var configuration = HTTPServer.Configuration()
configuration.limits.bodyBytes = nil

let server = HTTPServer(configuration: configuration, ReverseProxy(to: upstreams))
print("http://\(try server.listen(port).localAddress)/ for \(upstreams.joined(separator: ", "))")
reactor.run()
