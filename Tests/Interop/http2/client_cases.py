"""Cases for a client: what a server sends, and what RFC 9113 lets the client make of it.

Where nothing is allowed but an answer, the client has to print the content and to end without an error; elsewhere it has to fail, and to say
so by the code, or by closing."""
import contextlib
import socket

from .cases import Table, answers, dies, malformed, resets
from .connection import Failed, unknown_frame
from .frames import (ACK, CANCEL, COMPRESSION_ERROR, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR,
                     GOAWAY, INDEXING, INITIAL_WINDOW_SIZE, INTERNAL_ERROR, MAX_FRAME_SIZE, NO_ERROR, PADDED, PING, PRIORITY,
                     PROTOCOL_ERROR, REFUSED_STREAM, RST_STREAM, SETTINGS, STREAM_CLOSED, WINDOW_UPDATE, block, continuation, data, frame,
                     goaway, headers, indexed, literal, ping, priority, priority_payload, push_promise, reset, settings, string, table_size,
                     window_update)

CASES = Table()
case = CASES.case
CONTENT = b"hello\n"
#: The status 200, the eighth of the static table.
OK = indexed(8)
HEAD = headers(1, OK, END_HEADERS)
END = data(1, CONTENT, END_STREAM)


def sends(section, name, allowed, *pieces, **options):
    """What is sent when the request has come."""
    def act(c):
        c.wait("end", 1)
        c.send(*pieces)
    case(section, name, allowed, **options)(act)


def head(*fields, status="200", flags=END_HEADERS):
    return headers(1, block([(":status", status), *fields]), flags)


# What has to be taken.
sends("generic", "an answer", answers(), HEAD, END)
sends("generic", "an answer in one segment", answers(), HEAD + END)
sends("generic", "an answer in pieces, with empty DATA", answers(), HEAD, data(1), data(1, b"hel"), data(1), data(1, b"lo\n"), data(1, b"", END_STREAM))
sends("generic", "an answer without content", answers(), headers(1, OK), content=b"")
sends("generic", "DATA with padding", answers(), HEAD, data(1, b"", padding=255), data(1, CONTENT, END_STREAM, padding=3))
sends("generic", "HEADERS with padding and a priority", answers(),
      headers(1, b"\3" + priority_payload() + OK + bytes(3), END_HEADERS | PADDED | 32), END)
sends("generic", "CONTINUATION", answers(), headers(1, b"", 0), continuation(1, OK[:1], 0), continuation(1, b"", END_HEADERS), END)
sends("generic", "trailers", answers(), HEAD, data(1, CONTENT), headers(1, block([("x-sum", "1")])))
sends("generic", "103, and then the answer", answers(), head(("link", "</a>"), status="103"), head(status="103"), HEAD, END)
sends("generic", "100 without having asked", answers(), head(status="100"), HEAD, END)
sends("generic", "PING, SETTINGS and unknown frames between", answers(), HEAD, ping(), unknown_frame(), settings(), unknown_frame(1), priority(1), END)
sends("generic", "an unknown status", answers(), head(status="299"), END)
sends("generic", "the table's size changes", answers(),
      headers(1, table_size(0) + table_size(4096) + OK + literal("x-a", "b", INDEXING) + indexed(62), END_HEADERS), END)
sends("generic", "WINDOW_UPDATE and RST_STREAM on a stream that has closed", answers(), HEAD, END + window_update(1, 1) + reset(1, NO_ERROR))
sends("generic", "GOAWAY that lets the request finish", answers(), HEAD, goaway(1), END)
sends("generic", "GOAWAY twice, as a server that stops says it", answers(), goaway((1 << 31) - 1), HEAD, goaway(1), END)
sends("generic", "content-length that is right", answers(), head(("content-length", "6")), END)
sends("generic", "304 with a content-length", answers(), head(("content-length", "6"), status="304", flags=END_HEADERS | END_STREAM), content=b"")
sends("generic", "204", answers(), head(status="204", flags=END_HEADERS | END_STREAM), content=b"")
sends("generic", "all settings at their limits", answers(),
      settings((1, 0), (3, 1), (4, (1 << 31) - 1), (5, (1 << 24) - 1), (6, 0xFFFFFFFF), (0xFFFF, 7)), HEAD, END)
