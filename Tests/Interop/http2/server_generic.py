"""Cases that any server of HTTP/2 has to take: h2spec's section "generic"."""
import struct

import hpack

from .cases import Allowed, Table, answers, ignores
from .connection import Failed
from .frames import (ACK, CANCEL, END_HEADERS, END_STREAM, HEADERS, HEADER_TABLE_SIZE, INDEXING, INITIAL_WINDOW_SIZE, NEVER, NO_ERROR, PADDED,
                     PLAIN, PREFACE, PRIORITIZED, PROTOCOL_ERROR, block, continuation, data, frame, goaway, headers, indexed, literal, ping,
                     priority, priority_payload, reset, settings, string, table_size, window_update)

generic = Table()
case = generic.case
HUFFMAN = hpack.hpack.HuffmanEncoder(hpack.huffman_constants.REQUEST_CODES, hpack.huffman_constants.REQUEST_CODES_LENGTH)


def huffman(text):
    return string(b"", HUFFMAN.encode(text.encode()))


@case("generic 1", "the server's preface is SETTINGS", ignores, greets=False)
def _(c):
    c.send(PREFACE, settings())
    if (first := next(c.events(), None)) is None or first.what != "SETTINGS":
        raise Failed(f"{first} came first")


@case("generic 1", "a client that waits for the server's SETTINGS gets them, or may go first", ignores, greets=False)
def _(c):
    c.send(PREFACE)
    c.send(settings())
    c.wait("SETTINGS")


@case("generic 1", "the preface and a request in one segment", answers(), greets=False)
def _(c):
    c.send(PREFACE + settings() + headers(1, c.target.request()))


@case("generic 1", "the preface in pieces of one byte", answers(), greets=False)
def _(c):
    for byte in PREFACE + settings():
        c.send(bytes([byte]))
    c.send(headers(1, c.target.request()))


@case("generic 2", "PRIORITY on an idle stream", ignores)
def _(c):
    c.send(priority(1))


@case("generic 2", "WINDOW_UPDATE on a stream half-closed (remote)", answers())
def _(c):
    c.send(headers(1, c.target.request()), window_update(1, 1))


@case("generic 2", "PRIORITY on a stream half-closed (remote)", answers())
def _(c):
    c.send(headers(1, c.target.request()), priority(1))


@case("generic 2", "RST_STREAM on a stream half-closed (remote)", ignores)
def _(c):
    c.send(headers(1, c.target.request()), reset(1))


@case("generic 2", "PRIORITY on a closed stream", ignores)
def _(c):
    c.send(headers(1, c.target.request()))
    c.answer()
    c.send(priority(1))


@case("generic 2", "WINDOW_UPDATE on a stream that has just closed", ignores)
def _(c):
    c.send(headers(1, c.target.request()))
    c.answer()
    c.send(window_update(1, 1))


@case("generic 2", "RST_STREAM on a stream that has just closed", ignores)
def _(c):
    c.send(headers(1, c.target.request()))
    c.answer()
    c.send(reset(1))


def upload(c, *pieces, fields=()):
    c.send(headers(1, c.target.request("POST", None, *fields), END_HEADERS), *pieces)


@case("generic 3.1", "DATA", answers())
def _(c):
    upload(c, data(1, b"test", END_STREAM))


@case("generic 3.1", "several DATA", answers())
def _(c):
    upload(c, data(1, b"te"), data(1, b"st"), data(1, b"!", END_STREAM))


@case("generic 3.1", "DATA with padding", answers())
def _(c):
    upload(c, data(1, b"test", END_STREAM, padding=6))


@case("generic 3.1", "DATA of padding alone", answers())
def _(c):
    upload(c, data(1, b"", padding=255), data(1, b"test", END_STREAM, padding=0))


@case("generic 3.1", "an empty DATA ends the stream", answers())
def _(c):
    upload(c, data(1, b"test"), data(1, b"", END_STREAM))


@case("generic 3.2", "HEADERS", answers())
def _(c):
    c.send(headers(1, c.target.request()))


@case("generic 3.2", "HEADERS with padding", answers())
def _(c):
    c.send(headers(1, b"\6" + c.target.request() + bytes(6), END_HEADERS | END_STREAM | PADDED))


@case("generic 3.2", "HEADERS with a priority", answers())
def _(c):
    c.send(headers(1, priority_payload(0, 256, True) + c.target.request(), END_HEADERS | END_STREAM | PRIORITIZED))


@case("generic 3.2", "HEADERS with padding and a priority", answers())
def _(c):
    c.send(headers(1, b"\3" + priority_payload() + c.target.request() + bytes(3), END_HEADERS | END_STREAM | PRIORITIZED | PADDED))


for weight in (1, 256):
    @case("generic 3.3", f"PRIORITY of weight {weight}", answers())
    def _(c, weight=weight):
        c.send(headers(1, c.target.request()), priority(1, 0, weight))


@case("generic 3.3", "PRIORITY with a dependency on another stream", ignores)
def _(c):
    c.send(priority(1, 0), priority(3, 1))


@case("generic 3.3", "PRIORITY that is exclusive", ignores)
def _(c):
    c.send(priority(1, 0, 16, True))


@case("generic 3.3", "PRIORITY of a higher stream opens nothing: a lower one is still free", answers())
def _(c):
    c.send(priority(5), headers(1, c.target.request()))


@case("generic 3.4", "RST_STREAM on an open stream", ignores)
def _(c):
    upload(c, reset(1))


