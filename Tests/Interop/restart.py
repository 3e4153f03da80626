"""The sample GracefulRestart is replaced again and again, and certificates change, under wrk and under clients that keep idle connections: no request
may fail."""
import contextlib
import http.client
import os
import re
import shutil
import signal
import subprocess
import threading
import time

from certificates import Authority
from checks import build_product, program, report, server
from secured import serial

SECONDS = 12
RESTARTS = 5
RELOADS = 8
# Enough that each change meets some under way. A slow machine makes 60,000 of those with handshakes.
REQUESTS = 10_000


class IdleClient(threading.Thread):
    """Sends a request on a kept connection every 0.3 seconds; begins a new connection only after `Connection: close`."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.done, self.answers, self.closes, self.problem = port, threading.Event(), 0, 0, None

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.auto_open = 0
        try:
            connection.connect()
            while not self.done.wait(0.3):
                connection.request("GET", "/")
                response = connection.getresponse()
                if response.status != 200 or not response.read().startswith(b"answered by "):
                    raise OSError(f"status {response.status}")
                self.answers += 1
                if response.getheader("Connection") == "close":
                    self.closes += 1
                    connection.close()
                    connection.connect()
        except (OSError, http.client.HTTPException) as error:
            self.problem = f"after {self.answers} answers: {error!r}"


def restarts(first, port):
    """Restarts `RESTARTS` times, spread over the run; gives the IDs of all processes, and of those that have ended."""
    processes, ended = [first.pid], []
    lines = iter(first.stdout.readline, "")
    for _ in range(RESTARTS):
        time.sleep(SECONDS / (RESTARTS + 1))
        os.kill(processes[-1], signal.SIGHUP)
        while True:
            line = next(lines)
            if found := re.fullmatch(r"process (\d+) serves http://127\.0\.0\.1:(\d+)/\n", line):
                if int(found.group(2)) != port:
                    raise OSError(f"another port: {line}")
                processes.append(int(found.group(1)))
                break
            if found := re.fullmatch(r"process (\d+) has answered all\n", line):
                ended.append(int(found.group(1)))
            else:
                raise OSError(line.strip())
    return processes, ended, lines


def server_restarts(_, __, folder):
    """Five restarts in twelve seconds."""
    sample = build_product("GracefulRestart")
    first = subprocess.Popen([sample, "0"], stdout=subprocess.PIPE, text=True)
    processes = [first.pid]
    try:
        port = int(re.search(r":(\d+)/", first.stdout.readline()).group(1))
        clients = [IdleClient(port) for _ in range(8)]
        for client in clients:
            client.start()
        load = subprocess.Popen([program("wrk"), "-t1", "-c50", f"-d{SECONDS}s", f"http://127.0.0.1:{port}/"],
                                stdout=subprocess.PIPE, text=True)
        processes, ended, lines = restarts(first, port)
        text = load.communicate(timeout=SECONDS + 30)[0]
        for client in clients:
            client.done.set()
        for client in clients:
            client.join(30)
        count = int(re.search(r"(\d+) requests in", text).group(1))
        report(f"wrk through {RESTARTS} restarts: {count} requests, none failed",
               None if "Socket errors" not in text and "Non-2xx" not in text else text)
        report(f"at least {REQUESTS} requests", None if count >= REQUESTS else f"only {count} in {SECONDS} s")
        problems = [client.problem for client in clients if client.problem]
        answers, closes = sum(client.answers for client in clients), sum(client.closes for client in clients)
        report(f"idle clients: {answers} answers, {closes} of them the last of their connection", problems[0] if problems else None)
        report("each client was told of each restart",
               None if all(client.closes >= RESTARTS - 1 for client in clients) else f"{[client.closes for client in clients]}")
        while len(ended) < RESTARTS and (line := next(lines)):
            ended.append(int(re.fullmatch(r"process (\d+) has answered all\n", line).group(1)))
        report("the old processes have ended", None if ended == processes[:-1] else f"{processes}: {ended}")
    finally:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
        first.wait(timeout=20)


def certificates_change(probe, _, folder):
    """Certificates change under wrk, each time with SIGHUP, while a handshake is made for each request and while connections are kept."""
    authority = Authority(folder, "reloading")
    certificate, key = folder / "served.pem", folder / "served.key"

    def issue():
        for source, place in zip(authority.sign("server", hosts="DNS:localhost,IP:127.0.0.1"), (certificate, key)):
            # The server reads both behind the signal: it never sees a half.
            shutil.copy(source, place)

    issue()
    with server(probe, "serve", f"cert={certificate}", f"key={key}", stdout=subprocess.PIPE, text=True) as process:
        port = int(process.stdout.readline().rpartition(":")[2])
        url = f"https://127.0.0.1:{port}/hello"
        loads = [
            subprocess.Popen([program("wrk"), "-t1", "-c20", f"-d{SECONDS}s", *fields, url], stdout=subprocess.PIPE, text=True)
            for fields in ([], ["-H", "Connection: close"])
        ]
        serials = {serial(port)}
        for _ in range(RELOADS):
            time.sleep(SECONDS / (RELOADS + 2))
            issue()
            process.send_signal(signal.SIGHUP)
            if process.stdout.readline() != "reloaded\n":
                raise OSError("the server has not reloaded")
            serials.add(serial(port))
        texts = [load.communicate(timeout=SECONDS + 30)[0] for load in loads]
        counts = [int(re.search(r"(\d+) requests in", text).group(1)) for text in texts]
        for kind, text, count in zip(("kept connections", "a handshake for each"), texts, counts):
            report(f"wrk through {RELOADS} changes of certificates, {kind}: {count} requests, none failed",
                   None if "Socket errors" not in text and "Non-2xx" not in text else text)
        report(f"at least {REQUESTS} requests", None if sum(counts) >= REQUESTS else f"only {sum(counts)} in {SECONDS} s")
        report("each change was served", None if len(serials) == RELOADS + 1 else f"{len(serials)} certificates")