sends("generic", "100 fields of 100 octets", answers(), headers(1, OK + block([(f"x-{number}", "v" * 100) for number in range(100)]), END_HEADERS), END)
sends("generic", "cookies in several fields", answers(), head(("set-cookie", "a=b"), ("set-cookie", "c=d")), END)


@case("3.4", "the preface is followed by SETTINGS, which are acknowledged when ours come", answers(), greets=False)
def _(c):
    c.acknowledges = False
    if (first := next(c.events(), None)) is None or first.what != "SETTINGS":
        raise Failed(f"{first} came first")
    c.send(settings((INITIAL_WINDOW_SIZE, 65536)), settings(flags=ACK))
    c.wait("ACK")
    if not any(event.what == "end" for event in c.seen):
        c.wait("end", 1)
    c.send(HEAD, END)


@case("3.4", "the first request has an odd stream, and its fields in order", answers())
def _(c):
    stream = c.wait("head").stream
    fields = dict(c.heads[stream][0])
    names = [name for name, _ in c.heads[stream][0]]
    pseudo = [name for name in names if name.startswith(":")]
    if stream != 1 or names[:len(pseudo)] != pseudo or not {":method", ":scheme", ":path", ":authority"} <= fields.keys() or \
            any(name != name.lower() for name in names) or fields.keys() & {"connection", "host", "transfer-encoding", "upgrade", "keep-alive"}:
        raise Failed(f"stream {stream}: {c.heads[stream]}")
    c.send(HEAD, END)


@case("6.5.2", "the client pushes away PUSH_PROMISE by its SETTINGS, or takes it", answers())
def _(c):
    c.wait("end", 1)
    if c.settings.get(ENABLE_PUSH, 1) == 1:
        c.send(push_promise(1, 2, block([(":method", "GET"), (":scheme", "http"), (":path", "/x"), (":authority", "localhost")])))
    c.send(HEAD, END)


@case("6.7", "PING is answered", answers())
def _(c):
    c.wait("end", 1)
    c.send(ping(b"h2spec\0\1"))
    c.wait("PONG", code=b"h2spec\0\1")
    c.send(HEAD, END)


@case("6.9", "windows are given back: an answer of 4 MiB", answers(), content=b"x" * (4 << 20))
def _(c):
    c.wait("end", 1)
    c.send(HEAD)
    stream, whole, left = c.settings.get(INITIAL_WINDOW_SIZE, 65535), 65535, 4 << 20
    for event in c.seen:
        if event.what == "WINDOW_UPDATE":
            stream, whole = (stream, whole + event.code) if event.stream == 0 else (stream + event.code, whole)
    while left:
        if count := min(stream, whole, left, 16384):
            left, stream, whole = left - count, stream - count, whole - count
            c.send(data(1, b"x" * count, 0 if left else END_STREAM))
            continue
        event = c.wait("WINDOW_UPDATE")
        stream, whole = (stream, whole + event.code) if event.stream == 0 else (stream + event.code, whole)


@case("6.8", "GOAWAY below the request: it is repeated on another connection", answers())
def _(c):
    c.wait("end", 1)
    c.send(goaway(0))
    # Not `close`: with input that is not read it would be a reset, which may overtake the GOAWAY.
    c.socket.shutdown(socket.SHUT_WR)
    # It stays open until the client has ended: what is dropped with input that is not read is reset, too.
    again = c.again = c.client.accept()
    again.wait("end", 1)
    again.send(HEAD, END)


