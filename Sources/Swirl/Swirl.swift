@_exported public import SwirlCoordination
@_exported public import SwirlDeferred
@_exported public import SwirlHTTPClient
@_exported public import SwirlHTTPServer
@_exported public import SwirlNet
@_exported public import SwirlReactor
@_exported public import SwirlSystem
@_exported public import SwirlTLS
