"""UDP and Unix datagrams between Swirl and programs of others: socat, asyncio, Node.js, plain sockets of Python."""
import asyncio
import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

from checks import program, report, run

SIZES = (0, 1, 7, 1200, 1472, 1473, 9000, 65_507)

NODE_ECHO = """
const server = require('dgram').createSocket('udp4');
server.on('message', (message, peer) => server.send(message, peer.port, peer.address));
server.bind(0, '127.0.0.1', () => console.log(server.address().port));
"""


@contextlib.contextmanager
def started(*command):
    """A program that prints its port; stopped at the end."""
    with subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


@contextlib.contextmanager
def socat():
    """socat has no port of the system's choice: this takes one that was free."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program("socat"), "-b", "65536", f"UDP4-RECVFROM:{port},bind=127.0.0.1,fork", "EXEC:cat"]
    with subprocess.Popen(command, start_new_session=True) as process:
        try:
            deadline = time.monotonic() + 10
            while f":{port:04X} " not in pathlib.Path("/proc/net/udp").read_text() and time.monotonic() < deadline:
                time.sleep(0.02)
            yield port
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def all_sizes(client):
    """What is wrong with what a connected socket gets back."""
    for size in SIZES:
        sent = os.urandom(size)
        client.send(sent)
        if client.recv(70_000) != sent:
            return f"a datagram of {size} bytes came back otherwise"
    return None


def python_to_swirl(port, family, host, source=None):
    """What is wrong with the answers to datagrams of all sizes."""
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        if source:
            client.bind((source, 0))
        # Connected: an answer from another address does not arrive.
        client.connect((host, port))
        return all_sizes(client)


def unix_to_swirl(folder, path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.bind(str(folder / "client.sock"))
        client.connect(str(path))
        return all_sizes(client)


async def asyncio_to_swirl(port, count):
    """Sends `count` at a window of 64; gives how many came back."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    class Client(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport, self.sent, self.returned = transport, 0, set()
            for _ in range(64):
                self.send()

        def send(self):
            if self.sent < count:
                self.transport.sendto(b"%d" % self.sent)
                self.sent += 1

        def datagram_received(self, data, _):
            self.returned.add(int(data))
            self.send()
            if len(self.returned) == count:
                done.set_result(None)

    transport, client = await loop.create_datagram_endpoint(Client, remote_addr=("127.0.0.1", port))
    try:
        async with asyncio.timeout(20):
            await done
    except TimeoutError:
        pass
    transport.close()
    return len(client.returned)


def talk(probe, port, *settings):
    return run(probe, "datagrams", f"port={port}", *settings).stdout.decode().strip()


def expect(name, said, wanted):
    report(name, None if said == wanted else f"{said!r}, not {wanted!r}")


def datagrams(probe, _, __):
    # The folder of a run may have a path that is too long for a socket.
    with tempfile.TemporaryDirectory() as short:
        short = pathlib.Path(short)
        path = short / "server.sock"
        with started(probe, "datagrams-serve", f"unix={path}") as (process, port):
            report("datagrams: Python by IPv4, all sizes", python_to_swirl(port, socket.AF_INET, "127.0.0.1"))
            report("datagrams: Python to a second address, answered from there", python_to_swirl(port, socket.AF_INET, "127.0.0.2"))
            report("datagrams: Python from an address of its own", python_to_swirl(port, socket.AF_INET, "127.0.0.1", "127.0.0.5"))
            report("datagrams: Python by IPv6, all sizes", python_to_swirl(port, socket.AF_INET6, "::1"))
            report("datagrams: Python by a Unix socket, all sizes", unix_to_swirl(short, path))
            returned = asyncio.run(asyncio_to_swirl(port, 20_000))
            expect("datagrams: asyncio, 20,000 there and back", returned, 20_000)
            answer = subprocess.run(
                [program("socat"), "-t", "2", "-", f"UDP4:127.0.0.1:{port}"], input=b"from socat", capture_output=True, timeout=20)
            expect("datagrams: socat's client", answer.stdout, b"from socat")
            files = len(os.listdir(f"/proc/{process.pid}/fd"))
            for _ in range(50):
                python_to_swirl(port, socket.AF_INET, "127.0.0.1")
            expect("datagrams: no descriptor more after 50 clients", len(os.listdir(f"/proc/{process.pid}/fd")), files)
        report("datagrams: the Unix socket's file ends with the server", "it is there" if path.exists() else None)
    with started(program("node"), "-e", NODE_ECHO) as (_, port):
        expect("datagrams: to Node.js, 5,000 there and back", talk(probe, port, "count=5000"), "5000 of 5000")
        expect("datagrams: to Node.js, the largest", talk(probe, port, "count=20", "size=65507", "window=2"), "20 of 20")
    with socat() as port:
        expect("datagrams: to socat", talk(probe, port, "count=20", "size=1200", "window=1"), "20 of 20")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
    expect(
        "datagrams: a port without a socket", talk(probe, port),
        f"0 of 1, write to 127.0.0.1:{port}: connection refused: nothing listens there")
