"""Two clients that are wrong on purpose: `deaf` sees no error, `touchy` sees one in each frame. Prints the content that came."""
import contextlib
import socket
import struct
import sys
import time

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#: GET / of http, from the static table, with "localhost".
REQUEST = b"\x82\x86\x84\x01\x09localhost"


def frame(kind, flags, stream, payload):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


kind, url = sys.argv[1:]
connection = socket.create_connection(("127.0.0.1", int(url.rsplit(":")[-1].strip("/"))))
connection.sendall(PREFACE + frame(4, 0, 0, b"") + frame(1, 5, 1, REQUEST))
received, content, ends = bytearray(), b"", time.monotonic() + 0.5
with contextlib.suppress(OSError):
    while (left := ends - time.monotonic()) > 0:
        connection.settimeout(left)
        if not (more := connection.recv(65536)):
            break
        received += more
        while len(received) >= 9 and len(received) >= (length := 9 + int.from_bytes(received[:3], "big")):
            head, payload = bytes(received[:9]), bytes(received[9:length])
            del received[:length]
            if head[3] == 4 and not head[4] & 1:
                connection.sendall(frame(4, 1, 0, b""))
            elif head[3] != 4 and kind == "touchy":
                connection.sendall(frame(7, 0, 0, struct.pack(">II", 0, 12)))
                sys.exit(1)
            if head[3] == 0:
                content += payload
sys.stdout.buffer.write(content)
