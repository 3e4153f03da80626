"""Swirl's reverse proxy between programs of others: curl, httpx, websockets and wrk before it, nginx, gunicorn with httpbin and a raw server behind it."""
import contextlib
import hashlib
import json
import pathlib
import re
import socket
import subprocess
import sys
import time

from certificates import Authority
from checks import CACHE, free_port, gunicorn, program, report, run, server
from reverse import servers

HTTPX = """
import sys, httpx
def pieces():
    for number in range(20): yield bytes([number]) * 70001
with httpx.Client(http2=True, verify=sys.argv[2]) as client:
    answer = client.post(sys.argv[1] + "/count", content=pieces())
    print(answer.http_version, answer.text, end="")
    print(*[client.get(sys.argv[1] + f"/{number}").status_code for number in range(50)])
"""
WEBSOCKETS = """
import asyncio, os, sys, websockets
async def main():
    async with websockets.connect(sys.argv[1], max_size=1 << 24, subprotocols=["chat"]) as socket:
        for size in (0, 1, 125, 126, 70000, 1 << 22):
            message = os.urandom(size)
            await socket.send(message)
            assert await socket.recv() == message, size
        await socket.send("text"); assert await socket.recv() == "text"
        await socket.send("close")
        try: await socket.recv()
        except websockets.ConnectionClosed as closed: print(socket.subprotocol, closed.rcvd.code, closed.rcvd.reason)
    async with websockets.connect(sys.argv[1], subprotocols=["chat"]) as socket: await socket.close(4444)
asyncio.run(main())
"""


