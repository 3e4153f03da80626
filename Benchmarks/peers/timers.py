"""What the timer programs of Python share: sizes, delays, and the sums of each phase. See Sources/Timers."""

import sys

import load

SIZES = [("1k", 1_000, 20), ("100k", 100_000, 1), ("1M", 1_000_000, 1)]
if "--quick" in sys.argv:
    SIZES = SIZES[:1]


def delays():
    """Milliseconds in no order, the same for every contender."""
    state = 42
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % (1 << 64)
        yield state >> 33


def too_early():
    sys.exit("too early")


class Phases:
    def __init__(self):
        self._sums = {}
        self.begin()

    def begin(self):
        self._start = load.usage()

    def end(self, phase):
        spent = [after - before for after, before in zip(load.usage(), self._start)]
        self._sums[phase] = [a + b for a, b in zip(self._sums.get(phase, (0, 0, 0)), spent)]

    def report(self, size, operations):
        for phase, sums in sorted(self._sums.items()):
            load.report(f"{phase}, {size}", operations, (0, 0, 0), sums)