@case("8.7", "REFUSED_STREAM: the request is repeated, on this connection or another", answers())
def _(c):
    c.wait("end", 1)
    c.send(reset(1, REFUSED_STREAM))
    c.client.listener.settimeout(0.1)
    for _ in range(20):
        if any(event.what == "end" and event.stream == 3 for event in c.events(0.1)):
            return c.send(headers(3, OK, END_HEADERS), data(3, CONTENT, END_STREAM))
        with contextlib.suppress(Failed):
            again = c.again = c.client.accept()
            again.wait("end", 1)
            return again.send(HEAD, END)
    raise Failed("the request is not repeated")


@case("8.1", "RST_STREAM NO_ERROR behind a complete answer", answers())
def _(c):
    c.wait("end", 1)
    c.send(HEAD + END + reset(1, NO_ERROR))


# What has to be an error.
SERVER_FIRST = {
    "PING in the place of SETTINGS": (ping(), dies(PROTOCOL_ERROR)),
    "HEADERS in the place of SETTINGS": (HEAD, dies(PROTOCOL_ERROR)),
    "an acknowledgement in the place of SETTINGS": (settings(flags=ACK), dies(PROTOCOL_ERROR)),
    "HTTP/1.1 in the place of HTTP/2": (
        b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        dies(PROTOCOL_ERROR, FRAME_SIZE_ERROR, 13)),
}
for label, (pieces, allowed) in SERVER_FIRST.items():
    @case("3.4", label, allowed, greets=False)
    def _(c, pieces=pieces):
        c.send(pieces)


@case("3.4", "a connection that ends before the preface", dies(), greets=False)
def _(c):
    c.client.listener.close()
    c.socket.shutdown(socket.SHUT_RDWR)


for size, frames in {"DATA": HEAD + data(1, bytes(16385), END_STREAM), "HEADERS": headers(1, OK + literal("x-a", "b" * 16384), END_HEADERS),
                     "an unknown frame": frame(0xFA, 0, 0, bytes(16385))}.items():
    sends("4.2", f"{size} of more than SETTINGS_MAX_FRAME_SIZE", dies(FRAME_SIZE_ERROR) if size != "DATA" else resets(FRAME_SIZE_ERROR), frames)
