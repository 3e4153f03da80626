"""Latencies at half of the capacity, from when a request was due, so that no pause of the program under test is left out.

The load is open: requests are due at a fixed rate, whatever became of those before. The sender, or the client, has a core of its own and does
not sleep; the server has the other core. The capacity is what the same program does in a second under a closed load just before."""

import sys

from processes import Failed, run
from servers import HTTP

#: The load, as a share of the capacity.
SHARE = 0.5
CONNECTIONS = 100
#: The part of a request's latency that may be the sender's own lateness, both at the 99th percentile.
LATE = 0.2
#: Figure: the percentile's name in the program's report.
FIGURES = {"p50": "p50", "p99": "p99", "p99.9": "p999", "longest": "max"}
PERCENTILES = {"50": "p50", "90": "p90", "99": "p99", "99.9": "p999", "99.99": "p9999"}
SERVERS = ("Swirl", "Hummingbird")
CLIENTS = {
    "Swirl, callback": "swirl-callback swirl-open",
    "libcurl": "libcurl libcurl-open",
    "AsyncHTTPClient, futures": "ahc-future ahc-open",
}


def seconds(bench):
    """Longer than other measurements: of the slowest in a thousand there must be some."""
    return 5 * bench.seconds


def _figures(report, capacity, share, name):
    """A figure for each percentile, which has its own row."""
    late = report["late_p99"] / report["p99"]
    if late > LATE:
        print(f"{name}: the sender itself was late, by {report['late_p99']:.0f} of {report['p99']:.0f} µs (p99)", file=sys.stderr, flush=True)
    more = {"rate": report["asked_rate"], "capacity": capacity, "load": share, "late": report["late_p99"], "late_max": report["late_max"]}
    more |= {"waited": report["waited"] / report["operations"]} | {key: report[key] for key in PERCENTILES.values()}
    return {figure: {"latency": report[key]} | more for figure, key in FIGURES.items()}


def _sent(bench, url, rate, server):
    """What OpenLoad reports of a load of plain system calls."""
    command = ["OpenLoad", url, "--rate", rate, "--connections", CONNECTIONS, "--seconds", seconds(bench), "--pid", server.pid]
    return bench.reports(run(bench.command(command), [bench.client_core], seconds(bench) + 60))[-1]


def of_servers(path="hello"):
    """Each server under its own half; nginx is the yardstick."""

    def under_load(bench, server, name):
        url = f"http://127.0.0.1:{server.port}/{path}"
        count, wall, _ = bench.wrk(url, in_flight=CONNECTIONS)
        capacity = count / wall
        report = _sent(bench, url, SHARE * capacity, server)
        return _figures(report, capacity, report["server_cpu"] / report["wall"], name)

    def contender(name):
        def measure(bench):
            with bench.server(HTTP[name]) as server:
                return under_load(bench, server, name)

        return measure

    nginx = {"nginx": lambda bench: under_load(bench, bench.nginx(), "nginx")}
    return nginx | {name: contender(name) for name in SERVERS}


def of_clients(path="small", length=100):
    """Each client under its own half; the yardstick is the sender alone, plain system calls at the half of wrk."""

    def plain(bench):
        url = bench.page(path)
        count, wall, _ = bench.wrk(url, in_flight=CONNECTIONS)
        capacity = count / wall
        report = _sent(bench, url, SHARE * capacity, bench.nginx())
        return _figures(report, capacity, SHARE, "plain system calls")

    def contender(name, programs):
        closed, opened = programs.split()

        def measure(bench):
            options = [bench.page(path), "--in-flight", CONNECTIONS, "--length", length]
            [found] = bench.figures(["Clients", closed, *options, "--seconds", bench.seconds], [bench.client_core], 60).values()
            capacity = found["rate"]
            options += ["--rate", SHARE * capacity, "--seconds", seconds(bench)]
            ended = run(bench.command(["Clients", opened, *options]), [bench.client_core], seconds(bench) + 60)
            reports = bench.reports(ended)
            if not reports:
                raise Failed(f"{opened} reported nothing")
            return _figures(reports[-1], capacity, SHARE, name)

        return measure

    return {"plain system calls": plain} | {name: contender(name, programs) for name, programs in CLIENTS.items()}