@case("generic 3.5", "SETTINGS are acknowledged", ignores)
def _(c):
    c.send(settings((INITIAL_WINDOW_SIZE, 100)))
    c.wait("ACK")
    c.wait("ACK")


@case("generic 3.7", "PING is answered with its payload", ignores)
def _(c):
    c.send(ping(b"h2spec\xff\0"))
    c.wait("PONG", code=b"h2spec\xff\0")


@case("generic 3.8", "GOAWAY of a client that ends", Allowed(nothing=True, close=True))
def _(c):
    c.send(goaway())


@case("generic 3.8", "GOAWAY of a client lets its own request finish", answers() | Allowed(close=True))
def _(c):
    c.send(headers(1, c.target.request()) + goaway())
    c.answer()
    c.queue.append(c.seen[-1])


@case("generic 3.9", "WINDOW_UPDATE of the connection", ignores)
def _(c):
    c.send(window_update(0, 1))


@case("generic 3.9", "WINDOW_UPDATE of a stream", answers())
def _(c):
    upload(c, window_update(1, 1), data(1, b"test", END_STREAM))


@case("generic 3.10", "CONTINUATION", answers())
def _(c):
    text = c.target.request()
    c.send(headers(1, text[:7], END_STREAM), continuation(1, text[7:]))


@case("generic 3.10", "several CONTINUATION, one of them empty", answers())
def _(c):
    text = c.target.request()
    c.send(headers(1, b"", END_STREAM), continuation(1, text[:7], 0), continuation(1, b"", 0), continuation(1, text[7:9], 0),
           continuation(1, text[9:]))


@case("generic 4", "GET", answers())
def _(c):
    c.send(headers(1, c.target.request()))


@case("generic 4", "GET has a content and its length in DATA", ignores)
def _(c):
    c.send(headers(1, c.target.request()))
    c.answer()
    fields = dict(c.heads[1][-1])
    if not c.content[1] or "content-length" in fields and int(fields["content-length"]) != len(c.content[1]):
        raise Failed(f"{fields}, {len(c.content[1])} bytes")


@case("generic 4", "HEAD has no content", ignores)
def _(c):
    c.send(headers(1, c.target.request("HEAD", c.target.small)))
    c.answer()
    if c.content[1]:
        raise Failed("it has content")


@case("generic 4", "POST", answers())
def _(c):
    upload(c, data(1, b"test", END_STREAM), fields=[("content-length", "4")])


@case("generic 4", "POST with trailers", answers())
def _(c):
    upload(c, data(1, b"test"), headers(1, block([("x-sum", "1")])))


@case("generic 4", "POST without content", answers())
def _(c):
    c.send(headers(1, c.target.request("POST", None, ("content-length", "0"))))


@case("generic 4", "two requests at once", ignores)
def _(c):
    c.send(headers(1, c.target.request()) + headers(3, c.target.request()))
    waiting = {1, 3}
    for event in c.events():
        waiting -= {event.stream} if event.what == "end" else set()
        if not waiting:
            return
    raise Failed(f"streams {waiting} have no answer")


@case("generic 4", "stream identifiers may skip some", answers(7))
def _(c):
    c.send(headers(1, c.target.request()), headers(7, c.target.request()))


def with_field(*pieces):
    """The pieces stand behind the pseudo-fields."""
    def act(c):
        c.send(headers(1, c.target.request() + b"".join(pieces)))
    return act


case("generic 5", "an indexed field of the static table", answers())(lambda c: c.send(headers(
    1, indexed(2) + indexed(7 if c.target.tls else 6) + literal(4, c.target.small) + literal(1, "localhost"))))
case("generic 5", "an indexed field of the dynamic table", answers(3))(lambda c: c.send(
    headers(1, c.target.request() + literal("x-test", "a", INDEXING)), headers(3, c.target.request() + indexed(62))))
for label, form in {"with indexing": INDEXING, "without indexing": PLAIN, "never indexed": NEVER}.items():
    case("generic 5", f"a literal {label}, its name indexed", answers())(with_field(literal(58, "test", form)))
    case("generic 5", f"a literal {label}, its name new", answers())(with_field(literal("x-test", "test", form)))
    case("generic 5", f"a literal {label}, its name indexed, its value in Huffman's code", answers())(
        with_field(literal(58, "", form)[:-1] + huffman("test")))
    case("generic 5", f"a literal {label}, its name and value in Huffman's code", answers())(
        with_field(bytes([form[0]]) + huffman("x-test") + huffman("test")))
case("generic 5", "the dynamic table's size changes", answers())(lambda c: c.send(headers(1, table_size(128) + c.target.request())))
case("generic 5", "the dynamic table's size changes twice", answers())(
    lambda c: c.send(headers(1, table_size(128) + table_size(4096) + c.target.request())))
case("generic 5", "the server obeys a smaller HEADER_TABLE_SIZE", ignores, settings=((HEADER_TABLE_SIZE, 0),))(lambda c: small_table(c))
case("generic 5", "the dynamic table of 0 octets", answers(3))(lambda c: c.send(
    headers(1, table_size(0) + c.target.request() + literal("x-test", "a", INDEXING)), headers(3, c.target.request())))
case("generic 5", "an empty value, and one of 4000 octets", answers())(with_field(literal("x-a", ""), literal("x-b", "b" * 4000)))


def small_table(c):
    """Its blocks must be decoded by a table without a place."""
    c.decoder.header_table_size = 0
    c.decoder.max_allowed_table_size = 0
    for stream in (1, 3):
        c.send(headers(stream, c.target.request()))
        c.answer(stream)