@contextlib.contextmanager
def passing(probe, to, *settings):
    """The proxy: its process and its port."""
    with server(probe, "reverse-proxy", f"to={to}", *settings, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process, int(process.stdout.readline().rpartition(":")[2])


def curl(*options):
    """What curl prints."""
    return run("curl", "-sS", *map(str, options)).stdout.decode()


def told(name, said, want):
    """A line for what was said."""
    report(name, None if said.strip() == want else f"{said!r}, not {want!r}")


def memory(process, kind="VmHWM"):
    """Its memory now or at its most, in KiB."""
    return int(re.search(kind + r":\s+(\d+)", pathlib.Path(f"/proc/{process.pid}/status").read_text())[1])


def files(probe, folder, upstream):
    """nginx behind it: what depends on fields and statuses."""
    (folder / "small.txt").write_text("small " * 100)
    with passing(probe, f"http://127.0.0.1:{upstream}") as (_, port):
        url, direct = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{upstream}"
        cases = [("GET", []), ("HEAD", ["-I"]), ("a range", ["-r", "3-9"]), ("a range too far", ["-r", "9999-"]), ("PUT", ["-X", "PUT", "-d", "x"]),
                 ("gzip", ["-H", "Accept-Encoding: gzip"]), ("conditions", ["-H", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT"]),
                 ("1.0", ["--http1.0"])]
        for path in ("/small.txt", "/moved", "/absent"):
            for name, options in cases:
                said = [run("curl", "-sS", *options, "-w", "%{http_code} %{size_download} %header{content-type} %header{etag}", f"{each}{path}").stdout
                        for each in (url, direct)]
                # Of a head, what is the connection's and the proxy's.
                said = [re.sub(rb"(?im)^(connection|via|date|keep-alive|location|transfer-encoding):.*\r\n", b"", each) for each in said]
                # And the order of fields.
                said = [b"\n".join(sorted(each.split(b"\r\n"))) for each in said]
                said = [each.replace(str(port).encode(), b"PORT").replace(str(upstream).encode(), b"PORT") for each in said]
                report(f"curl, proxy, nginx: {path}, {name}", None if said[0] == said[1] else f"{said[0][:200]!r}, not {said[1][:200]!r}")
        many = curl("--parallel", "--parallel-max", "20", "-o", "/dev/null", "-w", "%{http_code}\n", f"{url}/small.txt?[1-500]")
        told("curl --parallel, proxy, nginx: 500 requests", str(many.count("200")), "500")


def large_bodies(probe, folder, upstream, raw):
    """A body of 64 MiB or 1 GiB each way: that it is the same, and the memory that it takes."""
    size = 1 << 30 if "--large" in sys.argv else 1 << 26
    large = folder / "large"
    with large.open("wb") as file:
        file.truncate(size)
        for place in range(0, size, size // 64):
            file.seek(place)
            file.write(str(place).encode())
    digest = hashlib.sha256()
    with large.open("rb") as file:
        while piece := file.read(1 << 20):
            digest.update(piece)
    for framing, options in (("a length", []), ("chunks", ["-H", "Transfer-Encoding: chunked"]), ("HTTP/2", ["--http2-prior-knowledge"])):
        with passing(probe, f"http://127.0.0.1:{raw}") as (process, port):
            curl(f"http://127.0.0.1:{port}/count", "-d", "warm")
            before = memory(process)
            said = curl(*options, "-T", large, "-X", "POST", f"http://127.0.0.1:{port}/count")
            told(f"curl, proxy: {size >> 20} MiB up, {framing}", said, f"{size} {digest.hexdigest()}")
            grown = memory(process) - before
            report(f"proxy: that takes {grown} KiB of memory", None if grown < 16 << 10 else "16 MiB are allowed")
    for name, options in (("", []), (", HTTP/2", ["--http2-prior-knowledge"]), (", slowly", ["--limit-rate", f"{size // 4}"])):
        with passing(probe, f"http://127.0.0.1:{upstream}") as (process, port):
            curl(f"http://127.0.0.1:{port}/small.txt")
            before = memory(process)
            got = subprocess.run(["curl", "-sS", *options, f"http://127.0.0.1:{port}/large"], stdout=subprocess.PIPE, timeout=120).stdout
            same = hashlib.sha256(got).digest() == digest.digest()
            report(f"nginx, proxy, curl{name}: {size >> 20} MiB down", None if same else f"{len(got)} bytes, or others")
            grown = memory(process) - before
            report(f"proxy: that takes {grown} KiB of memory", None if grown < 16 << 10 else "16 MiB are allowed")
    large.unlink()


def broken(probe, port, lines):
    """Upstreams that answer wrongly or not at all, and clients that leave."""
    with passing(probe, f"http://127.0.0.1:{port}", "patience=2") as (process, front):
        url = f"http://127.0.0.1:{front}"
        for path in servers.ANSWERS:
            told(f"curl, proxy, a raw server: {path}", curl("-o", "/dev/null", "-w", "%{http_code}", url + path), "502")
        for path in servers.HALVES:
            for name, options, codes in (("HTTP/1", [], {18, 56}), ("HTTP/1.0", ["--http1.0"], {18, 56}), ("HTTP/2", ["--http2-prior-knowledge"], {18, 92})):
                result = run("curl", "-sS", *options, url + path)
                wrong = None if result.returncode in codes and b"half" in result.stdout else f"{result.returncode} {result.stdout!r}"
                report(f"curl, {name}, proxy, a raw server: {path} is seen as broken", wrong)
        began = time.monotonic()
        told("curl, proxy: a silent server is a 504", curl("-o", "/dev/null", "-w", "%{http_code}", f"{url}/silent"), "504")
        report("proxy: in its time", None if time.monotonic() - began < 5 else f"{time.monotonic() - began} s")
        told("the server saw it", lines.readline() + lines.readline(), "asked\nleft")
        for name, options in (("HTTP/1", []), ("HTTP/2", ["--http2-prior-knowledge"])):
            run("curl", "-sS", *options, "--max-time", "0.5", f"{url}/silent")
            told(f"curl, {name}, leaves, and the server sees it", lines.readline() + lines.readline(), "asked\nleft")
        for _ in range(50):
            with socket.create_connection(("127.0.0.1", front), 10) as client:
                client.sendall(b"POST /count HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc")
        told("clients that leave in their content, and the server sees each", " ".join(sorted({lines.readline().split(" ")[0].strip() for _ in range(50)})).replace("reset", "broken"), "broken")
        refused = run("curl", "-sS", "-H", "Expect: 100-continue", "--expect100-timeout", "9", "-d", "x" * 2000, "-w", " %{http_code} %{size_upload}", f"{url}/refuse")
        told("curl, Expect: 100-continue, a server that refuses", refused.stdout.decode(), "no 401 0")
        asked = curl("-H", "Expect: 100-continue", "--expect100-timeout", "9", "-d", "x" * 2000, "-w", " %{time_total}", f"{url}/count")
        report("curl, Expect: 100-continue, a server that takes it", None if asked.startswith("2000 ") and float(asked.split()[-1]) < 1 else asked)
        told("proxy: it serves as ever", curl("-d", "abc", f"{url}/count").split(" ")[0], "3")
        process.terminate()
        logged = process.stderr.read()
        missing = [path for path in [*servers.ANSWERS, *servers.HALVES, "/silent"] if f'"GET {path} HTTP/' not in logged]
        report("proxy: each failure is a line of the log", f"none for {missing} in {logged[:300]}" if missing else None)
    with passing(probe, f"http://127.0.0.1:{free_port()}") as (_, front):
        told("curl, proxy: no server there is a 502", curl("-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{front}/"), "502")


def bin_behind(probe):
    """httpbin, which shows what it got."""
    port = free_port()
    with gunicorn(port), passing(probe, f"http://127.0.0.1:{port}") as (_, front):
        url = f"http://127.0.0.1:{front}"
        seen = json.loads(curl("-H", "X-A: 1", "-H", "Connection: X-A", "-H", "X-Forwarded-For: 6.6.6.6", f"{url}/get?a=%zz&b;c"))
        wrong = [name for name in ("X-A", "Connection") if name in seen["headers"]]
        wrong += [] if seen["headers"]["Host"] == f"127.0.0.1:{front}" and "6.6.6.6" not in str(seen) else [seen]
        report("curl, proxy, httpbin: the fields of a request", f"{wrong}" if wrong else None)
        for name, options, want in [("a form", ["-F", "a=b"], {"a": "b"}), ("a form in chunks", ["-F", "a=b", "-H", "Transfer-Encoding: chunked"], {"a": "b"})]:
            told(f"curl, proxy, httpbin: {name}", json.dumps(json.loads(curl(*options, f"{url}/post"))["form"]), json.dumps(want))
        told("curl, proxy, httpbin: a stream", str(curl(f"{url}/stream/7").count("\n")), "7")
        told("curl, proxy, httpbin: gzip as it is", curl("--compressed", f"{url}/gzip", "-o", "/dev/null", "-w", "%header{content-encoding}"), "gzip")
        for status in (204, 304, 404, 418, 500, 302):
            told(f"curl, proxy, httpbin: {status}", curl("-o", "/dev/null", "-w", "%{http_code}", f"{url}/status/{status}"), str(status))
        cookies = curl("-i", f"{url}/cookies/set?a=1&b=2")
        told("curl, proxy, httpbin: two cookies", str(cookies.lower().count("set-cookie:")), "2")


def web_sockets(probe):
    """websockets at both ends."""
    with servers.websockets() as (port, lines), passing(probe, f"http://127.0.0.1:{port}") as (_, front):
        said = run(CACHE / "bin" / "python3", "-c", WEBSOCKETS, f"ws://127.0.0.1:{front}/")
        told("websockets, proxy, websockets: messages and a close by the server", said.stdout.decode() or said.stderr.decode()[-300:], "chat 4321 as asked")
        closes = [line.strip() for line in (lines.readline(), lines.readline())]
        told("websockets, proxy, websockets: both closes", " ".join(closes), "closed 4321 closed 4444")
        plain = curl("-o", "/dev/null", "-w", "%{http_code}", f"http://127.0.0.1:{front}/")
        told("curl, proxy, websockets: no WebSocket", plain, "426")


def secured(probe, folder, raw):
    """httpx over HTTP/2 and TLS."""
    root = Authority(folder, "root")
    certificate, key = root.sign("front", hosts="DNS:localhost,IP:127.0.0.1")
    with passing(probe, f"http://127.0.0.1:{raw}", f"cert={certificate}", f"key={key}") as (_, port):
        said = run(CACHE / "bin" / "python3", "-c", HTTPX, f"https://localhost:{port}", root.certificate)
        # Without TLS curl 7.88 can't use a connection of HTTP/2 twice.
        many = curl("--cacert", root.certificate, "--parallel", "-o", "/dev/null", "-w", "%{http_code} %{http_version}\n", f"https://localhost:{port}/?[1-200]")
        told("curl --parallel, HTTP/2 over TLS, proxy: 200 requests", str(many.count("200 2")), "200")
        digest = hashlib.sha256(b"".join(bytes([number]) * 70001 for number in range(20))).hexdigest()
        told("httpx, HTTP/2 over TLS, proxy", said.stdout.decode() or said.stderr.decode()[-300:], f"HTTP/2 {20 * 70001} {digest}\n" + " ".join(["200"] * 50))


def rates(probe, upstream):
    """How many requests pass in a second, beside nginx: for information."""
    def rate(port, path):
        result = run(program("wrk"), "-c", "32", "-t", "1", "-d", "3", f"http://127.0.0.1:{port}{path}").stdout.decode()
        errors = "Non-2xx" in result or "Socket errors" in result
        number = re.search(r"Requests/sec:\s+([\d.]+)", result)[1]
        return f"{number}/s{' with errors' if errors else ''}"

    with passing(probe, f"http://127.0.0.1:{upstream}") as (_, port):
        ours = rate(port, "/small.txt")
    report(f"wrk: through the proxy {ours}, through nginx {rate(upstream, '/past/small.txt')}, without {rate(upstream, '/small.txt')}",
           "requests failed" if "errors" in ours else None)


def proxy_before_servers(probe, fetch, folder):
    """All of it."""
    folder = pathlib.Path(folder)
    with servers.nginx(folder) as upstream, servers.raw() as (raw, lines):
        files(probe, folder, upstream)
        large_bodies(probe, folder, upstream, raw)
        secured(probe, folder, raw)
        with servers.raw() as (raw_broken, lines_broken):
            broken(probe, raw_broken, lines_broken)
        rates(probe, upstream)
    bin_behind(probe)
    web_sockets(probe)
