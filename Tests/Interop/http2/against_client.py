"""Swirl's client against servers of others: nginx, nghttpd, node, haproxy, python's h2."""
import re

from checks import report, run

from . import peers


class Ours:
    """InteropProbe, told what to do with a server."""

    def __init__(self, probe, target, pages):
        self.probe, self.target = probe, target
        self.base = f"{'https' if target.tls else 'http'}://localhost:{target.port}"
        self.roots = [f"roots={pages.authority.certificate}"]

    def run(self, *words):
        return run(self.probe, "http2", *self.roots, *words)

    def expect(self, name, want, *words, status=None):
        """Standard output has to be as wanted, and standard error to have a line."""
        got = self.run(*words)
        good = got.returncode == 0 and got.stdout == want and (status is None or status in got.stderr.decode().splitlines())
        report(f"{self.target.name}: {name}", None if good else f"exit code {got.returncode}, {got.stdout[:200]!r} {got.stderr.decode()[-300:]}")

    def expect_lines(self, name, *words, want, connections):
        """A line for the answers, all alike, and the number of connections."""
        got = self.run(*words)
        text = got.stdout.decode()
        lines = text.splitlines()
        count = int((re.search(r"connections: (\d+)", text) or [0, "0"])[1])
        good = got.returncode == 0 and lines[:1] == [want] and count in connections
        report(f"{self.target.name}: {name}, {count} connection{'s' * (count != 1)}", None if good else f"exit code {got.returncode}, {text[:300]!r} {got.stderr.decode()[-300:]}")
        return lines


def basics(ours):
    ours.expect("GET", b"hello\n", f"{ours.base}/hello", status="status 200")
    ours.expect("1 MiB", b"x" * (1 << 20), f"{ours.base}/big")
    ours.expect("HEAD", b"", "method=HEAD", f"{ours.base}/big", status="status 200")
    ours.expect_lines("10,000 streams", "count=10000", f"{ours.base}/hello", want="10000 × 200 hello", connections=range(1, 3))
    slow = ours.expect_lines("a slow stream does not stop the others", "count=200", f"slow={ours.base}/big", f"{ours.base}/hello",
                             want="200 × 200 hello", connections=range(0, 3))
    report(f"{ours.target.name}: the slow stream is complete", None if slow[-1:] == ["1048576"] else f"{slow}")


def uploads(ours, path, answer, size=300_000):
    want = answer(size)
    ours.expect(f"POST of {size} octets to {path}", want, "method=POST", f"size={size}", f"{ours.base}{path}", status="status 200")
    text = want.decode().strip() if len(want) <= 100 else str(len(want))
    ours.expect_lines(f"100 uploads at once to {path}", "method=POST", f"size={size}", "count=100", f"{ours.base}{path}",
                      want=f"100 × 200 {text}", connections=range(1, 3))


def echoed(size):
    return b"x" * size


def counted(size):
    return f"{size}\n".encode()


def taken(size):
    return b"taken\n"


def all_against(probe, pages, size):
    plain_and_secured = (True, False)
    with peers.nginx(pages) as targets:
        for target in targets[:2]:
            ours = Ours(probe, target, pages)
            basics(ours)
            uploads(ours, "/echo", taken)
            uploads(ours, "/sink", taken)
            ours.expect(f"{size >> 20} MiB down", f"{size}\n".encode(), "show=length", f"{ours.base}/large")
            ours.expect(f"{size >> 20} MiB up", b"taken\n", "method=PUT", f"size={size}", f"{ours.base}/sink")
    with peers.nginx(pages, requests=100) as targets:
        for target in targets[:2]:
            ours = Ours(probe, target, pages)
            ours.expect_lines("2,000 requests through GOAWAY after each 100", "count=2000", f"{ours.base}/hello", want="2000 × 200 hello",
                              connections=range(19, 60))
            ours.expect_lines("500 uploads through GOAWAY after each 100", "method=POST", "size=20000", "count=500", f"{ours.base}/echo",
                              want="500 × 200 taken", connections=range(4, 40))
    for tls in plain_and_secured:
        with peers.nghttpd(pages, tls) as (target,):
            ours = Ours(probe, target, pages)
            basics(ours)
            uploads(ours, "/echo", echoed)
            ours.expect("trailers", b"hello\n", f"{ours.base}/hello", status="trailer x-sum: 3")
    with peers.haproxy(pages) as targets:
        for target in targets:
            ours = Ours(probe, target, pages)
            basics(ours)
            uploads(ours, "/echo", taken)
    for make in (peers.node, peers.h2):
        with make(pages) as targets:
            for target in targets:
                ours = Ours(probe, target, pages)
                basics(ours)
                uploads(ours, "/echo", echoed)
                uploads(ours, "/sink", counted)
                ours.expect("trailers", b"no trailers\n", f"{ours.base}/trailers", status="trailer x-sum: 3")
                ours.expect("103", b"hello\n", f"{ours.base}/hints", status="interim 103")
                if make is peers.node:
                    ours.expect(f"{size >> 20} MiB down", f"{size}\n".encode(), "show=length", f"{ours.base}/flow/{size}")
                    ours.expect(f"{size >> 20} MiB up", f"{size}\n".encode(), "method=PUT", f"size={size}", f"{ours.base}/sink")
