"""Servers of WebSocket: messages there and back, a message to all, sockets that wait; what a server used is read from outside."""

import json
import threading
import time

from connections import HeldWebSockets
from processes import Failed, Pinned
from servers import started

ECHO = {
    "Swirl": ["Servers", "swirl-websocket"],
    "picows + uvloop": ["websocket_picows.py"],
    "aiohttp + uvloop": ["websocket_aiohttp.py", "--uvloop"],
    "websockets + uvloop": ["websocket_websockets.py"],
    "Tornado": ["websocket_tornado.py"],
}
#: The same in C, which does nothing else.
FLOOR = {"C, epoll": ["WebSocketFloor"]}
BROADCAST = {name: [*words, "--broadcast"] for name, words in ECHO.items()} | {"Swirl": ["Servers", "swirl-broadcast"]}


def exchanging(connections, size):
    """Each client sends a message when it has the last one back."""
    return _under_load(ECHO | FLOOR, "websocket", connections, size)


def broadcasting(connections, size):
    """A message of one goes to all, again and again."""
    return _under_load(BROADCAST, "broadcast", connections, size)


def _under_load(table, kind, connections, size):
    """A load of plain system calls, whose frames are masked once."""

    def measure_one(bench, server):
        options = ["--connections", connections, "--size", size, "--seconds", bench.seconds]
        with Pinned(bench.command(["EchoLoad", kind, server.port, *options]), [bench.client_core]) as load:
            killer = threading.Timer(bench.seconds + 120, load.kill)
            killer.start()
            try:
                # All connections are open.
                load.first_line()
                before = server.cpu_seconds()
                report = json.loads(load.first_line())
                used = server.cpu_seconds() - before
                load.wait()
            finally:
                killer.cancel()
        count = report["operations"]
        if not count:
            raise Failed("no message came")
        return {"operations": count, "cpu": used / count * 1e6, "rate": count / report["wall"], "wall": report["wall"]}

    return started(table, measure_one)


def idle_sockets(count):
    """What a server holds for each socket that has had one message echoed and waits; compressed without context where the server can."""

    def hold(bench, server):
        with HeldWebSockets(server.port, 1):
            before = server.resident_kib()
            with HeldWebSockets(server.port, count):
                time.sleep(0.5)
                after = server.resident_kib()
        return {"operations": count, "kib": (after - before) / count}

    return started(ECHO, hold)
