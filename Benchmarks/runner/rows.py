"""What is measured: the rows of the table, in its order."""

import dataclasses
import typing

import latency
from clients import AWAITED, SECURED, SWIRL, fetching, multiplexing, slow_page
from crawls import crawling, taking
from names import resolving
from programs import CHAINS, HELLO, HOPS, THREADS, TIMERS, measuring_themselves, starting
from servers import (
    AWAITING_HANDLERS,
    DATAGRAM_ECHO,
    FILES,
    FLOOR,
    HTTP,
    ROUTED,
    computing,
    echoing,
    idle_connections,
    serving,
    serving_http2,
    serving_tls,
    waiting_streams,
)
from transfers import downloading, uploading
from web_sockets import broadcasting, exchanging, idle_sockets

ONE, TWO = "one core", "two cores"


@dataclasses.dataclass
class Row:
    """`contenders` are functions that measure once. Programs that report several figures make a row of each."""

    name: str
    contenders: dict[str, typing.Callable] = dataclasses.field(default_factory=dict)
    yardstick: str = ""
    #: What is compared first: "cpu" in microseconds an operation, "kib", "ms" or "latency" (µs).
    metric: str = "cpu"
    operation: str = "request"
    arrangements: tuple = (ONE, TWO)
    #: Whether it is measured in short runs, too.
    quick: bool = True
    #: How often it is measured at most, where figures differ by their nature; 0 for the usual number.
    most_rounds: int = 0
    #: What Swirl is to take at most: of the yardstick, or of the metric itself.
    aim_ratio: float = 0
    aim: float = 0
    #: Why it is not measured yet; its place is kept.
    not_yet: str = ""


#: Beside Swirl's callbacks, and others that await.
AWAITING = [*SWIRL, *AWAITED, "AsyncHTTPClient, async", "aiohttp + uvloop"]


def _curve():
    few = [*SWIRL[:1], "libcurl", "aiohttp + uvloop", "AsyncHTTPClient, futures"]
    for in_flight in (1, 10, 100, 1_000, 10_000):
        if in_flight == 10_000:
            # AsyncHTTPClient takes a minute to have so many connections: it is in the row of the 3 s page.
            few.pop()
        yield Row(
            f"fetch small, {in_flight:,} in flight",
            fetching("small", 100, in_flight=in_flight, only=tuple(few)),
            "wrk",
            arrangements=(ONE,),
            quick=in_flight in (1, 1_000),
        )


