"""What RFC 9113 says on messages: section 8."""
from .cases import Table, answers, ignores, malformed, resets
from .connection import Failed
from .frames import (END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, INTERNAL_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, block, continuation, data,
                     headers)

messages = Table()
case = messages.case


def sends_fields(section, name, allowed, *more, method="GET", change=lambda fields: fields, **options):
    """A request without content, with more fields, or with its fields changed."""
    case(section, name, allowed, **options)(lambda c: c.send(headers(1, block(change(c.target.fields(method, c.target.small, *more))))))


def uploads(section, name, allowed, *pieces, fields=(), **options):
    """A request with content."""
    case(section, name, allowed, **options)(lambda c: c.send(headers(1, c.target.request("POST", None, *fields), END_HEADERS), *pieces))


def without(name):
    return lambda fields: [field for field in fields if field[0] != name]


def twice(name):
    return lambda fields: [field for field in fields for _ in range(2 if field[0] == name else 1)]


def replaced(name, value):
    return lambda fields: [(name, value) if field[0] == name else field for field in fields]


uploads("8.1", "a second HEADERS without END_STREAM", malformed(), data(1, b"test"), headers(1, block([("x-sum", "1")]), END_HEADERS))
uploads("8.1", "trailers end the stream", answers(), data(1, b"test"), headers(1, block([("x-sum", "1")])))
uploads("8.1", "a pseudo-field in trailers", malformed(), data(1, b"test"), headers(1, block([(":method", "GET")])))
uploads("8.1", "an upper-case name in trailers", malformed(), data(1, b"test"), headers(1, block([("X-Sum", "1")])))
uploads("8.1.1", "content-length above the one DATA", malformed(), data(1, b"test", END_STREAM), fields=[("content-length", "5")])
uploads("8.1.1", "content-length below the one DATA", malformed(), data(1, b"test", END_STREAM), fields=[("content-length", "1")])
uploads("8.1.1", "content-length above several DATA", malformed(), data(1, b"te"), data(1, b"st", END_STREAM), fields=[("content-length", "5")])
uploads("8.1.1", "content-length below several DATA", malformed(), data(1, b"te"), data(1, b"st", END_STREAM), fields=[("content-length", "3")])
uploads("8.1.1", "content-length above DATA that trailers end", malformed(), data(1, b"te"), headers(1, block([("x-a", "b")])), fields=[("content-length", "5")])
uploads("8.1.1", "content-length counts no padding", answers(), data(1, b"test", END_STREAM, padding=9), fields=[("content-length", "4")])
sends_fields("8.1.1", "content-length, and no content", malformed(), ("content-length", "5"), method="POST")
sends_fields("8.1.1", "content-length is no number", malformed(), ("content-length", "4x"))
sends_fields("8.1.1", "content-length is negative", malformed(), ("content-length", "-1"))
sends_fields("8.1.1", "content-length has a sign", malformed(), ("content-length", "+0"))
uploads("8.1.1", "two content-lengths that differ", malformed(), data(1, b"test", END_STREAM), fields=[("content-length", "4"), ("content-length", "5")])
sends_fields("8.1.1", "content-length beyond 64 bits", malformed(), ("content-length", "18446744073709551616"))

sends_fields("8.2", "an upper-case field name", malformed(), ("X-TEST", "ok"))
for label, name in {"empty": "", "a space": "x y", "a colon": "x:y", "a control character": "x\1", "DEL": "x\x7f", "beyond ASCII": "x\xe9", "NUL": "x\0"}.items():
    sends_fields("8.2.1", f"a field name: {label}", malformed(), (name, "ok"))
for label, value in {"NUL": "a\0b", "CR": "a\rb", "LF": "a\nb", "CR LF and a field": "a\r\nx-evil: 1"}.items():
    sends_fields("8.2.1", f"a field value: {label}", malformed(), ("x-test", value))
sends_fields("8.2.1", "a field value: HTAB and octets beyond ASCII within", answers(), ("x-test", "a\tb\xe9"))
sends_fields("8.2.1", "a field value: blank in front", malformed() | answers(), ("x-test", " a"))
sends_fields("8.2.1", "a line feed in :path", malformed(), change=replaced(":path", "/a\nb"))
sends_fields("8.2.1", "a space in :path", malformed(), change=replaced(":path", "/a b"))
sends_fields("8.2.1", "CR LF in :authority", malformed(), change=replaced(":authority", "a\r\nx: y"))
for name, value in {"connection": "keep-alive", "keep-alive": "timeout=5", "proxy-connection": "keep-alive", "transfer-encoding": "chunked",
                    "upgrade": "h2c"}.items():
    sends_fields("8.2.2", f"the field {name}", malformed(), (name, value))
