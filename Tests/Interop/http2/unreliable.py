"""A server whose connections end at random: by GOAWAY, by a cut, with streams that it refuses. It counts what it has processed."""
import collections
import contextlib
import random
import socket
import struct
import threading

import hpack

from checks import report, run

from .frames import (ACK, DATA, END_HEADERS, END_STREAM, HEADERS, PING, PREFACE, REFUSED_STREAM, SETTINGS, data, goaway, headers, indexed, ping,
                     reset, settings, window_update)
from .listener import Listener


class UnreliableServer(Listener):
    """`seed` decides all but the order in which threads run."""

    def __init__(self, seed):
        self.random, self.counts, self.connections = random.Random(seed), collections.Counter(), 0
        self.cuts = 0
        self.lock = threading.Lock()
        super().__init__()

    def serve(self, stream):
        with self.lock:
            self.connections += 1
            dice = random.Random(self.random.random())
        with contextlib.suppress(OSError), stream:
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Unreliable(self, stream, dice).run()


class Unreliable:
    """One connection, which lasts for some requests."""

    def __init__(self, server, stream, dice):
        self.server, self.socket, self.dice = server, stream, dice
        self.left, self.decoder, self.requests, self.last = dice.randrange(1, 300), hpack.Decoder(), {}, None

    def run(self):
        self.socket.sendall(settings())
        received, complete = bytearray(), []
        skipped = False
        while more := self.socket.recv(65536):
            received += more
            if not skipped and len(received) >= len(PREFACE):
                del received[:len(PREFACE)]
                skipped = True
            while skipped and len(received) >= 9 and len(received) >= (length := 9 + int.from_bytes(received[:3], "big")):
                self.take(received[3], received[4], int.from_bytes(received[5:9], "big"), bytes(received[9:length]), complete)
                del received[:length]
            if complete and self.last is None and not self.answer(complete):
                return
            complete = []

    def take(self, kind, flags, stream, payload, complete):
        if kind == SETTINGS and not flags & ACK:
            self.socket.sendall(settings(flags=ACK))
        elif kind == PING and not flags & ACK:
            self.socket.sendall(ping(payload, ACK))
        elif kind == HEADERS:
            fields = dict(self.decoder.decode(payload))
            self.requests[stream] = fields[":method"], fields[":path"].rpartition("/")[2]
        elif kind == DATA and payload:
            self.socket.sendall(window_update(0, len(payload)))
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            complete.append(stream)

    def process(self, stream):
        """The answer, of which the server keeps account."""
        request = self.requests.pop(stream)
        with self.server.lock:
            self.server.counts[request] += 1
        # The status 200 is the eighth of the static table.
        return headers(stream, indexed(8), END_HEADERS) + data(stream, request[1].encode(), END_STREAM)

    def answer(self, complete):
        """Answers in any order; false when that was the last."""
        self.left -= len(complete)
        if self.left > 0:
            self.dice.shuffle(complete)
            self.socket.sendall(b"".join(reset(stream, REFUSED_STREAM) if self.dice.random() < 0.02 else self.process(stream) for stream in complete))
            return True
        if self.dice.random() < 0.6:
            # What is above was not looked at, and never will be.
            self.last = self.dice.choice(complete)
            pieces = [goaway((1 << 31) - 1)] if self.dice.random() < 0.5 else []
            answers = [self.process(stream) for stream in complete if stream <= self.last]
            self.socket.sendall(b"".join([*pieces, goaway(self.last), *answers]))
            return True
        with self.server.lock:
            self.server.cuts += 1
        answers = b"".join(self.process(stream) for stream in complete if self.dice.random() < 0.7)
        self.socket.sendall(answers[:self.dice.randrange(len(answers) + 1)])
        if self.dice.random() < 0.5:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False


def survives(probe, method, count=10_000, seed=17):
    """Each request is answered by its own number; of those that may not be repeated none is processed twice."""
    with UnreliableServer(seed) as server:
        words = [f"method={method}", f"numbered={count}", *(["body=x"] if method == "POST" else [])]
        got = run(probe, "http2", *words, f"http://127.0.0.1:{server.port}")
        lines = dict(line.split(": ") for line in got.stdout.decode().splitlines() if ": " in line)
        right, wrong, failed = (int(lines.get(name, -1)) for name in ("right", "wrong", "failed"))
        twice = sum(times > 1 for times in server.counts.values())
        good = got.returncode == 0 and wrong == 0 and right + failed == count and right <= len(server.counts)
        # A cut may take what was answered: only that may fail, and only where the request may not be repeated.
        good = good and (failed == 0 if method == "GET" else twice == 0 and failed <= 100 * server.cuts)
        report(f"{count} {method} through {server.connections} connections that end by GOAWAY or by one of {server.cuts} cuts: {right} answered, "
               f"{failed} failed, {twice} processed twice", None if good else f"{lines} {got.stderr.decode()[-500:]}")
