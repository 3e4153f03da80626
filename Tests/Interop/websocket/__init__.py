"""WebSocket against others: Autobahn's suite, in both roles, and the package websockets where Python 2.7 is missing."""
