@_exported public import SwirlCoordination
@_exported public import SwirlDeferred
@_exported public import SwirlNet
@_exported public import SwirlReactor
@_exported public import SwirlSystem
