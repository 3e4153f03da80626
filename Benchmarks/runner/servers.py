"""Servers under load; what a server used is read from outside."""

import time

from connections import Held, HeldStreams

HTTP = {
    "Swirl": ["Servers", "swirl"],
    "Hummingbird": ["Servers", "hummingbird"],
    "FlyingFox": ["Servers", "flyingfox"],
    "aiohttp + uvloop": ["server_aiohttp.py", "--uvloop"],
    "aiohttp": ["server_aiohttp.py"],
    "Tornado": ["server_tornado.py"],
    "Twisted": ["server_twisted.py"],
}
#: The same in C, which does nothing else: what is left is the kernel's.
FLOOR = {"C, epoll": ["ServerFloor"]}
#: Over TLS, where a client chooses the version.
SECURED = {name: HTTP[name] for name in ("Swirl", "Hummingbird")}
#: The same answer, found by a router of a hundred routes; one handler for all is the yardstick.
ROUTED = {"Swirl": ["Servers", "swirl-router"], "one handler": ["Servers", "swirl"]}
#: A file of the disk, by sendfile.
FILES = {"Swirl": ["Servers", "swirl-files"]}
#: Servers that never answer.
SILENT = {"Swirl": ["Servers", "swirl-silent"], "Hummingbird": ["Servers", "hummingbird-silent"]}
#: Handlers that await: a function that has its result at once, a Deferred of the next turn, an actor on other threads.
AWAITING_HANDLERS = {
    "Swirl, callback": ["Servers", "swirl"],
    "Swirl, awaited": ["Servers", "swirl-awaited"],
    "Swirl, awaited Deferred": ["Servers", "swirl-awaited-deferred"],
    "Swirl, awaited actor": ["Servers", "swirl-awaited-actor"],
    "Hummingbird": ["Servers", "hummingbird"],
    "Hummingbird, awaited actor": ["Servers", "hummingbird-actor"],
    "C, another thread": ["ServerFloor", "hop"],
}
#: One handler that computes, on several reactors.
REACTORS = {
    "Swirl, two reactors": ["Servers", "swirl-two-reactors"],
    "Swirl, two reactors, acceptor": ["Servers", "swirl-two-reactors-acceptor"],
    "one reactor": ["Servers", "swirl-one-reactor"],
}
ECHO = {
    "Swirl": ["EchoServers", "swirl"],
    "C, epoll": ["EchoFloor"],
    "SwiftNIO": ["EchoServers", "nio"],
    "asyncio + uvloop": ["echo_asyncio.py", "--uvloop"],
    "asyncio": ["echo_asyncio.py"],
    "Twisted": ["echo_twisted.py"],
}


DATAGRAM_ECHO = {
    "Swirl": ["EchoServers", "swirl-datagrams"],
    "Swirl, arrays": ["EchoServers", "swirl-datagrams-handler"],
    "C, recvmmsg": ["DatagramFloor"],
    "SwiftNIO": ["EchoServers", "nio-datagrams"],
    "asyncio + uvloop": ["datagrams_asyncio.py", "--uvloop"],
    "asyncio": ["datagrams_asyncio.py"],
}


def started(table, measure_one):
    """A fresh server for each measurement."""

    def contender(words):
        def measure(bench):
            with bench.server(words) as server:
                return {"": measure_one(bench, server)}

        return measure

    return {name: contender(words) for name, words in table.items()}


def serving(path, in_flight=100, table=HTTP):
    """HTTP servers under wrk; nginx is the yardstick."""

    def under_wrk(bench, server):
        before = server.cpu_seconds()
        count, wall, _ = bench.wrk(f"http://127.0.0.1:{server.port}/{path}", in_flight=in_flight)
        used = server.cpu_seconds() - before
        return {"operations": count, "cpu": used / count * 1e6, "rate": count / wall, "wall": wall}

    return {"nginx": lambda bench: {"": under_wrk(bench, bench.nginx())}} | started(table, under_wrk)


def computing(in_flight=100):
    """A handler that takes a millisecond, on one reactor and on two, on all cores."""

    def contender(words):
        def measure(bench):
            with bench.server_on_all_cores(words) as server:
                before = server.cpu_seconds()
                count, wall, _ = bench.wrk(f"http://127.0.0.1:{server.port}/", in_flight=in_flight)
                used = server.cpu_seconds() - before
                return {"": {"operations": count, "cpu": used / count * 1e6, "ms": wall / count * 1e3, "wall": wall}}

        return measure

    return {name: contender(words) for name, words in REACTORS.items()}


def serving_http2(path, streams=100, connections=1, table={"Swirl": HTTP["Swirl"]}):
    """HTTP servers under h2load, without TLS; nginx is the yardstick."""

    def under_h2load(bench, server):
        before = server.cpu_seconds()
        port = getattr(server, "http2_port", server.port)
        count, wall, _ = bench.h2load(f"http://127.0.0.1:{port}/{path}", streams=streams, connections=connections)
        used = server.cpu_seconds() - before
        return {"operations": count, "cpu": used / count * 1e6, "rate": count / wall, "wall": wall}

    return {"nginx": lambda bench: {"": under_h2load(bench, bench.nginx())}} | started(table, under_h2load)


def serving_tls(path, streams=100, connections=1, http1=False, table=SECURED):
    """HTTP servers under h2load, over TLS; nginx is the yardstick."""

    def under_h2load(bench, server):
        before = server.cpu_seconds()
        port = getattr(server, "http2_tls_port", server.port)
        url = f"https://127.0.0.1:{port}/{path}"
        count, wall, _ = bench.h2load(url, streams=streams, connections=connections, http1=http1)
        used = server.cpu_seconds() - before
        return {"operations": count, "cpu": used / count * 1e6, "rate": count / wall, "wall": wall}

    def contender(words):
        def measure(bench):
            bench.nginx()  # which has the certificate made
            with bench.server([*words, "--certificate", bench.roots, "--key", bench.key]) as server:
                return {"": under_h2load(bench, server)}

        return measure

    nginx = {"nginx": lambda bench: {"": under_h2load(bench, bench.nginx())}}
    return nginx | {name: contender(words) for name, words in table.items()}


def waiting_streams(connections, streams):
    """What a server of HTTP/2 holds for each request that it has not answered, with its share of the connection."""

    def hold(bench, server):
        port = getattr(server, "http2_port", server.port)
        with HeldStreams(port, 1, streams):
            before = server.resident_kib()
            with HeldStreams(port, connections, streams):
                time.sleep(0.5)
                after = server.resident_kib()
        return {"operations": connections * streams, "kib": (after - before) / (connections * streams)}

    return {"nginx": lambda bench: {"": hold(bench, bench.nginx())}} | started(SILENT, hold)


def idle_connections(count):
    """What a server holds for each connection that has had one answer and waits."""

    def hold(bench, server):
        with Held(server.port, 1):
            before = server.resident_kib()
            with Held(server.port, count):
                time.sleep(0.5)
                after = server.resident_kib()
        return {"operations": count, "kib": (after - before) / count}

    return started(HTTP, hold)


def echoing(kind, *options, table=ECHO):
    """Echo servers under a load of plain system calls."""

    def under_load(bench, server):
        before = server.cpu_seconds()
        command = ["EchoLoad", kind, server.port, "--seconds", bench.seconds, *options]
        [load] = bench.figures(command, [bench.client_core], bench.seconds + 60).values()
        used = server.cpu_seconds() - before
        return {
            "operations": load["operations"],
            "cpu": used / load["operations"] * 1e6,
            "rate": load["rate"],
            "wall": load["wall"],
        }

    return started(table, under_load)
