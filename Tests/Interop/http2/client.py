"""Runs cases for a client: each listens on a port, starts the client with a URL, and looks at its frames and its exit."""
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time

from checks import report

from .cases import run_all
from . import client_cases, client_floods, client_uploads
from .client_cases import CONTENT
from .connection import Connection, Failed, told
from .frames import PREFACE, settings
from .scores import Scores


CASES = [*client_cases.CASES, *client_uploads.uploads, *client_floods.floods]


class Command:
    """How a client is called; the URL is added. `{file}` and `{size}` stand for content that is to be sent."""

    def __init__(self, name, *words, uploads=(), tells=True):
        self.name, self.words, self.uploads = name, [*map(str, words)], uploads
        #: Whether its exit code tells of errors.
        self.tells = tells

    def line(self, size):
        if not size:
            return self.words
        file = pathlib.Path(tempfile.gettempdir()) / f"swirl-http2-{size}"
        if not file.exists():
            file.write_bytes(b"x" * size)
        return [*self.words, *(word.format(file=file, size=size) for word in self.uploads)]


CURL = Command("curl", "curl", "-sS", "--http2-prior-knowledge", uploads=["--data-binary", "@{file}"])
NGHTTP = Command("nghttp", "nghttp", "--no-dep", uploads=["-d", "{file}"], tells=False)


def swirl(probe):
    return Command("Swirl", probe, "http2", uploads=["method=POST", "size={size}"])


class Client:
    """A client that runs, and the connections that it makes."""

    def __init__(self, command, limit):
        self.limit = limit
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(limit)
        self.port = self.listener.getsockname()[1]
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        # Files, because nothing reads from the client while it runs.
        self.output, self.errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()
        self.process = subprocess.Popen([*command, f"http://127.0.0.1:{self.port}/"], stdin=subprocess.DEVNULL, stdout=self.output,
                                        stderr=self.errors, env=environment)

    def accept(self, greets=True, pairs=()):
        """The next connection; with `greets`, both have said their prefaces."""
        try:
            connection = Connection(self.listener.accept()[0], self.limit)
        except TimeoutError:
            raise Failed("the client does not connect") from None
        connection.preface, connection.sends_windows = b"", False
        connection.socket.settimeout(self.limit)
        while len(connection.preface) < len(PREFACE):
            if not (more := connection.socket.recv(len(PREFACE) - len(connection.preface))):
                raise Failed("closed within the preface")
            connection.preface += more
        if connection.preface != PREFACE:
            raise Failed(f"the preface is {connection.preface}")
        if greets:
            connection.send(settings(*pairs))
            connection.wait("SETTINGS")
        connection.client = self
        return connection

    def outcome(self, seconds):
        """Exit code, output and errors."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed("the client neither ends nor fails") from None
        self.output.seek(0)
        self.errors.seek(0)
        return self.process.returncode, self.output.read(), self.errors.read().decode(errors="replace").strip()

    def close(self):
        self.listener.close()
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.output.close()
        self.errors.close()


def run_case(case, command, limit):
    """What the client did, and whether that is right."""
    client = Client(command.line(case.options.get("uploads")), limit)
    connection = None
    try:
        connection = client.accept(case.options.get("greets", True), case.options.get("settings", ()))
        case.act(connection)
        if case.allowed.tolerates:
            connection.limit = 0.3
            seen = drain(connection, client.process)
            if faults := [event for event in seen if event.what == "GOAWAY" and event.code]:
                raise Failed(told(faults[0]))
            code, output, errors = client.outcome(limit)
            if code or output != case.options.get("content", CONTENT):
                raise Failed(f"exit code {code}, {output[:60]!r} {errors[-200:]}")
            return True, "takes it"
        what = failure(case.allowed, connection)
        connection.close()
        client.listener.close()
        code, output, errors = client.outcome(limit)
        if code == 0 and command.tells:
            raise Failed(f"{what}, and exit code 0 with {output[:40]!r}")
        return True, f"{what}; {errors[-150:]}"
    except (Failed, OSError) as error:
        return False, str(error) or type(error).__name__
    finally:
        if connection:
            connection.close()
        client.close()


def drain(connection, process):
    """Reads until the client ends."""
    seen, deadline = list(connection.seen), time.monotonic() + connection.limit * 10
    while time.monotonic() < deadline and not connection.closed and process.poll() is None:
        seen += connection.events(0.02)
    return seen + list(connection.events(0.02))


def failure(allowed, connection):
    """The first sign of an error: RST_STREAM or GOAWAY with a code, or a close."""
    for event in connection.events():
        if event.what == "GOAWAY" and event.code:
            if event.code not in allowed.goaway:
                raise Failed(f"{told(event)} instead of {allowed}")
            return told(event)
        if event.what == "RST_STREAM" and event.stream == allowed.stream:
            if event.code not in allowed.reset:
                raise Failed(f"{told(event)} instead of {allowed}")
            return told(event)
        if event.what == "close":
            if not allowed.close:
                raise Failed(f"closed instead of {allowed}")
            return "closes"
    raise Failed(f"no {allowed} within {connection.limit} s; came: {', '.join(map(told, connection.seen[-5:])) or 'nothing'}")


def cases_can_fail():
    """Each case fails with the wrong client that it names."""
    wrong = pathlib.Path(__file__).with_name("wrong_client.py")
    results = {kind: run_all(CASES, Command(kind, sys.executable, wrong, kind), 1.5, at_once=16, run=run_case) for kind in ("deaf", "touchy")}
    passed = [f"{case.title} ({results[case.wrong][number][1]})" for number, case in enumerate(CASES) if results[case.wrong][number][0]]
    report(f"each of the {len(CASES)} cases for a client fails with one that is wrong", ", ".join(passed) or None)


scores = Scores(CASES, " for a client", lambda command: run_all(CASES, command, 5.0, at_once=10, run=run_case))
