"""Clients of others against Swirl's server: curl, nghttp, h2load, node, and httpx on python's h2."""
import os
import pathlib
import re

from checks import CACHE, report, run

from . import peers

HERE = pathlib.Path(__file__).parent


def expect(name, got, want):
    report(name, None if got == want else f"{got[:200]!r} instead of {want[:80]!r}")


def with_curl(target, pages):
    base = f"{'https' if target.tls else 'http'}://localhost:{target.port}"
    curl = ["curl", "-sS", *(["--cacert", pages.authority.certificate, "--http2"] if target.tls else ["--http2-prior-knowledge"])]
    version = "-w", "%{stderr}%{http_version} %{http_code}"
    got = run(*curl, *version, f"{base}/hello")
    expect(f"curl, {target.name}: GET", (got.stdout, got.stderr), (b"hello\n", b"2 200"))
    expect(f"curl, {target.name}: 1 MiB", run(*curl, f"{base}/big").stdout, b"x" * (1 << 20))
    expect(f"curl, {target.name}: a page that is not there", run(*curl, *version, f"{base}/none").stderr, b"2 404")
    expect(f"curl, {target.name}: HEAD", run(*curl, "-I", f"{base}/hello").stdout[:8], b"HTTP/2 2")
    upload = pages.folder / "upload"
    upload.write_bytes(os.urandom(900_000))
    for options in ([], ["-H", "Expect: 100-continue"], ["-X", "PUT"]):
        expect(f"curl, {target.name}: 900 kB up and down {' '.join(options)}".rstrip(),
               run(*curl, *options, "--data-binary", f"@{upload}", f"{base}/echo").stdout, upload.read_bytes())
    if target.tls:
        # Debian's curl fails to use a connection again by prior knowledge, whatever the server.
        expect(f"curl, {target.name}: one connection for two requests",
               run(*curl, "-w", "%{num_connects} ", f"{base}/hello", f"{base}/hello").stdout, b"hello\n1 hello\n0 ")
        expect(f"curl, {target.name}: 50 at once on a connection",
               run(*curl, "-Z", "--parallel-max", "50", f"{base}/hello?[1-50]").stdout, b"hello\n" * 50)
        got = run(*curl[:-1], "--http1.1", *version, f"{base}/hello")
        expect(f"curl, {target.name}: HTTP/1.1 by ALPN on the same port", (got.stdout, got.stderr), (b"hello\n", b"1.1 200"))
    else:
        got = run("curl", "-sS", "--http2", *version, f"{base}/hello")
        expect(f"curl, {target.name}: an upgrade that is not taken stays HTTP/1.1", (got.stdout, got.stderr), (b"hello\n", b"1.1 200"))


def with_nghttp(target, pages):
    base = f"{'https' if target.tls else 'http'}://localhost:{target.port}"
    upload = pages.folder / "upload"
    expect(f"nghttp, {target.name}: GET", run("nghttp", f"{base}/hello").stdout, b"hello\n")
    expect(f"nghttp, {target.name}: 20 on a connection", run("nghttp", "-m", "20", f"{base}/hello").stdout, b"hello\n" * 20)
    expect(f"nghttp, {target.name}: POST of 900 kB", run("nghttp", "-d", upload, f"{base}/echo").stdout, upload.read_bytes())
    expect(f"nghttp, {target.name}: padding, windows of 2^10", run("nghttp", "-b", "255", "-w", "10", "-W", "12", "-d", upload, f"{base}/echo").stdout,
           upload.read_bytes())
    expect(f"nghttp, {target.name}: CONTINUATION", run("nghttp", "--continuation", f"{base}/hello").stdout, b"hello\n")
    if "serve" in target.name:
        said = run("nghttp", "-v", "--no-color", "-d", upload, "--trailer", "x-sum: 17", f"{base}/trailers").stdout.decode(errors="replace")
        # Ours answers with the trailers that came, and with some of its own.
        good = re.search(r"x-sum: ?17", said.split("recv HEADERS")[-2] if said.count("recv HEADERS") > 1 else "", re.I) and "x-sum: 3" in said
        report(f"nghttp, {target.name}: trailers both ways", None if good else said[-600:])


