"""The server that every client is measured against: nginx, one worker, its own configuration in a temporary folder."""

import pathlib
import socket
import subprocess
import time

from processes import Failed, Server

CONFIGURATION = """
{modules}
daemon off;
master_process off;
worker_rlimit_nofile 65536;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 32768; multi_accept on; }}
http {{
  access_log off;
  default_type text/plain;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16 inactive=1h;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} backlog=16384 reuseport;
    location = /small {{ return 200 "{small}"; }}
    location = /hello {{ return 200 "hello"; }}
    location = /slow {{ {slow} }}
    root {folder};
  }}
  server {{
    listen 127.0.0.1:{tls_port} ssl backlog=16384 reuseport;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.3;
    # One cipher for all: libraries differ in which they like best.
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    location = /small {{ return 200 "{small}"; }}
    root {folder};
  }}
  server {{
    listen 127.0.0.1:{http2_port} http2 backlog=16384 reuseport;
    location = /small {{ return 200 "{small}"; }}
    location = /hello {{ return 200 "hello"; }}
    location = /slow {{ {slow} }}
    root {folder};
  }}
  server {{
    listen 127.0.0.1:{http2_tls_port} ssl http2 backlog=16384 reuseport;
    ssl_certificate {folder}/certificate.pem;
    ssl_certificate_key {folder}/key.pem;
    ssl_protocols TLSv1.3;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
    location = /small {{ return 200 "{small}"; }}
    location = /hello {{ return 200 "hello"; }}
    root {folder};
  }}
}}
"""

MODULES = [pathlib.Path("/usr/lib/nginx/modules/ngx_http_echo_module.so")]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def make_certificate(folder):
    """For the address that all ask, signed with its own key, which they are told to trust."""
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-days", "2"]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", folder / "key.pem", "-out", folder / "certificate.pem"]
    subprocess.run([*command, *files], check=True, capture_output=True)


def start(folder, cores):
    folder = pathlib.Path(folder)
    # Pages of 4 KiB and 1 MiB as files: the cheapest that nginx has.
    (folder / "4k").write_bytes(b"x" * 4096)
    (folder / "1m").write_bytes(b"x" * (1 << 20))
    # A gibibyte that takes no room on the disk.
    with open(folder / "1g", "wb") as large:
        large.truncate(1 << 30)
    make_certificate(folder)
    port, tls_port, http2_port, http2_tls_port = (free_port() for _ in range(4))
    modules = [path for path in MODULES if path.exists()]
    (folder / "nginx.conf").write_text(
        CONFIGURATION.format(
            folder=folder,
            port=port,
            tls_port=tls_port,
            http2_port=http2_port,
            http2_tls_port=http2_tls_port,
            small="x" * 100,
            modules="\n".join(f"load_module {path};" for path in modules),
            slow="echo_sleep 3.0; echo hello;" if modules else "return 404;",
        )
    )
    server = Server(["nginx", "-c", folder / "nginx.conf", "-p", folder], cores, port=port)
    server.tls_port = tls_port
    server.http2_port, server.http2_tls_port = http2_port, http2_tls_port
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return server
        except OSError:
            time.sleep(0.05)
    server.stop()
    raise Failed("nginx does not answer: " + (folder / "error.log").read_text()[-2000:])