sends("4.3", "a header block that cannot be decoded", dies(COMPRESSION_ERROR), headers(1, b"\x00\x85\xf2\xb2\x4a\x84\xff\x87\x49\x51", END_HEADERS), END)
sends("HPACK 2.3.3", "an index beyond both tables", dies(COMPRESSION_ERROR), headers(1, OK + indexed(99), END_HEADERS), END)
sends("HPACK 6.1", "the index 0", dies(COMPRESSION_ERROR), headers(1, OK + indexed(0), END_HEADERS), END)
sends("HPACK 6.3", "a size update above SETTINGS_HEADER_TABLE_SIZE", dies(COMPRESSION_ERROR), headers(1, table_size(1 << 20) + OK, END_HEADERS), END)
sends("HPACK 5.2", "Huffman's EOS", dies(COMPRESSION_ERROR), headers(1, OK + b"\0" + string("x-a") + string(b"", b"\xff\xff\xff\xfc"), END_HEADERS), END)
sends("HPACK 5.2", "a string longer than the block", dies(COMPRESSION_ERROR), headers(1, OK + b"\0\x7f\x80\x01", END_HEADERS), END)
sends("4.3", "PING within a header block", dies(PROTOCOL_ERROR), headers(1, OK, 0), ping(), continuation(1, b""), END)
sends("4.3", "CONTINUATION of another stream", dies(PROTOCOL_ERROR), headers(1, OK, 0), continuation(3, b""), END)
sends("5.1", "DATA on an idle stream", dies(PROTOCOL_ERROR, STREAM_CLOSED), data(3, b"x"), HEAD, END)
sends("5.1", "HEADERS on an idle stream", dies(PROTOCOL_ERROR), headers(3, OK), HEAD, END)
sends("5.1", "HEADERS on a stream of the server that was not promised", dies(PROTOCOL_ERROR), headers(2, OK), HEAD, END)
sends("5.1", "RST_STREAM on an idle stream", dies(PROTOCOL_ERROR), reset(3), HEAD, END)
sends("5.1", "WINDOW_UPDATE on an idle stream", dies(PROTOCOL_ERROR), window_update(3, 1), HEAD, END)
sends("5.1", "CONTINUATION without HEADERS", dies(PROTOCOL_ERROR), continuation(1, OK), END)
sends("6.1", "DATA on stream 0", dies(PROTOCOL_ERROR), HEAD, data(0, b"x"), END)
sends("6.1", "DATA before HEADERS", resets(PROTOCOL_ERROR, STREAM_CLOSED), END)
sends("6.1", "DATA whose padding is as long as its payload", dies(PROTOCOL_ERROR), HEAD, frame(DATA, END_STREAM | PADDED, 1, b"\x05test"))
sends("6.2", "HEADERS on stream 0", dies(PROTOCOL_ERROR), headers(0, OK), HEAD, END)
sends("6.2", "HEADERS whose padding is longer than its payload", dies(PROTOCOL_ERROR), headers(1, b"\xff" + OK, END_HEADERS | PADDED), END)
sends("6.3", "PRIORITY on stream 0", dies(PROTOCOL_ERROR), frame(PRIORITY, 0, 0, bytes(5)), HEAD, END)
sends("6.4", "RST_STREAM on stream 0", dies(PROTOCOL_ERROR), reset(0), HEAD, END)
sends("6.4", "RST_STREAM of 3 octets", dies(FRAME_SIZE_ERROR), frame(RST_STREAM, 0, 1, bytes(3)), HEAD, END)
sends("6.5", "SETTINGS on a stream", dies(PROTOCOL_ERROR), frame(SETTINGS, 0, 1, bytes(6)), HEAD, END)
sends("6.5", "SETTINGS of 5 octets", dies(FRAME_SIZE_ERROR), frame(SETTINGS, 0, 0, bytes(5)), HEAD, END)
sends("6.5", "SETTINGS that acknowledge and have a payload", dies(FRAME_SIZE_ERROR), frame(SETTINGS, ACK, 0, bytes(6)), HEAD, END)
sends("6.5.2", "ENABLE_PUSH of 1 from a server", dies(PROTOCOL_ERROR), settings((ENABLE_PUSH, 1)), HEAD, END)
sends("6.5.2", "INITIAL_WINDOW_SIZE of 2^31", dies(FLOW_CONTROL_ERROR), settings((INITIAL_WINDOW_SIZE, 1 << 31)), HEAD, END)
sends("6.5.2", "MAX_FRAME_SIZE of 16383", dies(PROTOCOL_ERROR), settings((MAX_FRAME_SIZE, 16383)), HEAD, END)
sends("6.7", "PING on a stream", dies(PROTOCOL_ERROR), frame(PING, 0, 1, bytes(8)), HEAD, END)
sends("6.7", "PING of 6 octets", dies(FRAME_SIZE_ERROR), frame(PING, 0, 0, bytes(6)), HEAD, END)
sends("6.8", "GOAWAY on a stream", dies(PROTOCOL_ERROR), frame(GOAWAY, 0, 1, bytes(8)), HEAD, END)
sends("6.8", "GOAWAY of 7 octets", dies(FRAME_SIZE_ERROR), frame(GOAWAY, 0, 0, bytes(7)), HEAD, END)
sends("6.9", "WINDOW_UPDATE of 0 on the connection", dies(PROTOCOL_ERROR), window_update(0, 0), HEAD, END)
sends("6.9", "WINDOW_UPDATE of 3 octets", dies(FRAME_SIZE_ERROR), frame(WINDOW_UPDATE, 0, 0, bytes(3)), HEAD, END)
sends("6.9.1", "WINDOW_UPDATE beyond 2^31-1", dies(FLOW_CONTROL_ERROR), window_update(0, (1 << 31) - 1) * 2, HEAD, END)
sends("8.1", "HEADERS without END_STREAM behind the content", malformed(), HEAD, data(1, b"x"), headers(1, block([("x-a", "b")]), END_HEADERS), END)
sends("8.1", "DATA behind 103", malformed(), head(status="103"), END)
sends("8.1", "103 ends the stream", malformed(), head(status="103", flags=END_HEADERS | END_STREAM))
sends("8.1", "101", malformed(), head(status="101"), HEAD, END)
sends("8.1", "the stream ends in the content", malformed(), head(("content-length", "10")), END)
sends("8.1.1", "content-length below the content", malformed(), head(("content-length", "3")), END)
sends("8.1.1", "content-length without content", malformed(), head(("content-length", "3"), flags=END_HEADERS | END_STREAM))
sends("8.1.1", "content-length is no number", malformed(), head(("content-length", "6x")), END)
sends("8.1.1", "two content-lengths that differ", malformed(), head(("content-length", "6"), ("content-length", "7")), END)
sends("8.1.1", "content behind 204", malformed(), head(status="204"), END)
sends("8.2", "an upper-case field name", malformed(), head(("X-A", "b")), END)
for label, field in {"a name with a space": ("x a", "b"), "a name with a colon": ("x:a", "b"), "an empty name": ("", "b"), "NUL in a value": ("x-a", "a\0b"),
                     "CR LF in a value": ("x-a", "a\r\nb: c")}.items():
    sends("8.2.1", label, malformed(), head(field), END)
