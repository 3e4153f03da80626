"""Heads and framings that depart from RFC 9112, as servers send them: Swirl's client and curl side by side."""
import contextlib
import gzip
import os
import pty
import socket
import subprocess
import threading
import urllib.parse

from checks import report, run
from programs import fetched

CHUNKED = b"Transfer-Encoding: chunked\r\n"
HELLO = b"5\r\nhello\r\n0\r\n\r\n"
MANY = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 300) for number in range(150))
ZEROS = gzip.compress(bytes(8 << 20), mtime=0)


def ok(fields, body=b"hello", line=b"HTTP/1.1 200 OK\r\n", length=True):
    """An answer with these fields and, unless told otherwise, a length."""
    return line + fields + (b"Content-Length: %d\r\n" % len(body) if length else b"") + b"\r\n" + body


#: The name of each, the method, and the bytes of the answer; both clients take it.
TAKEN = {
    "a folded field": ok(b"A: b\r\n c\r\n\td\r\n"),
    "a fold of blanks alone": ok(b"A: b\r\n  \r\n"),
    "line feeds alone": b"HTTP/1.1 200 OK\nContent-Length: 5\nA: b\n\nhello",
    "an empty line with a line feed alone": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\nhello",
    "a fold behind a line feed alone": b"HTTP/1.1 200 OK\nA: b\n c\nContent-Length: 5\n\nhello",
    "control characters in a value": ok(b"A: \x01b\x1b[0m\x7f\r\n"),
    "bytes beyond ASCII in a value": ok(b"A: caf\xe9\r\n"),
    "a length and chunks": ok(b"Content-Length: 2\r\n" + CHUNKED, HELLO, length=False),
    "chunks and a length": ok(CHUNKED + b"Content-Length: 200\r\n", HELLO, length=False),
    "chunks in HTTP/1.0": ok(CHUNKED, HELLO, b"HTTP/1.0 200 OK\r\n", length=False),
    "blanks behind a chunk's size": ok(CHUNKED, b"5   \r\nhello\r\n0  \r\n\r\n", length=False),
    "150 fields, 45 KiB of head": ok(MANY),
    "100 KiB in a field": ok(b"A: " + b"a" * 100_000 + b"\r\n"),
    "no reason phrase": ok(b"", line=b"HTTP/1.1 200\r\n"),
    "an early hint with line feeds alone": b"HTTP/1.1 103 Early\nLink: <a>\n\n" + ok(b""),
    "two fields of codings": ok(b"Content-Encoding: identity\r\nContent-Encoding: gzip\r\n", gzip.compress(b"hello")),
    "eight mebibytes of zeros in gzip": ok(b"Content-Encoding: gzip\r\n", ZEROS),
    "204 with both lengths": b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n" + CHUNKED + b"\r\n",
    "304 with both lengths": b"HTTP/1.1 304 No\r\nContent-Length: 5\r\n" + CHUNKED + b"\r\n",
    "a redirect to bytes beyond ASCII": b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /echo/caf\xe9\r\n\r\n",
}
#: Neither takes it.
REFUSED = {
    "NUL in a value": ok(b"A: b\0c\r\n"),
    "a chunk's size that is none": ok(CHUNKED, b"x\r\nhello\r\n0\r\n\r\n", length=False),
    "a chunk longer than its size": ok(CHUNKED, b"4\r\nhello\r\n0\r\n\r\n", length=False),
    "a length that is none": ok(b"Content-Length: x\r\n", length=False),
    "a negative length": ok(b"Content-Length: -5\r\n", length=False),
    "a body that is cut": ok(b"Content-Length: 9\r\n", length=False),
}
PATHS = {f"/{number}": name for number, name in enumerate([*TAKEN, *REFUSED])}


def answer(connection):
    """Answers one request, and closes."""
    with connection, contextlib.suppress(OSError):
        connection.settimeout(10)
        request = b""
        while b"\r\n\r\n" not in request:
            if not (piece := connection.recv(65536)):
                return
            request += piece
        method, target = request.split(b" ")[:2]
        if target.startswith(b"/echo/"):
            connection.sendall(ok(b"", urllib.parse.unquote_to_bytes(target)))
        else:
            name = PATHS[target.decode()]
            reply = (TAKEN | REFUSED)[name]
            connection.sendall(reply if method != b"HEAD" else reply.partition(b"\r\n\r\n")[0] + b"\r\n\r\n")


@contextlib.contextmanager
def raw_server():
    """The port of a server that sends the answers above."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=answer, args=(listener.accept()[0],), daemon=True).start()
        threading.Thread(target=serve, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def curled(method, url):
    """Exit code, status and body as curl gets them."""
    options = ["-I", "-o", "/dev/null"] if method == "HEAD" else ["-o", "-"]
    result = run("curl", "-s", "-L", "--compressed", "-w", "%{stderr}%{http_code}", *options, url)
    return result.returncode, int(result.stderr or 0), result.stdout


def on_terminal(*words):
    """What a program writes to a terminal."""
    near, far = pty.openpty()
    with subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=far, stderr=subprocess.DEVNULL):
        os.close(far)
        output = b""
        try:
            while piece := os.read(near, 65536):
                output += piece
        except OSError:
            pass  # EIO: the program has ended, which is how a terminal ends
        finally:
            os.close(near)
    return output


def client_against_heads(probe, fetch, _):
    """What both take with the same status and body, and what neither takes."""
    with raw_server() as port:
        path = next(path for path, name in PATHS.items() if name == "control characters in a value")
        words = (fetch, "-s", "-i", f"http://127.0.0.1:{port}{path}")
        shown, head = on_terminal(*words), run(*words).stdout
        report("Fetch -i escapes what would give orders to a terminal", None if b"\\u{1B}[0m" in shown and b"\x1b" not in shown else repr(shown))
        report("Fetch -i gives a pipe the bytes that came, as curl does", None if b"\x1b[0m" in head else repr(head))
        for path, name in PATHS.items():
            url = f"http://127.0.0.1:{port}{path}"
            for method in ("GET", "HEAD") if name in ("a length and chunks", "chunks in HTTP/1.0") else ("GET",):
                (status, body), (code, their_status, their_body) = fetched(probe, method, url), curled(method, url)
                ours, theirs = (status, body[:80]), (code, their_status, their_body[:80])
                if name in TAKEN:
                    same = code == 0 and (status, body) == (their_status, their_body)
                    report(f"{method}: both take {name}", None if same else f"ours {ours}, curl {theirs}")
                else:
                    report(f"{method}: neither takes {name}", None if status is None and code else f"ours {ours}, curl {theirs}")
