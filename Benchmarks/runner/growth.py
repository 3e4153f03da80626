"""Curves: what an operation takes and holds while there are more and more others, over four to seven powers of ten."""

import dataclasses
import typing

from clients import PROGRAMS
from processes import run
from servers import HTTP

#: A figure may be so many times as much at any size as at its least.
FLAT = 2.0
#: Sizes from which a measurement is made once in a run, because it takes long and varies little.
LONG = 100_000


@dataclasses.dataclass
class Curve:
    """`series` are functions of a bench and a size; each gives figures by name, with `cpu` in µs and perhaps `kib` for each of so many."""

    name: str
    of: str
    sizes: tuple
    series: dict[str, typing.Callable]
    #: What an operation is; what holds memory.
    operation: str = "operation"
    held: str = "each"
    #: Why a figure of Swirl's is not flat, by its name and metric: how many times its least it may be, and the reason.
    reasons: dict[tuple[str, str], tuple[float, str]] = dataclasses.field(default_factory=dict)


def powers(first, last, *more):
    return tuple(10**power for power in range(first, last + 1)) + more


def itself(subject):
    """A program that measures itself, a process for each size."""

    def measure(bench, size):
        return bench.figures(["Growth", subject, "--size", size], [bench.client_core], 300)

    return measure


def _held(cpu, kib, size):
    """In the memory of few what a process holds once would show."""
    return {"cpu": cpu, "kib": kib / size} if size >= 1000 else {"cpu": cpu}


def fetching(name):
    def measure(bench, size):
        options = ["--in-flight", size, "--length", 100, "--seconds", bench.seconds]
        figures = bench.figures([*PROGRAMS[name], bench.page("small"), *options], [bench.client_core], bench.seconds + 120)
        [found] = figures.values()
        return {"a request": _held(found["cpu"], found["rss_peak"] - found["rss_before"], size)}

    return measure


def wrk(bench, size):
    """It has no warm-up: what making the connections takes drops out of the difference of two runs."""
    (few, _, short), (many, _, longer) = (bench.wrk(bench.page("small"), seconds, in_flight=size) for seconds in (2, 2 + bench.seconds))
    used = longer.user + longer.system - short.user - short.system
    return {"a request": {"cpu": used / (many - few) * 1e6}}


#: Requests a second of all connections together, which every server has time for.
RATE = 10_000


def serving(words):
    """The same rate on more and more connections, each of which is used in its turn; then all are idle but open."""

    def load(bench, server, connections, seconds):
        url = f"http://127.0.0.1:{server.port}/hello"
        options = ["--rate", RATE, "--connections", connections, "--seconds", seconds, "--pid", server.pid]
        return bench.reports(run(bench.command(["OpenLoad", url, *options]), [bench.client_core], 120))[-1]

    def under_load(bench, server, size):
        before = load(bench, server, 1, 0.2)["server_kib"]
        # Each connection once at least, before and while it counts.
        report = load(bench, server, size, max(bench.seconds, 1.2 * size / RATE))
        return {"a request": _held(report["server_cpu"] / report["operations"] * 1e6, report["server_kib"] - before, size)}

    def measure(bench, size):
        if words is None:
            return under_load(bench, bench.nginx(), size)
        with bench.server(words) as server:
            return under_load(bench, server, size)

    return measure


#: Counted by callgrind: 6,800 instructions for all phases of a timer among ten thousand, 7,000 among a hundred thousand.
MISSES = (
    "cache misses: ten million timers hold 1.5 GiB, in another order than that of the memory; "
    "the instructions grow by 3 % with each power of ten, the depth of the heap"
)

#: By perf: at a thousand and at ten thousand the same functions take the time, retain and release before others.
CONNECTIONS = "cache misses: ten thousand connections hold 28 MiB, and each is touched once in ten thousand requests"

FILES = "the kernel makes a file, renames it and removes another: four fifths of the time; Swirl's own is 100 µs with 100,000 files, 77 for a new page"
EVICTS = "a jar holds about 3,000 cookies: beyond, each new one costs the eviction of another"
BESIDE_SECURE = "a cookie over http, beside secure ones"

CURVES = [
    Curve(
        "fetch",
        "requests in flight",
        powers(0, 4),
        {"Swirl": fetching("Swirl, callback"), "wrk": wrk},
        operation="request",
        held="request in flight",
        reasons={("a request", "cpu"): (2.5, CONNECTIONS)},
    ),
    Curve(
        "server",
        "connections",
        powers(1, 4, 18_000),
        {"Swirl": serving(HTTP["Swirl"]), "nginx": serving(None), "Hummingbird": serving(HTTP["Hummingbird"])},
        operation="request",
        held="connection",
    ),
    Curve(
        "timers",
        "pending timers",
        powers(3, 7),
        {"Swirl": itself("timers")},
        held="timer",
        reasons={(figure, "cpu"): (4.0, MISSES) for figure in ("add", "add and cancel with others pending", "cancel", "call")},
    ),
    Curve("fan-in", "members", powers(1, 7), {"Swirl": itself("gather")}, operation="member", held="member"),
    Curve(
        "cookie jar",
        "domains",
        powers(1, 4),
        {"Swirl": itself("jar")},
        held="cookie",
        reasons={(figure, "cpu"): (2.5, EVICTS) for figure in ("a cookie of a new domain", "a cookie replaced", BESIDE_SECURE)},
    ),
    Curve("router", "routes", powers(1, 4), {"Swirl": itself("router")}, held="route"),
    Curve(
        "cache directory",
        "files",
        powers(1, 5),
        {"Swirl": itself("cache")},
        reasons={("a new page in place of an old one", "cpu"): (3.0, FILES)},
    ),
]
