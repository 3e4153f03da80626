@_exported public import SwirlDeferred
@_exported public import SwirlHTTPWire