def with_h2load(target, pages):
    base = f"{'https' if target.tls else 'http'}://localhost:{target.port}"
    upload = pages.folder / "small"
    upload.write_bytes(b"x" * 2000)
    loads = {
        "10,000 streams on a connection": ["-n", "10000", "-c", "1", "-m", "100", f"{base}/hello"],
        "20,000 requests on 20 connections": ["-n", "20000", "-c", "20", "-m", "50", f"{base}/hello"],
        "2,000 uploads": ["-n", "2000", "-c", "4", "-m", "25", "-d", upload, f"{base}/echo"],
        "200 MiB down": ["-n", "200", "-c", "2", "-m", "20", f"{base}/big"],
    }
    for name, options in loads.items():
        said = run("h2load", *options).stdout.decode()
        rate = re.search(r"finished in .*, ([\d.]+) req/s", said)
        count = options[1]
        good = f"{count} succeeded, 0 failed, 0 errored" in said and f"{count} 2xx" in said
        report(f"h2load, {target.name}: {name} ({rate and rate.group(1)} requests/s)", None if good else said[-500:])


def with_lines(name, target, want, *command):
    """A program that prints `NAME: RESULT`."""
    got = run(*command, cwd="/")
    lines = dict(line.split(": ", 1) for line in got.stdout.decode().splitlines() if ": " in line)
    for key, value in want.items():
        expect(f"{name}, {target.name}: {key}", lines.get(key, got.stderr.decode()[-300:]), value)


def with_node(target, pages):
    url = f"{'https' if target.tls else 'http'}://localhost:{target.port}"
    want = {"GET": "hello", "GET 1 MiB": "1048576", "POST 900 kB": "true", "trailers": "true 3", "10000 streams": "10000",
            "100 uploads at once": "100", "a slow stream": "200 1048576"}
    if "streams" in target.name:
        # Its handlers get no trailers.
        want["trailers"] = "false "
    with_lines("node", target, want, "node", HERE / "client.js", url, *([pages.authority.certificate] if target.tls else []))


def with_httpx(target, pages):
    url = f"{'https' if target.tls else 'http'}://localhost:{target.port}"
    want = {"GET": "HTTP/2 hello", "GET 1 MiB": "1048576", "POST 900 kB": "True", "HEAD": "200", "500 at once": "500", "100 uploads at once": "100"}
    with_lines("httpx", target, want, CACHE / "bin" / "python", HERE / "httpx_client.py", url, *([pages.authority.certificate] if target.tls else []))


def large(target, pages, size):
    """Both ways, through handlers that read and write as content comes."""
    base = f"{'https' if target.tls else 'http'}://localhost:{target.port}"
    curl = ["curl", "-sS", *(["--cacert", pages.authority.certificate, "--http2"] if target.tls else ["--http2-prior-knowledge"])]
    got = run(*curl, "-o", "/dev/null", "-w", "%{size_download}", f"{base}/flow/{size}").stdout
    expect(f"curl, {target.name}: {size >> 20} MiB down", got, str(size).encode())
    file = pages.folder / "large"
    with open(file, "wb") as opened:
        opened.truncate(size)
    expect(f"curl, {target.name}: {size >> 20} MiB up", run(*curl, "-T", file, f"{base}/sink").stdout, f"{size}\n".encode())


def all_against(probe, pages, size):
    for kind in ("serve", "streams"):
        with peers.swirl(probe, pages, kind) as targets:
            for target in targets:
                with_curl(target, pages)
                with_nghttp(target, pages)
                with_node(target, pages)
                with_httpx(target, pages)
                if kind == "serve":
                    with_h2load(target, pages)
                else:
                    large(target, pages, size)
