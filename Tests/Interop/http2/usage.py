"""What a server uses, from /proc, while something is done to it."""
import os
import pathlib
import threading
import time


def family(pid):
    """The process and its children: nginx works in those."""
    found = [pid]
    for process in found:
        try:
            found += map(int, pathlib.Path(f"/proc/{process}/task/{process}/children").read_text().split())
        except OSError:
            pass
    return found


def memory(pid):
    """Resident octets."""
    total = 0
    for process in family(pid):
        try:
            total += int(pathlib.Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            pass
    return total


def processor(pid):
    """Seconds."""
    total = 0
    for process in family(pid):
        try:
            fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total / os.sysconf("SC_CLK_TCK")


class Watch:
    """The growth of memory at its peak, and the seconds of a processor, while the block runs."""

    def __init__(self, pid):
        self.pid, self.stops = pid, threading.Event()

    def __enter__(self):
        self.start = self.peak = memory(self.pid)
        self.before = processor(self.pid)
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def watch(self):
        while not self.stops.wait(0.01):
            self.peak = max(self.peak, memory(self.pid))

    def __exit__(self, *_):
        self.stops.set()
        self.thread.join()
        self.peak = max(self.peak, memory(self.pid))
        self.growth = self.peak - self.start
        self.seconds = processor(self.pid) - self.before


class Bystander:
    """A client of its own connection that asks all the time; knows the longest that it waited, and whether it was served."""

    def __init__(self, target):
        self.target, self.stops, self.slowest, self.served, self.problem = target, threading.Event(), 0.0, 0, None

    def __enter__(self):
        self.connection = self.target.connect(5)
        self.thread = threading.Thread(target=self.ask, daemon=True)
        self.thread.start()
        return self

    def ask(self):
        from .connection import Failed
        from .frames import headers
        stream = 1
        while not self.stops.wait(0.01):
            start = time.monotonic()
            try:
                self.connection.send(headers(stream, self.target.request()))
                self.connection.answer(stream)
            except Failed as error:
                self.problem = str(error)
                return
            self.slowest = max(self.slowest, time.monotonic() - start)
            self.served += 1
            stream += 2

    def __exit__(self, *_):
        self.stops.set()
        self.thread.join(6)
        self.connection.close()
