"""Whether the machine does anything else: a fixed loop on each core, timed again and again, and what the kernel says of the rest."""

import hashlib
import os
import statistics
import time

#: How much of the time others may take in a quiet machine.
LIMIT = 0.05
#: How much longer than at its best the loop may take: on a virtual machine without other work it is up to 7 % longer; beside a compiler
#: that has half of the time it takes twice as long.
LOOP_LIMIT = 0.1
#: The loop: 4 MiB hashed, some 10 ms. It is one call of C, so that Python's own noise is not measured along.
_BLOCK = bytes(1 << 22)
_TIMES = 5
#: How often it is read again after a row, a second apart.
_SETTLING = 3
#: How often something is measured anew, if the machine was not quiet after it.
ANEW = 2
#: After so many rows in a row that were disturbed each time, a run ends.
GIVE_UP = 3


class Loaded(Exception):
    """Other work disturbs what is measured."""


def _loop_seconds():
    start = time.perf_counter()
    hashlib.sha256(_BLOCK).digest()
    return time.perf_counter() - start


def _busy_jiffies():
    """What all cores have done since the machine started, and all the time there was; stolen time counts as done."""
    with open("/proc/stat") as lines:
        fields = [int(word) for word in lines.readline().split()[1:9]]
    idle = fields[3] + fields[4]
    return sum(fields) - idle, sum(fields)


def busy_share(seconds=1.0):
    """The share of the machine's time that others take while this program sleeps."""
    busy, total = _busy_jiffies()
    time.sleep(seconds)
    busy_after, total_after = _busy_jiffies()
    return (busy_after - busy) / max(1, total_after - total)


class Noise:
    """The readings of one run. The best time of each core so far is what the loop takes on a quiet machine."""

    def __init__(self, cores):
        self._cores = sorted(set(cores))
        self._best = {core: float("inf") for core in self._cores}
        self._before = None
        #: What was read before the first row, after each, and at the end.
        self.readings = []

    def read(self):
        """How much longer the loop takes now than at its best, on the worst core: 0.02 is 2 % longer."""
        allowed = os.sched_getaffinity(0)
        slower = []
        try:
            for core in self._cores:
                os.sched_setaffinity(0, {core})
                _loop_seconds()
                took = [_loop_seconds() for _ in range(_TIMES)]
                self._best[core] = min(self._best[core], *took)
                # The median: one interrupt is no load.
                slower.append(statistics.median(took) / self._best[core] - 1)
        finally:
            os.sched_setaffinity(0, allowed)
        self.readings.append(max(slower))
        return self.readings[-1]

    def settled(self):
        """Like read, but what the kernel still does for a row that has ended, such as freeing 10,000 sockets, has some seconds to end."""
        slower = self.read()
        for _ in range(_SETTLING):
            if slower <= LOOP_LIMIT:
                break
            # What was still being done is no noise of a measurement.
            self.readings.pop()
            time.sleep(1)
            slower = self.read()
        return slower

    def before(self):
        """Before the first row: the loop three times, and the share of others. Why results would be worth nothing, or nothing."""
        share = busy_share()
        slower = max(self.read() for _ in range(3))
        self._before = {"others": share, "loop": slower}
        if share > LIMIT:
            return f"others take {share:.0%} of the machine's time: stop them, or wait for their end"
        if slower > LOOP_LIMIT:
            return f"a loop that does the same each time takes up to {slower:.0%} longer than at its best: wait until the machine is quiet"
        return None

    def summary(self):
        """For the file of results."""
        return {
            "limit": LIMIT,
            "loop_limit": LOOP_LIMIT,
            "before": self._before,
            "between": statistics.median(self.readings),
            "worst": max(self.readings),
            "after": self.readings[-1],
        }
