"""Swirl's server against slowhttptest: a thousand slow clients of each kind, while another one is answered at once."""
import contextlib
import http.client
import os
import pathlib
import subprocess
import threading
import time

from checks import program, report, server

#: How long the server waits for each step of a client, in seconds.
PATIENCE = 4
CLIENTS = 1000
#: How each kind is asked for: what they send in two seconds is less than the least rate.
KINDS = {"slow heads (-H)": ["-H", "-i", "2"], "slow bodies (-B)": ["-B", "-i", "2", "-s", "8192", "-t", "POST"],
         "ranges (-R)": ["-R", "-t", "HEAD"], "slow readers (-X)": ["-X", "-n", "1", "-z", "5", "-w", "10", "-y", "20"]}
#: Slow readers come more slowly: each is given a mebibyte at once.
RATES = {"slow readers (-X)": 200}
PATHS = {"slow readers (-X)": "/big"}
#: How long another client waits at most, in milliseconds; 10 for the other kinds. On a machine that compiles beside it, it was 16.
LIMITS = {"slow readers (-X)": 25}


def descriptors(process):
    """How many descriptors it has open."""
    return len(os.listdir(f"/proc/{process.pid}/fd"))


def memory(process):
    """What is resident of it, in MiB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


class Patient(threading.Thread):
    """A client that asks every five milliseconds, on a connection that is kept."""

    def __init__(self, port, limit):
        super().__init__()
        self.limit = limit
        self.port, self.times, self.problem, self.stopped = port, [], None, threading.Event()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            while not self.stopped.wait(0.005):
                start = time.monotonic()
                connection.request("GET", "/hello")
                answer = connection.getresponse()
                if (answer.status, answer.read()) != (200, b"hello\n"):
                    raise OSError(f"the answer is a {answer.status}")
                self.times.append(time.monotonic() - start)
        except (OSError, http.client.HTTPException) as error:
            self.problem = f"after {len(self.times)} answers: {error!r}"
        connection.close()

    def verdict(self):
        """What is wrong, and how long an answer takes at the 99th percentile, in milliseconds."""
        self.stopped.set()
        self.join()
        if self.problem or len(self.times) < 100:
            return self.problem or f"only {len(self.times)} answers", 0
        late = sorted(self.times)[len(self.times) * 99 // 100] * 1000
        return None if late <= self.limit else f"an answer takes {late:.1f} ms", late


def end_of_all(process, before, deadline):
    """Waits until the clients are no longer there; returns how many were there at most, and whether they have ended."""
    most, left = 0, 0
    while time.monotonic() < deadline:
        left = descriptors(process) - before
        most = max(most, left)
        # The patient client, and the tool's own that looks whether the server answers.
        if most > CLIENTS // 2 and left <= 2:
            return most, True
        time.sleep(0.1)
    return most, left <= 2


def attack(process, port, name, options):
    """One kind of slow clients, for half a minute at most."""
    before, resident = descriptors(process), memory(process)
    patient = Patient(port, LIMITS.get(name, 10))
    patient.start()
    command = [program("slowhttptest"), *options, "-c", str(CLIENTS), "-r", str(RATES.get(name, CLIENTS)), "-l", "25", "-v", "0", "-p", "10",
               "-u", f"http://127.0.0.1:{port}{PATHS.get(name, '/hello')}"]
    with server(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as tool:
        # Time to connect, twice the patience for one that is given a second look, and the time for lingering.
        most, ended = end_of_all(process, before, time.monotonic() + 2 + CLIENTS / RATES.get(name, CLIENTS) + 4 * PATIENCE)
        if name.startswith("ranges"):
            # They are answered, and the tool leaves.
            with contextlib.suppress(subprocess.TimeoutExpired):
                tool.wait(timeout=10)
            ended = descriptors(process) - before <= 1
    problem, late = patient.verdict()
    report(f"slowhttptest, {name}: another client has its answers within {late:.1f} ms", problem)
    report(f"slowhttptest, {name}: {most} clients at a time are ended", None if ended else f"{descriptors(process) - before} are left")
    deadline = time.monotonic() + 5
    while descriptors(process) > before and time.monotonic() < deadline:
        time.sleep(0.1)
    grown = memory(process) - resident
    problem = f"{descriptors(process) - before} more" if descriptors(process) > before else f"{grown} MiB more" if grown > 24 else None
    report(f"slowhttptest, {name}: descriptors and memory are as before", problem)


def server_of_slow_clients(probe, _fetch, _folder):
    """Each kind in turn, against the same server."""
    with server(probe, "serve", f"patience={PATIENCE}", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        port = int(process.stdout.readline().rpartition(":")[2])
        # What it opens once is there before the first count.
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
            connection.request("GET", "/hello", headers={"Connection": "close"})
            connection.getresponse().read()
        time.sleep(0.5)
        for name, options in KINDS.items():
            attack(process, port, name, options)
        if process.poll() is not None:
            report("slowhttptest: the server goes on", f"it has ended with {process.returncode}")
