"""HTTP clients that get pages of nginx."""

SWIRL = ["Swirl, callback", "Swirl, Deferred"]
#: Plain system calls that keep nothing, as the yardstick does: what is left for a client to save.
FLOOR = {"C, epoll": ["ClientFloor"]}
#: The same, with each answer on its way over another thread.
HOPPING = {"C, another thread": ["ClientFloor", "hop"]}
#: The floor of HTTP/2, on libnghttp2, without TLS.
MULTIPLEXING_FLOOR = {"C, nghttp2": ["HTTP2Floor"]}
PROGRAMS = {
    "Swirl, callback": ["Clients", "swirl-callback"],
    "Swirl, Deferred": ["Clients", "swirl-deferred"],
    "Swirl, awaited on main": ["Clients", "swirl-awaited-main"],
    "Swirl, awaited Deferred": ["Clients", "swirl-awaited-deferred"],
    "Swirl, awaited in actor": ["Clients", "swirl-awaited-actor"],
    "Swirl, awaited from pool": ["Clients", "swirl-awaited-pool"],
    "libcurl": ["Clients", "libcurl"],
    "AsyncHTTPClient, futures": ["Clients", "ahc-future"],
    "AsyncHTTPClient, async": ["Clients", "ahc-async"],
    "aiohttp + uvloop": ["client_aiohttp.py", "--uvloop"],
    "aiohttp": ["client_aiohttp.py"],
    "Twisted Agent": ["client_twisted.py"],
    "Tornado simple client": ["client_tornado.py"],
    "URLSession": ["Clients", "urlsession"],
}
#: Those that can be told whom to trust.
SECURED = [*SWIRL, "libcurl", "AsyncHTTPClient, futures", "AsyncHTTPClient, async"]
#: Those that speak HTTP/2 with a server that is known to. libcurl 7.88 cannot use such a connection again: it is in the rows over TLS.
MULTIPLEXING = [*SWIRL, "Swirl, awaited on main"]
AWAITED = [name for name in PROGRAMS if name.startswith("Swirl, awaited")]
#: Those of most rows: what awaiting costs has rows of its own.
USUAL = [name for name in PROGRAMS if name not in AWAITED]


def fetching(path, length, in_flight=100, close=False, tls=False, only=USUAL):
    """Each asks for one page again and again; wrk, which keeps nothing of what it reads, is the yardstick."""

    def client(words):
        def measure(bench):
            options = ["--in-flight", in_flight, "--length", length, "--seconds", bench.seconds]
            options += ["--close"] if close else []
            url = bench.page(path, tls)
            options += ["--roots", bench.roots] if tls else []
            return bench.figures([*words, url, *options], [bench.client_core], bench.seconds + 60)

        return measure

    def wrk(bench):
        if in_flight < 1000 and not tls:
            return {"": bench.per_operation(wrk_run(bench, bench.seconds))}
        # wrk has no warm-up: what making so many connections takes drops out of the difference of two runs.
        short, longer = (wrk_run(bench, seconds) for seconds in (2, 2 + bench.seconds))
        return {"": bench.per_operation({name: longer[name] - short[name] for name in longer})}

    def wrk_run(bench, seconds):
        count, wall, ended = bench.wrk(bench.page(path, tls), seconds, in_flight=in_flight, close=close)
        return {"operations": count, "user": ended.user, "system": ended.system, "wall": wall}

    programs = {name: PROGRAMS[name] for name in only} | FLOOR
    if "Swirl, awaited from pool" in only:
        programs |= HOPPING
    return {"wrk": wrk} | {name: client(words) for name, words in programs.items()}


def multiplexing(path, length, in_flight=100, tls=False, only=MULTIPLEXING):
    """The same over one connection of HTTP/2; h2load, which keeps nothing of what it reads, is the yardstick."""

    def client(words):
        def measure(bench):
            options = ["--in-flight", in_flight, "--length", length, "--seconds", bench.seconds, "--http2"]
            options += ["--roots", bench.roots] if tls else []
            url = bench.page(path, tls, http2=True)
            return bench.figures([*words, url, *options], [bench.client_core], bench.seconds + 60)

        return measure

    def h2load_run(bench):
        count, wall, ended = bench.h2load(bench.page(path, tls, http2=True), streams=in_flight)
        return {"": bench.per_operation({"operations": count, "user": ended.user, "system": ended.system, "wall": wall})}

    programs = {name: PROGRAMS[name] for name in only} | ({} if tls else MULTIPLEXING_FLOOR)
    return {"h2load": h2load_run} | {name: client(words) for name, words in programs.items()}


def slow_page(count, only):
    """Each asks at once for many pages that take three seconds: the time for all, and what a request under way holds."""

    def client(words):
        def measure(bench):
            options = ["--in-flight", count, "--count", count, "--length", 6]
            figures = bench.figures([*words, bench.page("slow"), *options], [bench.client_core], 180)
            figures[""]["kib"] = (figures[""]["rss_peak"] - figures[""]["rss_before"]) / count
            return figures

        return measure

    return {name: client(PROGRAMS[name]) for name in only}