sends_fields("8.2.2", "the field te with more than trailers", malformed(), ("te", "trailers, deflate"))
sends_fields("8.2.2", "the field te with trailers", answers(), ("te", "trailers"))
sends_fields("8.2.3", "cookies in several fields", answers(), ("cookie", "a=b"), ("cookie", "c=d"))

sends_fields("8.3", "a pseudo-field behind a field", malformed(), change=lambda fields: [*fields[:3], ("x-test", "ok"), fields[3]])
sends_fields("8.3", "an unknown pseudo-field", malformed(), change=lambda fields: [*fields, (":test", "ok")])
sends_fields("8.3", "a pseudo-field of answers", malformed(), change=lambda fields: [*fields, (":status", "200")])
sends_fields("8.3", "a name of a colon alone", malformed(), change=lambda fields: [*fields, (":", "ok")])
for name in (":method", ":scheme", ":path"):
    sends_fields("8.3.1", f"without {name}", malformed(), change=without(name))
for name in (":method", ":scheme", ":path", ":authority"):
    sends_fields("8.3.1", f"{name} twice", malformed(), change=twice(name))
sends_fields("8.3.1", ":path is empty", malformed(), change=replaced(":path", ""))
sends_fields("8.3.1", ":path without a slash", malformed(), change=replaced(":path", "hello"))
sends_fields("8.3.1", ":method is empty", malformed(), change=replaced(":method", ""))
sends_fields("8.3.1", ":method is no token", malformed(), change=replaced(":method", "GE T"))
sends_fields("8.3.1", "host in the place of :authority", answers(), change=lambda fields: [*fields[:3], ("host", fields[3][1])])
sends_fields("8.3.1", "neither :authority nor host", malformed() | answers(), change=without(":authority"))
sends_fields("8.3.1", "host differs from :authority", malformed() | answers(), ("host", "other.example"))
sends_fields("8.3.1", "two hosts", malformed(), ("host", "a.example"), ("host", "b.example"), change=without(":authority"))
sends_fields("8.3.1", "OPTIONS *", answers(), method="OPTIONS", change=replaced(":path", "*"))
sends_fields("8.3.1", "GET *", malformed(), change=replaced(":path", "*"))
sends_fields("8.5", "CONNECT with :path and :scheme", malformed(), change=replaced(":method", "CONNECT"))
sends_fields("8.5", "CONNECT without :authority", malformed(), change=lambda fields: [(":method", "CONNECT")])
sends_fields("8.5", "CONNECT is answered", malformed() | answers(), change=lambda fields: [(":method", "CONNECT"), (":authority", "example.org:80")])


@case("8.3.1", "each method has an answer", ignores)
def _(c):
    for number, method in enumerate(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PURGE"]):
        c.send(headers(2 * number + 1, block(c.target.fields(method, c.target.small))))
        c.answer(2 * number + 1)


@case("8.1", "no status below 200 ends an answer, and names are in lower case", ignores)
def _(c):
    c.send(headers(1, c.target.request()))
    c.answer()
    fields = c.heads[1][-1]
    if fields[0][0] != ":status" or any(name != name.lower() for name, _ in fields) or \
            {name for name, _ in fields} & {"connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection"}:
        raise Failed(f"{fields}")


@case("8.6", "expect: 100-continue", answers())
def _(c):
    c.send(headers(1, c.target.request("POST", None, ("expect", "100-continue"), ("content-length", "4")), END_HEADERS))
    status = c.wait("head", 1).code
    if status == 100:
        c.send(data(1, b"test", END_STREAM))
    elif status < 200:
        raise Failed(f"status {status}")


#: Limits are the server's own; RFC 9113 names no code for them.
BEYOND = (ENHANCE_YOUR_CALM, INTERNAL_ERROR, REFUSED_STREAM, PROTOCOL_ERROR)


@case("10.5.1", "fields of 70 KiB are refused or taken", answers() | resets(*BEYOND))
def _(c):
    text = c.target.request() + block([(f"x-{number}", "v" * 1000) for number in range(70)])
    pieces = [text[start:start + 16000] for start in range(0, len(text), 16000)]
    c.send(headers(1, pieces[0], END_STREAM), *(continuation(1, piece, 0) for piece in pieces[1:]), continuation(1, b""))
