@_exported public import SwirlHTTPClient
@_exported public import SwirlHTTPServer