ROWS = [
    Row("fetch small", fetching("small", 100), "wrk"),
    Row("fetch small, awaited", fetching("small", 100, only=AWAITING), "wrk"),
    Row("fetch small over TLS", fetching("small", 100, tls=True, only=SECURED), "wrk"),
    Row("fetch 4 KiB", fetching("4k", 4096), "wrk", quick=False),
    Row("fetch 1 MiB", fetching("1m", 1 << 20), "libcurl"),
    Row("fetch 1 MiB, awaited", fetching("1m", 1 << 20, only=[*AWAITING, "libcurl"]), "libcurl"),
    Row("fetch 1 MiB over TLS", fetching("1m", 1 << 20, tls=True, only=SECURED), "libcurl"),
    Row("download 1 GiB to disk", downloading(), "curl", operation="MiB", quick=False),
    Row("upload 1 GiB from disk", uploading(), "curl", operation="MiB", quick=False),
    Row("crawl a site of 5,000 pages", crawling(), "aiohttp + uvloop, lxml", operation="page", quick=False),
    Row("crawl take, a million URLs", taking(), "PostgreSQL", metric="ms", operation="URL", arrangements=(TWO,), quick=False),
    Row("fetch small, one connection", fetching("small", 100, in_flight=1), "wrk", quick=False),
    Row("fetch small, a connection per request", fetching("small", 100, close=True), "wrk", quick=False),
    *_curve(),
    Row("fetch small, HTTP/2, 100 streams", multiplexing("small", 100), "h2load"),
    Row(
        "fetch small, HTTP/2 over TLS, 100 streams",
        multiplexing("small", 100, tls=True, only=[*SECURED]),
        "h2load",
        quick=False,
    ),
    Row("fetch 1 MiB, HTTP/2", multiplexing("1m", 1 << 20, in_flight=10), "h2load", quick=False),
    Row(
        "10,000 fetches of a 3 s page",
        slow_page(
            10_000,
            [*SWIRL, "libcurl", "AsyncHTTPClient, futures", "AsyncHTTPClient, async", "aiohttp + uvloop", "Twisted Agent"],
        ),
        "libcurl",
        metric="kib",
        arrangements=(TWO,),
        quick=False,
    ),
    Row("server hello", serving("hello", table=HTTP | FLOOR), "nginx"),
    Row("server hello, awaited", serving("hello", table=AWAITING_HANDLERS), "nginx"),
    Row("server hello, 100 routes", serving("hello", table=ROUTED), "one handler", quick=False, aim_ratio=1.05),
    Row("server hello, HTTP/2, 100 streams", serving_http2("hello"), "nginx"),
    Row(
        "server hello, HTTP/2, 100 connections of 10 streams",
        serving_http2("hello", streams=10, connections=100),
        "nginx",
        quick=False,
    ),
    Row("server 1 MiB, HTTP/2", serving_http2("1m", streams=10), "nginx", quick=False),
    Row(
        "server hello over TLS, 100 connections",
        serving_tls("hello", streams=1, connections=100, http1=True),
        "nginx",
        quick=False,
    ),
    Row("server hello, HTTP/2 over TLS, 100 streams", serving_tls("hello"), "nginx", quick=False),
    Row(
        "server, 10,000 requests of HTTP/2 that wait",
        waiting_streams(100, 100),
        "nginx",
        metric="kib",
        operation="stream",
        arrangements=(TWO,),
        quick=False,
    ),
    Row("server 1 MiB", serving("1m", table=HTTP | FLOOR), "nginx", quick=False),
    Row("server 1 MiB, a file", serving("1m", table=FILES), "nginx", quick=False, aim_ratio=1.1),
    Row(
        "server, a handler of a millisecond",
        computing(),
        "one reactor",
        metric="ms",
        arrangements=(TWO,),
        quick=False,
        aim_ratio=1 / 1.8,
    ),
    Row(
        "server, 10,000 idle connections",
        idle_connections(10_000),
        "Hummingbird",
        metric="kib",
        operation="connection",
        arrangements=(TWO,),
        quick=False,
    ),
    Row("Deferred", measuring_themselves(CHAINS), "SwiftNIO", operation="chain", arrangements=(ONE,)),
    Row("async bridge, a hop", measuring_themselves(HOPS), "SwiftNIO", operation="hop"),
    Row("timers", measuring_themselves(TIMERS), "SwiftNIO", operation="timer", arrangements=(ONE,)),
    Row("from a thread", measuring_themselves(THREADS), "SwiftNIO", operation="call"),
    Row("start of hello world", starting(HELLO), "SwiftNIO", metric="ms", operation="start", arrangements=(ONE,)),
    Row("TCP echo, 64 bytes, one connection", echoing("round-trips"), "SwiftNIO", operation="round trip"),
    Row(
        "TCP echo, 64 bytes, 100 connections",
        echoing("round-trips", "--connections", 100),
        "SwiftNIO",
        operation="round trip",
        quick=False,
    ),
    *(
        Row(
            f"UDP echo, {size:,} bytes, {sockets} sockets",
            echoing("datagrams", "--connections", sockets, "--size", size, table=DATAGRAM_ECHO),
            "SwiftNIO",
            operation="round trip",
            arrangements=(ONE,),
            quick=size == 64,
            aim_ratio=0.5,
        )
        # More of the large ones would not fit in the receive buffer at once.
        for size, sockets in ((64, 100), (1200, 50))
    ),
    Row("100,000 names", resolving(), "c-ares", operation="lookup", aim_ratio=1),
    Row("TCP echo, a stream", echoing("throughput"), "SwiftNIO", operation="MiB"),
    Row(
        "WebSocket echo, 64 bytes, 100 connections",
        exchanging(100, 64),
        "picows + uvloop",
        operation="message",
        aim_ratio=0.5,
    ),
    Row(
        "WebSocket echo, 64 KiB, 20 connections",
        exchanging(20, 1 << 16),
        "picows + uvloop",
        operation="message",
        quick=False,
        aim_ratio=0.5,
    ),
    Row(
        "WebSocket, a broadcast of 64 bytes to 10,000",
        broadcasting(10_000, 64),
        "picows + uvloop",
        operation="recipient",
        quick=False,
    ),
    Row(
        "WebSocket, 10,000 idle sockets",
        idle_sockets(10_000),
        "picows + uvloop",
        metric="kib",
        operation="socket",
        arrangements=(TWO,),
        quick=False,
        aim=2,
    ),
    *(
        Row(
            f"latency of {what} at half of its capacity",
            contenders,
            yardstick,
            metric="latency",
            operation="request, from when it was due",
            arrangements=(TWO,),
            quick=False,
            most_rounds=3,
        )
        for what, contenders, yardstick in (
            ("a server", latency.of_servers(), "nginx"), ("fetch", latency.of_clients(), "plain system calls"),
        )
    ),
]
