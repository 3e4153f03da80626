"""Swirl's server behind nginx and HAProxy: whose word about the client it believes, and what comes of bodies and of clients that leave."""
import contextlib
import pathlib
import socket
import subprocess

from certificates import Authority
from checks import free_port, program, report, run, server

HAPROXY = """
global
    maxconn 100
defaults
    mode {mode}
    timeout connect 5s
    timeout client 10s
    timeout server 10s
listen front
    bind 127.0.0.1:{port}
    {option}
    server swirl 127.0.0.1:{upstream} {send}
"""
NGINX = """
daemon off; error_log {folder}/error.log; pid {folder}/pid; worker_processes 1;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  upstream swirl {{ server 127.0.0.1:{upstream}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{port}; client_max_body_size 0;
    location / {{
      proxy_pass http://swirl; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering {buffering};
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header X-Forwarded-Proto https; proxy_set_header X-Forwarded-Host $host;
    }}
  }}
}}
"""


@contextlib.contextmanager
def swirl(probe, *settings):
    """Swirl's server, and its port."""
    with server(probe, "serve", *settings, stdout=subprocess.PIPE, text=True) as process:
        yield int(process.stdout.readline().rpartition(":")[2])


@contextlib.contextmanager
def haproxy(folder, upstream, mode="http", option="", send=""):
    """HAProxy before it, and its port."""
    port = free_port()
    configuration = folder / f"haproxy-{port}.cfg"
    configuration.write_text(HAPROXY.format(mode=mode, port=port, option=option, upstream=upstream, send=send))
    with server(program("haproxy"), "-f", str(configuration), port=port):
        yield port


@contextlib.contextmanager
def nginx(folder, upstream, buffering):
    """nginx before it, and its port."""
    port = free_port()
    place = folder / f"nginx-{port}"
    place.mkdir()
    place.chmod(0o777)
    configuration = place / "conf"
    configuration.write_text(NGINX.format(folder=place, port=port, upstream=upstream, buffering=buffering))
    with server(program("nginx"), "-p", str(place), "-c", str(configuration), port=port):
        yield port


def curl(*options):
    """What curl prints."""
    return run("curl", "-sS", *map(str, options)).stdout.decode()


def told(name, said, want):
    """A line for what was said."""
    report(name, None if said.strip() == want else f"{said!r}, not {want!r}")


def whose_word(probe, folder):
    """The client's address, as each kind of proxy tells it."""
    with swirl(probe, "behind=x-forwarded") as upstream:
        with haproxy(folder, upstream, option="option forwardfor\n    http-request set-header X-Forwarded-Proto https") as port:
            told("haproxy forwardfor, server: the client", curl(f"http://127.0.0.1:{port}/client"), f"127.0.0.1 https://127.0.0.1:{port}/client")
            # What the client claims stands before what the proxy adds; this machine's own address is a proxy's.
            told("haproxy forwardfor, server: a list", curl("-H", "X-Forwarded-For: 1.1.1.1, 192.0.2.4", f"http://127.0.0.1:{port}/client"),
                 f"192.0.2.4 https://127.0.0.1:{port}/client")
    with swirl(probe) as upstream:
        told("server without proxies believes no field",
             curl("-H", "X-Forwarded-For: 1.1.1.1", "-H", "Forwarded: for=1.1.1.1;proto=https", f"http://127.0.0.1:{upstream}/client"),
             f"127.0.0.1 http://127.0.0.1:{upstream}/client")
    with swirl(probe, "behind=forwarded") as upstream:
        with haproxy(folder, upstream, option='http-request add-header Forwarded "for=%[src];proto=https"') as port:
            told("haproxy, server: Forwarded", curl("-H", "Forwarded: for=192.0.2.4", f"http://127.0.0.1:{port}/client"),
                 f"192.0.2.4 https://127.0.0.1:{port}/client")


def named_clients(probe, folder, root, between):
    """The PROXY protocol, in both versions, before plain text and before TLS."""
    certificate, key = between.sign("behind", hosts="DNS:localhost,IP:127.0.0.1")
    secured = [f"cert={between.chained(certificate)}", f"key={key}"]
    for kind, settings, scheme in [("plain", [], "http"), ("TLS", secured, "https")]:
        with swirl(probe, "behind=proxy", *settings) as upstream:
            for send in ("send-proxy", "send-proxy-v2"):
                with haproxy(folder, upstream, mode="tcp", send=send) as port:
                    said = curl("--cacert", root.certificate, f"{scheme}://127.0.0.1:{port}/client")
                    told(f"haproxy {send}, server, {kind}: the client", said, f"127.0.0.1 {scheme}://127.0.0.1:{port}/client")
            said = curl("--haproxy-protocol", "--cacert", root.certificate, f"{scheme}://127.0.0.1:{upstream}/client")
            told(f"curl --haproxy-protocol, server, {kind}", said, f"127.0.0.1 {scheme}://127.0.0.1:{upstream}/client")
            refused = run("curl", "-sS", "--cacert", root.certificate, f"{scheme}://127.0.0.1:{upstream}/client")
            report(f"server, {kind}: no header, no answer", None if refused.returncode and not refused.stdout else f"{refused}")


def bodies(probe, folder):
    """Requests and answers of each framing, over connections that are kept."""
    large = folder / "large"
    large.write_bytes(bytes(range(256)) * 4096)
    with swirl(probe) as upstream:
        for buffering in ("on", "off"):
            with nginx(folder, upstream, buffering) as port:
                url = f"http://127.0.0.1:{port}"
                for name, options in [("with a length", []), ("chunked", ["-H", "Transfer-Encoding: chunked"])]:
                    got = run("curl", "-sS", *options, "--data-binary", f"@{large}", f"{url}/echo").stdout
                    report(f"nginx, request buffering {buffering}, server: a body {name}", None if got == large.read_bytes() else f"{len(got)} bytes")
                told(f"nginx, {buffering}, server: a stream", curl(f"{url}/stream"), "line 1\nline 2\nline 3")
                told(f"nginx, {buffering}, server: 20 requests", str(curl(*[f"{url}/hello"] * 20).count("hello")), "20")
                # Clients that leave in the middle of a body: the next are served as ever.
                for _ in range(20):
                    with socket.create_connection(("127.0.0.1", port), 10) as client:
                        client.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nabc")
                told(f"nginx, {buffering}, server: after clients that left", curl(f"{url}/hello"), "hello")


def server_behind_proxies(probe, fetch, folder):
    """All of it."""
    folder = pathlib.Path(folder)
    root = Authority(folder, "root")
    whose_word(probe, folder)
    named_clients(probe, folder, root, Authority(folder, "between", root))
    bodies(probe, folder)
