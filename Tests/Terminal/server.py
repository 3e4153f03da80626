"""A server for both curl and Fetch: it says what it got, as far as that is no accident of the client."""
import base64
import gzip
import http.server
import json
import re
import socket
import ssl
import struct
import subprocess
import threading
import time


class Pages(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    large = bytes(range(1, 127)) * 8000

    def answer(self, status, content=b"", fields=()):
        content = content if isinstance(content, bytes) else content.encode()
        # No Date, which changes from one run to the next.
        self.send_response_only(status)
        for name, value in fields:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def content(self):
        if self.headers["Transfer-Encoding"] != "chunked":
            return self.rfile.read(int(self.headers["Content-Length"] or 0))
        content = b""
        while size := int(self.rfile.readline(), 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def echo(self):
        """The request, without the boundary of a form, which is random."""
        content = self.content().decode("latin-1")
        fields = {name.lower(): value for name, value in self.headers.items()}
        if found := re.search(r"boundary=(\S+)", fields.get("content-type", "")):
            boundary = found[1]
            content = content.replace(boundary, "B").replace("\r\n", "\n")
            fields["content-type"] = fields["content-type"].replace(boundary, "B")
            fields.pop("content-length", None)
        # Each client names itself.
        if re.match(r"curl/|swirl-fetch/", fields.get("user-agent", "")):
            fields["user-agent"] = "itself"
        for name in ("host", "connection", "proxy-connection", "accept-encoding"):
            fields.pop(name, None)
        lines = [f"{self.command} {self.path}", *(f"{name}: {value}" for name, value in sorted(fields.items())), content]
        self.answer(200, "\n".join(lines) + "\n", [("Content-Type", "text/plain")])

    def handle_path(self):
        path = self.path.split("?")[0]
        counts = self.server.counts
        counts[path] = counts.get(path, 0) + 1
        parts = path.strip("/").split("/")
        match parts[0]:
            case "status":
                self.content()
                self.answer(int(parts[1]), f"status {parts[1]}\n")
            case "text":
                self.answer(200, "some text\n", [("Content-Type", "text/plain"), ("X-Two", "a"), ("X-Two", "b")])
            case "json":
                self.answer(200, '{"b":1.0,"a":[1,{"c":"\\u00e4"},[],{}],"b":null}', [("Content-Type", "application/json")])
            case "as":
                self.answer(200, self.content(), [("Content-Type", f"application/{parts[1]}")])
            case "slow-json":
                self.send_response_only(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(b'[{"first": 1, ' if len(parts) == 1 else b'["cut')
                self.server.released.wait(60)
                self.close_connection = True
            case "reset":
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                self.close_connection = True
            case "garbage" | "bad-chunk" | "endless-head":
                self.wfile.write({"garbage": b"what is that\r\n\r\n", "endless-head": b"HTTP/1.1 200 OK\r\nA: b\r\n",
                                  "bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}[parts[0]])
                self.close_connection = True
            case "fails-once":
                if counts[path] > 1:
                    return self.echo()
                self.content()
                self.answer(503)
            case "halves":
                self.halves()
            case "control":
                self.answer(200, "some text\n", [("X-Order", "a\x1b[2Jb")])
            case "crawl":
                self.crawl(int(parts[1]))
            case "robots.txt":
                self.answer(404)
            case "bytes":
                self.answer(200, bytes(range(256)), [("Content-Type", "application/octet-stream")])
            case "large":
                # Those who have enough of it may leave.
                self.answer(200, self.large, [("Content-Type", "text/plain")])
            case "gzip":
                self.answer(200, gzip.compress(b"some text\n", mtime=0), [("Content-Encoding", "gzip")])
            case "range":
                self.range()
            case "redirect":
                self.content()
                left = int(parts[1])
                self.answer(int(parts[2]) if len(parts) > 2 else 302, "moved\n", [("Location", f"/redirect/{left - 1}" if left > 1 else "/echo")])
            case "loop":
                self.answer(302, "", [("Location", "/loop")])
            case "named":
                self.answer(200, "named\n", [("Content-Disposition", f'attachment; filename="{"/".join(parts[1:]) or "n.txt"}"')])
            case "busy":
                again = [("Retry-After", "0")] if len(parts) > 2 else []
                self.answer(503 if counts[path] <= int(parts[1]) else 200, f"try {counts[path]}\n", again)
            case "cookies":
                self.answer(200, f"{self.headers['Cookie']}\n", [("Set-Cookie", "a=b; Path=/")])
            case "auth":
                got = self.headers["Authorization"]
                if got and got.startswith("Basic "):
                    self.answer(200, base64.b64decode(got[6:]) + b"\n")
                else:
                    self.answer(401, "no\n", [("WWW-Authenticate", 'Basic realm="r"')])
            case "hang":
                self.server.released.wait(60)
                self.close_connection = True
            case "drip":
                self.drip(int(parts[1]), float(parts[2]), "unknown" not in parts)
            case "close":
                self.close_connection = True
            case "cut":
                self.send_response_only(200)
                self.send_header("Content-Length", "100")
                self.end_headers()
                self.wfile.write(b"cut")
                self.close_connection = True
            case _:
                self.echo()

    def crawl(self, number):
        """A page of eighty, with links to the next ones and to one that is missing."""
        time.sleep(0.03)
        links = [f"/crawl/{n}" for n in range(number + 1, min(number + 4, 80))] + ["/status/404"]
        html = "".join(f'<a href="{link}">x</a>' for link in links)
        self.answer(200, f"<title>{number}</title>{html}", [("Content-Type", "text/html")])

    def drip(self, pieces, pause, has_length):
        """Pieces of a tenth of a mebibyte, with pauses."""
        piece = b"." * 104_858
        self.send_response_only(200)
        if has_length:
            self.send_header("Content-Length", str(len(piece) * pieces))
        self.end_headers()
        self.close_connection = True
        try:
            for _ in range(pieces):
                self.wfile.write(piece)
                if self.server.released.wait(pause):
                    return
        except OSError:
            pass

    def halves(self):
        """Breaks off after half a mebibyte of a whole one; then only the rest is to be had."""
        half = 1 << 19
        rest = self.headers["Range"] == f"bytes={half}-"
        self.send_response_only(206 if rest else 200)
        self.send_header("ETag", '"1"')
        if rest:
            self.send_header("Content-Range", f"bytes {half}-{2 * half - 1}/{2 * half}")
        self.send_header("Content-Length", str(half if rest else 2 * half))
        self.end_headers()
        self.wfile.write((b"b" if rest else b"a") * half)
        self.close_connection = True

    def range(self):
        content = b"0123456789" * 10
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers["Range"] or "")
        if not found:
            return self.answer(200, content, [("ETag", '"1"')])
        first, last = found.groups()
        start = int(first) if first else len(content) - int(last)
        end = int(last) if first and last else len(content) - 1
        if start >= len(content):
            return self.answer(416, "", [("Content-Range", f"bytes */{len(content)}")])
        self.answer(206, content[start : end + 1], [("ETag", '"1"'), ("Content-Range", f"bytes {start}-{end}/{len(content)}")])

    def do_GET(self):
        try:
            self.handle_path()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = do_OPTIONS = do_GET

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, certificate=None):
        """With a file that has a key and a certificate it speaks TLS."""
        super().__init__(("127.0.0.1", 0), Pages)
        #: How often each path was asked for, since the last reset.
        self.counts = {}
        #: What hangs does so until this.
        self.released = threading.Event()
        if certificate:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.serve_forever, daemon=True).start()
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        """A client that gives up resets its connection: that is tried here."""

    def __exit__(self, *error):
        self.released.set()
        self.shutdown()
        return super().__exit__(*error)


def certificate(path):
    """A file with a key and a certificate for 127.0.0.1, signed by itself."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True)
    with open(path, "a") as both, open(f"{path}.crt") as part:
        both.write(part.read())
    return path
