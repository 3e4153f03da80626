"""Two servers that are wrong on purpose: each case has to fail against one of them."""
import contextlib
import socket
import threading

from .frames import (ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, INADEQUATE_SECURITY, MAX_CONCURRENT_STREAMS, PING, PREFACE,
                     SETTINGS, data, goaway, headers, indexed, ping, settings)


class WrongServer:
    """`deaf`: sees no error, obeys no window. `touchy`: says GOAWAY at the first frame behind SETTINGS."""

    def __init__(self, kind):
        self.touchy = kind == "touchy"
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=self.serve, args=(self.listener.accept()[0],), daemon=True).start()

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
            return False
        if kind == PING and not flags & ACK:
            connection.sendall(ping(payload[:8].ljust(8, b"\0"), ACK))
        if kind in (HEADERS, DATA) and flags & END_STREAM or kind == CONTINUATION and flags & END_HEADERS:
            # The status 200 is the eighth of the static table.
            connection.sendall(headers(stream, indexed(8), END_HEADERS) + data(stream, b"hello\n", END_STREAM))
        return True
