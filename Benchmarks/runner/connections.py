"""Many connections that have had one answer and wait."""

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
