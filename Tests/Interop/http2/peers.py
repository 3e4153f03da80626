"""Servers of others, each with the same pages: /hello, /big of 1 MiB, /echo."""
import contextlib
import pathlib
import subprocess
import sys

from checks import CACHE, free_port, program, server

from .connection import Target

NGINX = """
daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1; events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 0;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4;
  scgi_temp_path {folder}/t5;
  server {{
    listen 127.0.0.1:{plain} http2; listen 127.0.0.1:{secured} ssl http2;
    ssl_certificate {certificate}; ssl_certificate_key {key};
    root {pages}; keepalive_requests {requests};
    # A server of files answers before it has read what is sent up; one behind a proxy reads it.
    location = /echo {{ proxy_pass http://127.0.0.1:{behind}; }}
    location = /sink {{ proxy_pass http://127.0.0.1:{behind}; proxy_request_buffering off; proxy_http_version 1.1; }}
  }}
  server {{
    listen 127.0.0.1:{behind}; root {pages};
    location = /echo {{ return 200 "taken\\n"; }}
    location = /sink {{ return 200 "taken\\n"; }}
  }}
}}
"""

HAPROXY = """
global
  maxconn 500
defaults
  mode http
  timeout client 60s
  timeout server 60s
  timeout connect 5s
frontend plain
  bind 127.0.0.1:{plain} proto h2
  default_backend behind
frontend secured
  bind 127.0.0.1:{secured} ssl crt {both} alpn h2
  default_backend behind
backend behind
  server nginx 127.0.0.1:{behind}
"""


class Pages:
    """A folder with pages, and a certificate."""

    def __init__(self, folder, authority, large=0):
        self.folder = pathlib.Path(folder)
        self.pages = self.folder / "pages"
        self.pages.mkdir(parents=True)
        (self.pages / "hello").write_text("hello\n")
        (self.pages / "big").write_bytes(b"x" * (1 << 20))
        if large:
            with open(self.pages / "large", "wb") as file:
                file.truncate(large)
        for path in (self.pages, *self.pages.iterdir()):
            path.chmod(0o755)
        self.authority = authority
        self.certificate, self.key = authority.sign("localhost", hosts="DNS:localhost,IP:127.0.0.1")
        self.key.chmod(0o644)
        self.both = self.folder / "both.pem"
        self.both.write_text(self.certificate.read_text() + self.key.read_text())


@contextlib.contextmanager
def nginx(pages, requests=1_000_000):
    """By prior knowledge, by TLS, and by HTTP/1: three targets."""
    ports = {name: free_port() for name in ("plain", "secured", "behind")}
    folder = pages.folder / f"nginx{ports['plain']}"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "conf").write_text(NGINX.format(folder=folder, pages=pages.pages, certificate=pages.certificate, key=pages.key,
                                              requests=requests, **ports))
    with server(program("nginx"), "-c", str(folder / "conf"), port=ports["plain"]) as process:
        yield [with_process(target, process) for target in (
            Target(ports["plain"], "nginx"), Target(ports["secured"], "nginx, TLS", tls=True), Target(ports["behind"], "nginx, HTTP/1"))]


@contextlib.contextmanager
def nghttpd(pages, tls=False):
    port = free_port()
    kind = [pages.key, pages.certificate] if tls else []
    with server("nghttpd", *(["--no-tls"] if not tls else []), "-d", pages.pages, "--echo-upload", "--address=127.0.0.1",
                "--trailer=x-sum: 3", str(port), *kind, port=port) as process:
        yield [with_process(Target(port, "nghttpd, TLS" if tls else "nghttpd", tls=tls), process)]


@contextlib.contextmanager
def haproxy(pages):
    """In front of nginx with HTTP/1."""
    ports = {name: free_port() for name in ("plain", "secured")}
    with nginx(pages) as (*_, behind):
        configuration = pages.folder / "haproxy.cfg"
        configuration.write_text(HAPROXY.format(both=pages.both, behind=behind.port, **ports))
        with server(program("haproxy"), "-f", str(configuration), port=ports["plain"]) as process:
            yield [with_process(Target(ports["plain"], "haproxy"), process), with_process(Target(ports["secured"], "haproxy, TLS", tls=True), process)]


@contextlib.contextmanager
def scripted(name, pages, *command):
    """A server of ours in the words of another library: it prints its two ports."""
    with server(*command, str(pages.certificate), str(pages.key), stdout=subprocess.PIPE, text=True) as process:
        plain, secured = map(int, process.stdout.readline().split())
        yield [with_process(Target(plain, name), process), with_process(Target(secured, f"{name}, TLS", tls=True), process)]


def node(pages):
    return scripted("node", pages, "node", pathlib.Path(__file__).with_name("server.js"))


def h2(pages):
    return scripted("python h2", pages, CACHE / "bin" / "python", pathlib.Path(__file__).with_name("h2_server.py"))


@contextlib.contextmanager
def swirl(probe, pages, kind="serve", *words):
    """Ours: `serve` collects what is sent up, `streams` reads it as it comes."""
    with contextlib.ExitStack() as stack:
        targets = []
        for options in ([], [f"cert={pages.certificate}", f"key={pages.key}"]):
            process = stack.enter_context(server(probe, kind, *words, *options, stdout=subprocess.PIPE, text=True))
            port = int(process.stdout.readline().rpartition(":")[2])
            targets.append(with_process(Target(port, f"Swirl {kind}, TLS" if options else f"Swirl {kind}", tls=bool(options)), process))
        yield targets


def with_process(target, process):
    target.pid = process.pid
    return target
