"""Servers and clients of other libraries against ours, in both directions: they talk as Tests/InteropProbe/WebSocketTalk.swift says."""
import contextlib
import os
import pathlib
import subprocess

from certificates import Authority
from checks import CACHE, NODE, report, run, server

PEERS = pathlib.Path(__file__).parent / "peers"
#: Each with the checks that it prints as a client, and as a server.
LIBRARIES = {
    "websockets": [CACHE / "bin" / "python3", PEERS / "with_websockets.py"],
    "aiohttp": [CACHE / "bin" / "python3", PEERS / "with_aiohttp.py"],
    "Tornado": [CACHE / "bin" / "python3", PEERS / "with_tornado.py"],
    "ws of Node": ["node", PEERS / "with_ws.js"],
}
#: Those that can send one message in several frames.
FRAGMENTING = {"websockets", "ws of Node"}
#: Tornado 6.6 reads no parameter without a value: it neither agrees to do without context nor does what was agreed.
KEEPING_CONTEXT = {"Tornado"}
#: What is agreed on, over TLS with the last.
WAYS = [("off", False), ("without-context", False), ("deflate", False), ("deflate", True)]


def talks(probe, _, folder):
    """Ours against each, and each against ours."""
    authority = Authority(folder, "authority")
    certificate, key = authority.sign("127.0.0.1", hosts="IP:127.0.0.1")
    identity, roots = [f"cert={authority.chained(certificate)}", f"key={key}"], [f"roots={authority.certificate}"]
    for name, command in LIBRARIES.items():
        for compression, is_secured in WAYS:
            if compression == "without-context" and name in KEEPING_CONTEXT:
                continue
            way = [f"compression={compression}"]
            words = f"{'over TLS' if is_secured else 'without TLS'}, compression {compression}"
            scheme = "wss" if is_secured else "ws"
            fragments = ["fragments=yes"] if name in FRAGMENTING else []
            with started(probe, "websocket-serve", *way, *(identity if is_secured else [])) as port:
                url = [f"url={scheme}://127.0.0.1:{port}"]
                ended = run(*command, "talk", *url, *way, *(roots if is_secured else []), env=environment())
                checks(f"client of {name}, {words}", ended, 9 + bool(compression != "off") + bool(fragments))
            with started(*command, "serve", *way, *(identity if is_secured else [])) as port:
                url = [f"url={scheme}://127.0.0.1:{port}"]
                ended = run(probe, "websocket-talk", *url, *way, *fragments, *(roots if is_secured else []))
                checks(f"server of {name}, {words}", ended, 10 + bool(compression != "off") + bool(fragments))


def environment():
    return {"NODE_PATH": str(NODE["ws"][0].parent)}


@contextlib.contextmanager
def started(*command):
    """A server, by the port that ends its first line."""
    with server(*command, stdout=subprocess.PIPE, text=True, env=os.environ | environment()) as process:
        yield process.stdout.readline().strip().rpartition(":")[2]


def checks(name, ended, count):
    """A line for what is wrong, and one for all: the program has to print so many checks, each of them good."""
    lines = ended.stdout.decode().splitlines()
    for line in lines:
        if not line.startswith("ok "):
            report(name, line.removeprefix("failed "))
    good = sum(line.startswith("ok ") for line in lines)
    problem = None
    if ended.returncode or len(lines) != count:
        problem = f"exit code {ended.returncode}, {good} of {count} checks: {ended.stderr.decode()[-300:]}"
    if not problem and good < count:
        return
    report(f"{name}: {good} checks", problem)
