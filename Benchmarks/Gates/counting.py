"""Counts that repeat: what an operation allocates, how many instructions it takes, and how many system calls it makes.

Each is the difference of a run with twice the operations and a run with them, divided by their number."""

import os
import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
# The seed of Swift's dictionaries is part of what must repeat.
ENVIRONMENT = os.environ | {"SWIFT_DETERMINISTIC_HASHING": "1", "LC_ALL": "C"}

#: Rows: the program and its operation, how many of them, and who is at the other end of the connection.
ROWS = {
    "fetch": (("Operations", "fetch"), 1_000, "server"),
    "fetch, Deferred": (("Operations", "fetch-deferred"), 1_000, "server"),
    "fetch over TLS": (("Exchanges", "tls"), 1_000, "TLS server"),
    "fetch, 1 MiB": (("Exchanges", "mebibyte"), 100, "server"),
    "fetch, streamed": (("Exchanges", "streamed"), 1_000, "server"),
    "fetch, one redirect": (("Exchanges", "redirect"), 1_000, "server"),
    "fetch, gzip": (("Exchanges", "gzip"), 1_000, "server"),
    "fetch, HTTP/2": (("Multiplexing", "fetch"), 1_000, "HTTP/2 server"),
    "fetch, awaited on main": (("Awaits", "fetch"), 1_000, "server"),
    "fetch, awaited in actor": (("Awaits", "fetch-actor"), 1_000, "server"),
    "server hello": (("Operations", "hello"), 1_000, "client"),
    "server hello, 100 routes": (("Operations", "hello-routed"), 1_000, "client"),
    "server hello, HTTP/2": (("Multiplexing", "hello"), 1_000, "HTTP/2 client"),
    "server hello, awaited": (("Awaits", "hello"), 1_000, "client"),
    "Deferred chain of three": (("Operations", "chain"), 10_000, None),
    "await on main": (("Awaits", "main"), 10_000, None),
    "await in actor": (("Awaits", "actor"), 10_000, None),
    "callLater and cancel": (("Operations", "timer"), 10_000, None),
    "semaphore, 1,000 wait": (("Waiters", "release/1000"), 10_000, None),
    "semaphore, 100,000 wait": (("Waiters", "release/100000"), 10_000, None),
    "semaphore, one of 100,000 cancelled": (("Waiters", "cancel/100000"), 10_000, None),
    "callFromThread": (("Operations", "call-from-thread"), 10_000, None),
}


#: How often the operations are run, the lowest count of which is taken: how many reads a large body takes depends on how much of it the
#: kernel has at that moment, and beside other work it is sometimes more.
REPEATED = {"fetch, 1 MiB": 4}


class Counters:
    def __init__(self, programs, folder):
        self._programs = pathlib.Path(programs)
        self._folder = pathlib.Path(folder)
        self._shim = self._folder / "allocations.so"
        compile_shim = ["cc", "-O2", "-fPIC", "-shared", "-o", self._shim, HERE / "allocations.c"]
        subprocess.run(compile_shim, check=True)

    def measure(self, row):
        """The three counts of a row."""
        return {
            "allocations": self._each(row, self._allocations),
            "instructions": self._each(row, self._instructions),
            "system calls": self._each(row, self._system_calls),
        }

    def _each(self, row, count):
        operation, operations, peer = ROWS[row]
        once, twice = (
            min(count(operation, number, peer) for _ in range(REPEATED.get(row, 1))) for number in (operations, 2 * operations)
        )
        return (twice - once) / operations

    def _allocations(self, *what):
        result = self._folder / "allocations"
        self._run(*what, [], {"LD_PRELOAD": str(self._shim), "SWIRL_ALLOCATIONS": str(result)})
        return int(result.read_text())

    def _instructions(self, *what):
        under = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
        return int(re.search(r"Collected : (\d+)", self._run(*what, under, {}))[1])

    def _system_calls(self, *what):
        result = self._folder / "strace"
        self._run(*what, ["strace", "-c", "-f", "-o", result], {})
        # time, seconds, per call, calls, [errors,] "total"
        return int(re.search(r"^\s*[\d.]+\s+[\d.]+\s+(?:[\d.]+\s+)?(\d+)\s+(?:\d+\s+)?total", result.read_text(), re.M)[1])

    def _run(self, operation, count, peer, under, environment):
        """Runs an operation with its other end beside it; gives what it complained of."""
        program, name = operation
        command = [*under, self._programs / program, name, count]
        environment = ENVIRONMENT | environment
        if peer in ("server", "TLS server", "HTTP/2 server"):
            words = {
                "server": [self._programs / "Peer", "server"],
                "TLS server": [sys.executable, HERE / "tls_peer.py"],
                "HTTP/2 server": [sys.executable, HERE / "http2_peer.py"],
            }[peer]
            with _started(words) as server:
                try:
                    port = server.stdout.readline().strip()
                    done = subprocess.run(_words(*command, port), capture_output=True, text=True, timeout=300, env=environment)
                finally:
                    server.kill()
            return _complaints(done.returncode, done.stderr)
        with tempfile.TemporaryFile("w+") as errors, _started(command, errors, environment) as program:
            try:
                if peer is not None:
                    port = program.stdout.readline().strip()
                    client = [self._programs / "Peer", "client", port, count]
                    if peer == "HTTP/2 client":
                        client = ["h2load", "-c1", "-m1", f"-n{count}", f"http://127.0.0.1:{port}/hello"]
                    subprocess.run(_words(*client), check=True, timeout=300, stdout=subprocess.DEVNULL)
                status = program.wait(300)
            finally:
                program.kill()
            errors.seek(0)
            return _complaints(status, errors.read())


def _words(*command):
    return [str(word) for word in command]


def _started(command, errors=None, environment=None):
    return subprocess.Popen(_words(*command), stdout=subprocess.PIPE, stderr=errors, text=True, env=environment)


def _complaints(status, text):
    if status != 0:
        raise SystemExit(f"an operation ended with {status}: {text[-2000:]}")
    return text
