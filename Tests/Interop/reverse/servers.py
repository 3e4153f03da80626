"""Upstreams for the reverse proxy: nginx, a raw server that says what the path asks for, a server of WebSockets. Run as a program it is the raw one."""
import asyncio
import contextlib
import hashlib
import os
import subprocess
import sys

from checks import CACHE, ROOT, free_port, program, server

NGINX = """
daemon off; error_log {folder}/error.log; pid {folder}/pid; worker_processes 2;
events {{ worker_connections 256; }}
http {{
  access_log off; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
  scgi_temp_path {folder}/s;
  upstream other {{ server 127.0.0.1:{port}; keepalive 64; }}
  server {{
    listen 127.0.0.1:{port}; client_max_body_size 0;
    location / {{ root {folder}; etag on; gzip on; gzip_types text/plain; gzip_min_length 10; gzip_proxied any; }}
    location /moved {{ return 301 /small.txt; }}
    location /past/ {{ proxy_pass http://other/; proxy_http_version 1.1; proxy_set_header Connection ""; }}
  }}
}}
"""

#: What the raw server sends for a path, and whether it closes then.
ANSWERS = {
    "/both": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "/lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "/folded": b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n",
    "/nameless": b"HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 0\r\n\r\n",
    "/bare": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "/garbage": b"\x00\x01\x02\x03\r\n\r\n",
    "/nothing": b"",
    "/half-head": b"HTTP/1.1 200 OK\r\nContent-Le",
    "/switch": b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
}
#: What breaks behind the head.
HALVES = {
    "/half-length": b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
    "/half-chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "/bad-chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
}

WEBSOCKET = """
import asyncio, sys, websockets
from websockets.asyncio.server import serve
async def talk(socket):
    try:
        async for message in socket:
            if message == "close": await socket.close(4321, "as asked")
            else: await socket.send(message)
    except websockets.ConnectionClosed: pass
    print("closed", socket.close_code, flush=True)
async def main():
    async with serve(talk, "127.0.0.1", int(sys.argv[1]), max_size=1 << 24, subprotocols=["chat"]): await asyncio.Future()
asyncio.run(main())
"""


@contextlib.contextmanager
def nginx(folder):
    """nginx with the files of a folder, and as a proxy itself; its port."""
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port))
    folder.chmod(0o777)
    with server(program("nginx"), "-p", str(folder), "-c", str(configuration), port=port):
        yield port


@contextlib.contextmanager
def raw():
    """The raw server; its port, and the lines that it prints."""
    environment = os.environ | {"PYTHONPATH": str(ROOT / "Tests" / "Interop")}
    with server(sys.executable, __file__, stdout=subprocess.PIPE, text=True, env=environment) as process:
        yield int(process.stdout.readline()), process.stdout


@contextlib.contextmanager
def websockets():
    """An echo of WebSockets; its port, and the lines that it prints."""
    port = free_port()
    with server(CACHE / "bin" / "python3", "-c", WEBSOCKET, str(port), port=port, stdout=subprocess.PIPE, text=True) as process:
        yield port, process.stdout


async def read_body(reader, head):
    """Counts and digests a body of either framing."""
    count, digest = 0, hashlib.sha256()
    fields = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in head.split("\r\n")[1:])}

    async def take(size):
        nonlocal count
        while size:
            piece = await reader.read(min(size, 1 << 18))
            if not piece:
                raise EOFError
            size -= len(piece)
            count += len(piece)
            digest.update(piece)

    if fields.get("transfer-encoding") == "chunked":
        while size := int(await reader.readline(), 16):
            await take(size)
            await reader.readline()
        while (await reader.readline()).strip():
            pass
    else:
        await take(int(fields.get("content-length", 0)))
    return count, digest.hexdigest()


async def serve(reader, writer):
    """One connection."""
    path = ""
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ")[1]
            if path in ANSWERS:
                writer.write(ANSWERS[path])
                break
            if path in HALVES:
                writer.write(HALVES[path])
                await writer.drain()
                await asyncio.sleep(0.2)
                writer.write(b"zz\r\n" if path == "/bad-chunk" else b"")
                break
            if path == "/silent":
                print("asked", flush=True)
                with contextlib.suppress(ConnectionError):
                    await reader.read(1)
                print("left", flush=True)
                break
            if path == "/refuse":
                writer.write(b"HTTP/1.1 401 No\r\nContent-Length: 2\r\n\r\nno")
                break
            if "\r\nexpect: 100-continue" in head.lower():
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            count, digest = await read_body(reader, head)
            body = f"{count} {digest}\n".encode() if path == "/count" else head.encode("latin-1")
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    except EOFError:
        print("broken", path, flush=True)
    except ConnectionError:
        print("reset", path, flush=True)
    with contextlib.suppress(ConnectionError):
        await writer.drain()
        writer.close()


async def main():
    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(listening.sockets[0].getsockname()[1], flush=True)
    await listening.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
