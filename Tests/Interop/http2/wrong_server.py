"""Two servers that are wrong on purpose: each case has to fail against one of them."""
import contextlib
import socket

from .frames import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, INADEQUATE_SECURITY, MAX_CONCURRENT_STREAMS, PING, PREFACE,
                     SETTINGS, data, goaway, headers, indexed, ping, settings)
from .listener import Listener


class WrongServer(Listener):
    """`deaf`: sees no error, obeys no window. `touchy`: says GOAWAY at the first frame behind SETTINGS."""

    def __init__(self, kind):
        self.touchy = kind == "touchy"
        super().__init__()

    def serve(self, connection):
        with contextlib.suppress(OSError), connection:
            connection.sendall(settings((MAX_CONCURRENT_STREAMS, 100)))
            received, skipped = bytearray(), False
            while more := connection.recv(65536):
                received += more
                if not skipped and len(received) >= len(PREFACE):
                    del received[:len(PREFACE)]
                    skipped = True
                while skipped and len(received) >= 9:
                    length = int.from_bytes(received[:3], "big")
                    if len(received) < 9 + length:
                        break
                    head, payload = bytes(received[:9]), bytes(received[9:9 + length])
                    del received[:9 + length]
                    if not self.take(connection, head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF, payload):
                        return

    def take(self, connection, kind, flags, stream, payload):
        """Whether the connection stays."""
        if kind == SETTINGS and not flags & ACK:
            connection.sendall(settings(flags=ACK))
        elif kind == SETTINGS:
            return True
        elif self.touchy:
            connection.sendall(goaway(0, INADEQUATE_SECURITY))
            connection.shutdown(socket.SHUT_WR)
            # A close with octets unread would be a reset, which can overtake the GOAWAY.
            connection.settimeout(1)
            while connection.recv(65536):
                pass
            return False
        if kind == PING and not flags & ACK:
            connection.sendall(ping(payload[:8].ljust(8, b"\0"), ACK))
        if kind in (HEADERS, DATA) and flags & END_STREAM or kind == CONTINUATION and flags & END_HEADERS:
            # The status 200 is the eighth of the static table.
            connection.sendall(headers(stream, indexed(8), END_HEADERS) + data(stream, b"hello\n", END_STREAM))
        return True
