"""What every Python program under test shares: its command line, the clock, and the line of JSON it reports."""

import argparse
import json
import resource
import sys
import time


def options(url=True):
    parser = argparse.ArgumentParser()
    if url:
        parser.add_argument("url")
    parser.add_argument("--in-flight", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--warm-up", type=float, default=0.5)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--length", type=int, default=-1)
    parser.add_argument("--close", action="store_true")
    parser.add_argument("--uvloop", action="store_true")
    return parser.parse_args()


def usage():
    """User time, kernel time and the monotonic clock, in seconds."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime, used.ru_stime, time.monotonic()


def resident_kib(field):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(field + ":"):
                return int(line.split()[1])
    return 0


def report(figure, operations, start, end=None, **more):
    user, system, wall = (after - before for after, before in zip(end or usage(), start))
    line = {"figure": figure, "operations": operations, "user": user, "system": system, "wall": wall}
    print(json.dumps(line | more), flush=True)


class Load:
    """Keeps a number of requests under way: warm up, measure, stop. With --count: that many requests and no warm-up."""

    def __init__(self, arguments):
        self.url = arguments.url
        self.in_flight = arguments.in_flight
        self.headers = {"Connection": "close"} if arguments.close else {}
        self._length = arguments.length
        self._seconds = arguments.seconds
        self._count = arguments.count
        self._started = arguments.in_flight
        self._completed = 0
        self._completed_at_start = 0
        self._warm = self._ending = False
        self._resident = resident_kib("VmRSS")
        self._start = usage()
        self._phase_ends = self._start[2] + arguments.warm_up

    def complete(self, status, length):
        """One response has come. Gives whether another request shall take its place."""
        if status != 200 or self._length not in (-1, length):
            sys.exit(f"{self.url}: status {status}, {length} bytes")
        self._completed += 1
        if self._count:
            if self._started < self._count:
                self._started += 1
                return True
            if self._completed == self._count:
                self._report()
            return False
        if self._completed % 16 == 0 and not self._ending and time.monotonic() >= self._phase_ends:
            self._next_phase()
        return not self._ending

    def _next_phase(self):
        if self._warm:
            self._report()
            self._ending = True
        elif self._completed >= 2 * self.in_flight:
            # Every connection was made by now.
            self._warm = True
            self._start = usage()
            self._completed_at_start = self._completed
            self._phase_ends = self._start[2] + self._seconds

    def _report(self):
        report(
            "", self._completed - self._completed_at_start, self._start,
            rss_before=self._resident, rss_peak=resident_kib("VmHWM"),
        )
