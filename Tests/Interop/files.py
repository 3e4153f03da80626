"""Files, ranges, conditions and compression of Swirl's server, as curl, nginx's view of the same files, httplint and REDbot see them."""
import gzip
import os
import re
import socket
import subprocess

from checks import CACHE, build_product, free_port, program, report, run, server
from redbot import redbot

#: What httplint calls wrong, and is not: a multipart has Content-Range in its parts alone (RFC 9110 §15.3.7.2).
#: A redirect has no validator, and the sample asks for one each time.
EXPECTED = {"parts": "doesn't have a Content-Range", "/sub": "doesn't have a validator"}


def raw(port, *fields, method="GET", path="/page.html"):
    """The bytes of one response."""
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        head = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close", *fields]
        client.sendall(("\r\n".join(head) + "\r\n\r\n").encode())
        return b"".join(iter(lambda: client.recv(1 << 16), b""))


def head(response):
    """The status and the fields by their lower-case names."""
    lines = response.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return int(lines[0].split()[1]), {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}


def lint(name, response):
    """No warning of httplint."""
    lines = run(CACHE / "bin" / "httplint", "-n", input=response).stdout.decode().splitlines()
    wrong = [line for line in lines if re.search(r"\[(WARN|BAD)\]", line) and EXPECTED.get(name, "\0") not in line]
    report(f"httplint {name}", "; ".join(wrong) or None if lines else "it says nothing")


def linted(port, tag, modified):
    cases = {
        "a file": [], "a part": ["Range: bytes=0-9"], "parts": ["Range: bytes=0-9,500-509"], "a suffix": ["Range: bytes=-10"],
        "416": ["Range: bytes=99999999-"], "304 by tag": [f"If-None-Match: {tag}"], "304 by time": [f"If-Modified-Since: {modified}"],
        "412": ['If-Match: "other"'], "If-Range": ["Range: bytes=0-9", f"If-Range: {tag}"],
        "If-Range of another version": ["Range: bytes=0-9", 'If-Range: "other"'],
        "gzip": ["Accept-Encoding: gzip"], "brotli": ["Accept-Encoding: br"], "no coding at all": ["Accept-Encoding: *;q=0"],
        "304 of a compressed copy": ["Accept-Encoding: gzip", f"If-None-Match: W/{tag}"],
    }
    for name, fields in cases.items():
        lint(name, raw(port, *fields))
    for path in ["/sub/", "/sub", "/missing", "/pre.js"]:
        lint(path, raw(port, "Accept-Encoding: gzip", path=path))


def parts(port):
    """The Content-Range and the bytes of each part of a multipart."""
    response = raw(port, "Range: bytes=0-9,-10,5000-5009", path="/large.bin")
    boundary = b"--" + head(response)[1]["content-type"].partition("boundary=")[2].encode()
    pieces = [piece.partition(b"\r\n\r\n") for piece in response.partition(b"\r\n\r\n")[2].split(boundary)[1:-1]]
    return [(re.search(rb"(?i)content-range: *(.*)", fields)[1].strip(), content[:-2]) for fields, _, content in pieces]


def curls(port, theirs, folder):
    """curl's options for parts, resuming, times and compression give the same file from both servers."""
    content = (folder / "www" / "large.bin").read_bytes()
    report("a multipart is nginx's", None if parts(port) == parts(theirs) else f"{parts(port)}, nginx {parts(theirs)}")
    for options in [["-r", "0-99"], ["-r", "-100"], ["-r", "1000-"], ["-r", "5-2000000"], ["-r", "1000000-"], ["--compressed"],
                    ["-z", "2001-01-01"], ["-z", "2040-01-01"]]:
        for version in [], ["--http2-prior-knowledge"]:
            ours, nginx = (
                run("curl", "-s", *each, "-w", "%{stderr}%{http_code}", f"http://127.0.0.1:{where}/large.bin")
                for each, where in (([*options, *version], port), (options, theirs)))
            # The text of an error is each server's own.
            same = ours.stderr == nginx.stderr and (ours.stdout == nginx.stdout or ours.stderr >= b"400")
            report(f"curl {' '.join([*options, *version])}", None if same else f"{ours.stderr}, nginx {nginx.stderr}")
    part = folder / "part.bin"
    part.write_bytes(content[:300_000])
    result = run("curl", "-s", "-C", "-", "-o", part, f"http://127.0.0.1:{port}/large.bin")
    report("curl -C - resumes", None if part.read_bytes() == content else f"exit code {result.returncode}, {part.stat().st_size} bytes")
    text = run("curl", "-s", "--compressed", f"http://127.0.0.1:{port}/page.html").stdout
    report("curl --compressed", None if text == (folder / "www" / "page.html").read_bytes() else "another page")


def files_for_programs(_, __, folder):
    """The sample FileServer beside nginx, on the same files."""
    www = folder / "www"
    (www / "sub").mkdir(parents=True)
    (www / "page.html").write_text("<!DOCTYPE html><title>page</title>" + "<p>some text that repeats" * 200)
    (www / "sub" / "index.html").write_text("<!DOCTYPE html><title>sub</title>")
    (www / "large.bin").write_bytes(os.urandom(1_000_000))
    (www / "pre.js").write_text("plain " * 1000)
    (www / "pre.js.gz").write_bytes(gzip.compress(b"plain " * 1000))
    for path in (folder, www, www / "sub"):
        path.chmod(0o755)
    theirs = free_port()
    temp = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; events {{}}"
        f"http {{ access_log off; {temp} server {{ listen 127.0.0.1:{theirs}; root {www}; }} }}")
    ours = ["stdbuf", "-oL", build_product("FileServer"), www]
    with server(program("nginx"), "-c", str(folder / "nginx.conf"), port=theirs), \
            server(*ours, stdout=subprocess.PIPE, text=True) as process:
        port = int(re.search(r":(\d+)/", process.stdout.readline())[1])
        status, fields = head(raw(port))
        report("a file has its validators", None if status == 200 and "etag" in fields and "last-modified" in fields else f"{fields}")
        linted(port, fields["etag"], fields["last-modified"])
        redbot(f"http://127.0.0.1:{port}", "/page.html", "/large.bin", "/pre.js", "/sub/", "/sub", "/missing", "/")
        curls(port, theirs, folder)
        wrk = program("wrk")
        result = run(wrk, "-c", "20", "-t", "1", "-d", "2", f"http://127.0.0.1:{port}/large.bin").stdout.decode()
        report("wrk on 1 MB files", None if "Socket errors" not in result and "Non-2xx" not in result and "requests in" in result else result)
