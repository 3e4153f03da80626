"""WebSocket against others: Autobahn's suite where Python 2.7 is, the package websockets, and servers and clients of four libraries."""
