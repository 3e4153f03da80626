"""The peer of the operation over HTTP/2: prints its port and answers each request with 100 bytes, one at a time, by frames made by hand."""

import socket

PREFACE = len(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
DATA, HEADERS, SETTINGS, PING = 0, 1, 4, 6
END_STREAM, ACK, END_HEADERS = 1, 1, 4
#: `:status: 200` and `content-type: text/plain`, without the dynamic table (RFC 7541 §6.1, §6.2.2).
FIELDS = b"\x88\x0f\x10\x0atext/plain"


def frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def exactly(connection, count):
    found = b""
    while len(found) < count:
        piece = connection.recv(count - len(found))
        if not piece:
            raise EOFError
        found += piece
    return found


def serve(connection):
    exactly(connection, PREFACE)
    connection.sendall(frame(SETTINGS, 0, 0))
    while True:
        header = exactly(connection, 9)
        kind, flags, stream = header[3], header[4], int.from_bytes(header[5:], "big")
        payload = exactly(connection, int.from_bytes(header[:3], "big"))
        if kind == SETTINGS and not flags & ACK:
            connection.sendall(frame(SETTINGS, ACK, 0))
        elif kind == PING and not flags & ACK:
            connection.sendall(frame(PING, ACK, 0, payload))
        elif kind == HEADERS:
            connection.sendall(frame(HEADERS, END_HEADERS, stream, FIELDS) + frame(DATA, END_STREAM, stream, b"x" * 100))


def main():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection:
                try:
                    serve(connection)
                except (EOFError, ConnectionError):
                    pass


if __name__ == "__main__":
    main()
