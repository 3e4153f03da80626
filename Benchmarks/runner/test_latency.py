"""Whether OpenLoad measures what it says: `SWIRL_PROGRAMS=DIRECTORY python3 -m unittest test_latency`."""

import json
import math
import os
import pathlib
import random
import signal
import socket
import subprocess
import threading
import time
import unittest

OPEN_LOAD = pathlib.Path(os.environ.get("SWIRL_PROGRAMS", ".")) / "OpenLoad"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


class Answering:
    """A server whose connections are threads; `answer` gives what is sent for a request, or None to close."""

    def __init__(self, answer=lambda number: ANSWER):
        self._answer, self._number, self._lock = answer, 0, threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/hello"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                one, _ = self._listener.accept()
            except OSError:
                return
            self._sockets.append(one)
            threading.Thread(target=self._serve, args=[one], daemon=True).start()

    def _serve(self, one):
        with one:
            while True:
                try:
                    if not one.recv(65536):
                        return
                    # One at a time, so that an answer that takes its time delays all, as a loop that pauses does.
                    with self._lock:
                        self._number += 1
                        answer = self._answer(self._number)
                    if answer is None:
                        return
                    one.sendall(answer)
                except OSError:
                    return

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        for one in self._sockets:
            one.close()


def begin(server, *options):
    command = [OPEN_LOAD, server.url, "--warm-up", "0.1", *map(str, options)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def report(program):
    output, errors = program.communicate(timeout=60)
    assert program.returncode == 0, errors
    return json.loads(output.splitlines()[-1])


class Percentiles(unittest.TestCase):
    def check(self, values):
        found = subprocess.run(
            [OPEN_LOAD, "percentiles"], input="\n".join(map(str, values)), capture_output=True, text=True, check=True
        )
        found, ordered = json.loads(found.stdout), sorted(values)
        for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999), ("p9999", 0.9999), ("max", 1)):
            exact = ordered[max(1, math.ceil(share * len(values))) - 1]
            with self.subTest(name=name, exact=exact):
                self.assertGreaterEqual(round(found[name] * 1e3), exact)
                self.assertLessEqual(round(found[name] * 1e3), exact * (1 + 1 / 128))
        self.assertEqual(round(found["max"] * 1e3), ordered[-1])
        self.assertAlmostEqual(found["mean"] * 1e3, sum(values) / len(values), delta=1 + sum(values) / len(values) * 1e-6)

    def test_are_within_a_hundred_and_twenty_eighth(self):
        numbers = random.Random(7)
        for scale in (100, 1_000, 1_000_000, 60_000_000_000):
            self.check([int(numbers.expovariate(1 / scale)) for _ in range(20_000)])

    def test_at_the_edges_of_buckets(self):
        for power in range(50):
            for value in {max(0, 2**power - 1), 2**power, 2**power + 1}:
                self.check([value])


class Sender(unittest.TestCase):
    def test_a_pause_counts_for_all_that_were_due_in_it(self):
        def answer(number):
            if number == 150:
                time.sleep(0.5)
            return ANSWER

        with Answering(answer) as server:
            found = report(begin(server, "--rate", 200, "--connections", 4, "--seconds", 2))
        self.assertEqual(found["operations"], 400)
        # A hundred of 400 were due in the half second: counted from when they were sent, four would be slow.
        self.assertGreater(found["p90"], 200_000)
        self.assertLess(found["p50"], 100_000)
        self.assertGreater(found["max"], 490_000)
        self.assertGreater(found["waited"], 80)
        self.assertLess(found["late_p99"], 100_000)

    def test_it_says_when_it_was_late_itself(self):
        with Answering() as server:
            program = begin(server, "--rate", 200, "--connections", 4, "--seconds", 2)
            time.sleep(1)
            program.send_signal(signal.SIGSTOP)
            time.sleep(0.5)
            program.send_signal(signal.SIGCONT)
            found = report(program)
        self.assertGreater(found["late_max"], 400_000)
        self.assertGreater(found["late_p90"], 100_000)

    def test_the_rate_is_as_asked(self):
        for arrivals in ("even", "random"):
            with Answering() as server:
                found = report(begin(server, "--rate", 500, "--connections", 10, "--seconds", 1, "--arrivals", arrivals))
            with self.subTest(arrivals=arrivals):
                self.assertAlmostEqual(found["operations"], 500, delta=1 if arrivals == "even" else 100)

    def test_it_fails_with_a_server_that_does_not_keep_up(self):
        def answer(number):
            time.sleep(0.02)
            return ANSWER

        with Answering(answer) as server:
            program = begin(server, "--rate", 1000, "--connections", 4, "--seconds", 0.5, "--grace", 0.5)
            _, errors = program.communicate(timeout=60)
        self.assertEqual(program.returncode, 1)
        self.assertIn("does not answer 1000", errors)

    def test_it_fails_with_other_answers(self):
        # The first four are read before the load begins.
        cases = {
            "closed a connection": None,
            "not 200": b"HTTP/1.1 500 No\r\nContent-Length: 5\r\n\r\nhello",
            "not 43 bytes": ANSWER + b"more",
        }
        for words, wrong in cases.items():
            with self.subTest(words=words), Answering(lambda number: ANSWER if number < 50 else wrong) as server:
                _, errors = begin(server, "--rate", 200, "--connections", 4, "--seconds", 1).communicate(timeout=60)
                self.assertIn(words, errors)


if __name__ == "__main__":
    unittest.main()
