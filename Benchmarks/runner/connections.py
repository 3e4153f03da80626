"""Many connections that have had one answer and wait; connections of HTTP/2 with many requests that wait for theirs; WebSockets after one message."""

import resource
import selectors
import socket


class Held:
    """Opens connections, gets one answer on each, and keeps them until the end of the block."""

    def __init__(self, port, count, path="hello"):
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        self._sockets = []
        request = f"GET /{path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
        try:
            # In lots, so that no backlog overflows.
            while len(self._sockets) < count:
                self._open(port, min(200, count - len(self._sockets)), request)
        except BaseException:
            self.close()
            raise

    def _open(self, port, count, request):
        with selectors.DefaultSelector() as selector:
            for _ in range(count):
                one = socket.create_connection(("127.0.0.1", port), timeout=10)
                self._sockets.append(one)
                one.sendall(request)
                selector.register(one, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(10) or [(None, None)]:
                    if key is None or not key.fileobj.recv(65536):
                        raise OSError("a connection got no answer")
                    selector.unregister(key.fileobj)

    def close(self):
        for one in self._sockets:
            one.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class HeldWebSockets(Held):
    """Opens WebSockets, with compression without context where the server agrees, has one message echoed on each, and keeps them."""

    #: 64 bytes, masked with a key of zeros, uncompressed.
    MESSAGE = b"\x82\xc0\0\0\0\0" + b"0123456789abcdef" * 4

    def _open(self, port, count, request):
        head = (
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n\r\n"
        ).encode()
        before = len(self._sockets)
        super()._open(port, count, head)
        self._answers(self._sockets[before:])

    def _answers(self, sockets):
        for one in sockets:
            one.sendall(self.MESSAGE)
        for one in sockets:
            # Final and binary, compressed or not; short.
            kind, length = self._exactly(one, 2)
            if kind & 0xBF != 0x82 or length > 125:
                raise OSError(f"no echo: a frame that begins {kind:02x} {length:02x}")
            self._exactly(one, length)

    @staticmethod
    def _exactly(one, count):
        content = b""
        while len(content) < count:
            piece = one.recv(count - len(content))
            if not piece:
                raise OSError("a connection got no echo")
            content += piece
        return content


class HeldStreams(Held):
    """Opens connections of HTTP/2, without TLS, and on each so many requests, which the server does not answer soon."""

    def __init__(self, port, connections, streams, path="slow"):
        self._sockets = []
        frames = b"".join(_frame(1, 5, 2 * index + 1, _fields(port, path)) for index in range(streams))
        try:
            for _ in range(connections):
                one = socket.create_connection(("127.0.0.1", port), timeout=10)
                self._sockets.append(one)
                one.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + _frame(4, 0, 0) + frames + _frame(6, 0, 0, bytes(8)))
                self._await_pong(one)
        except BaseException:
            self.close()
            raise

    @staticmethod
    def _await_pong(one):
        """The answer to PING comes behind all that the server has read before it."""
        with one.makefile("rb") as frames:
            while True:
                head = frames.read(9)
                if len(head) < 9:
                    raise OSError("the server has closed a connection")
                frames.read(int.from_bytes(head[:3]))
                if head[3] == 3 or head[3] == 7:
                    raise OSError(f"the server has refused a stream or the connection: frame {head.hex()}")
                if head[3] == 6:
                    return


def _frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream.to_bytes(4) + payload


def _fields(port, path):
    """GET over http, by the static table of HPACK (RFC 7541, appendix A), literals without an index."""
    authority = f"127.0.0.1:{port}".encode()
    path = f"/{path}".encode()
    return b"\x82\x86\x04" + bytes([len(path)]) + path + b"\x01" + bytes([len(authority)]) + authority
