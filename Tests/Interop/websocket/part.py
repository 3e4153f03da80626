"""The parts of Scripts/interop for WebSocket."""
import sys

from checks import CACHE, report, server

from . import autobahn, programs as talks


def short(probe, fetch, folder):
    """The cases that take a minute."""
    run(probe, folder, autobahn.SHORT, 300)


def whole(probe, fetch, folder):
    """All cases: half an hour."""
    run(probe, folder, autobahn.ALL, 7200)


def programs(probe, fetch, folder):
    """Servers and clients of other libraries."""
    talks.talks(probe, fetch, folder)


def run(probe, folder, runs, limit):
    if autobahn.python2():
        for role in ("server", "client"):
            autobahn.cases(probe, folder, role, runs, limit)
    with_websockets(probe)


def with_websockets(probe):
    """The client of the package websockets, which is strict, against our server."""
    sys.path += [str(path) for path in CACHE.glob("lib/python*/site-packages")]
    from websockets.exceptions import ConnectionClosed, InvalidStatus
    from websockets.sync.client import connect
    import subprocess
    with server(probe, "websocket-serve", stdout=subprocess.PIPE, text=True) as process:
        url = f"ws://{process.stdout.readline().strip()}/"
        for compression in (None, "deflate"):
            name = f"websockets {'with' if compression else 'without'} compression"
            with connect(url, compression=compression, max_size=1 << 25) as socket:
                good = bool(socket.protocol.extensions) == bool(compression)
                report(f"{name}: what was agreed", None if good else f"{socket.protocol.extensions}")
                sent = ["", "text, ünïcödé, €, 😀", b"", bytes(range(256)) * 16, "a" * 65536, bytes(1 << 24)]
                got = []
                for message in sent * 2:
                    socket.send(message)
                    got.append(socket.recv(timeout=30))
                report(f"{name}: messages of each size", None if got == sent * 2 else f"{[len(message) for message in got]}")
                socket.send(["fragments ", "of ", "", "a message"])
                got = socket.recv(timeout=30)
                report(f"{name}: fragments", None if got == "fragments of a message" else repr(got))
                report(f"{name}: ping", None if socket.ping(b"x" * 125).wait(30) else "no pong")
                socket.close(4000, "done")
                code = socket.protocol.close_rcvd and socket.protocol.close_rcvd.code
                report(f"{name}: close", None if code == 4000 else f"the code {code}")
        with connect(url, compression=None) as socket:
            socket.socket.sendall(b"\x81\x81\x00\x00\x00\x00\xff")
            try:
                socket.recv(timeout=30)
                report("websockets: text that is not UTF-8", "it was taken")
            except ConnectionClosed as closed:
                code = closed.rcvd and closed.rcvd.code
                report("websockets: text that is not UTF-8", None if code == 1007 else f"the code {code}")
        try:
            connect(url, additional_headers={"Sec-WebSocket-Version": "8"}).close()
            report("websockets: two versions", "it was taken")
        except InvalidStatus as refused:
            status = refused.response.status_code
            report("websockets: two versions", None if status == 426 else f"the status {status}")