for name, value in {"connection": "close", "transfer-encoding": "chunked", "keep-alive": "timeout=5", "upgrade": "h2c"}.items():
    sends("8.2.2", f"the field {name}", malformed(), head((name, value)), END)
sends("8.3", "without :status", malformed(), headers(1, block([("x-a", "b")]), END_HEADERS), END)
sends("8.3", ":status behind a field", malformed(), headers(1, block([("x-a", "b"), (":status", "200")]), END_HEADERS), END)
sends("8.3", ":status twice", malformed(), head((":status", "200")), END)
sends("8.3", "an unknown pseudo-field", malformed(), head((":test", "x")), END)
sends("8.3", "a pseudo-field of requests", malformed(), head((":path", "/")), END)
sends("8.3", "a pseudo-field in trailers", malformed(), HEAD, data(1, CONTENT), headers(1, block([(":status", "200")])))
for status in ("20", "2000", "abc", "-20", ""):
    sends("8.3.2", f":status {status!r}", malformed(), head(status=status), END)


def breaks(section, name, *pieces):
    """The server gives up; the client has to fail, whatever it says."""
    @case(section, name, dies(*range(14)) | resets(*range(14)))
    def _(c):
        c.wait("end", 1)
        c.send(*pieces)
        c.client.listener.close()
        c.socket.shutdown(socket.SHUT_WR)


breaks("5.4.2", "RST_STREAM INTERNAL_ERROR before the answer", reset(1, INTERNAL_ERROR))
breaks("5.4.2", "RST_STREAM within the content", HEAD, data(1, b"hel"), reset(1, CANCEL))
breaks("5.4.2", "RST_STREAM with an unknown code", HEAD, reset(1, 0xFF))
breaks("5.4.2", "RST_STREAM NO_ERROR within the content", HEAD, data(1, b"hel"), reset(1, NO_ERROR))
breaks("5.4.1", "GOAWAY with an error, and a close", HEAD, goaway(1, INTERNAL_ERROR, b"a reason"))
breaks("5.4.1", "a close within the content", HEAD, data(1, b"hel"))
breaks("5.4.1", "a close within a frame", HEAD, data(1, CONTENT, END_STREAM)[:-2])
breaks("5.4.1", "a close within a header block", headers(1, OK, 0))
