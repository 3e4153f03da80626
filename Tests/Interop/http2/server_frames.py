"""What RFC 9113 says on frames and streams: sections 3 to 5."""
from .cases import Allowed, Table, answers, dies, ignores, resets
from .connection import Failed, unknown_frame
from .frames import (ACK, CANCEL, COMPRESSION_ERROR, DATA, END_HEADERS, END_STREAM, FRAME_SIZE_ERROR, HEADERS, INDEXING, MAX_CONCURRENT_STREAMS,
                     NO_ERROR, PREFACE, PROTOCOL_ERROR, REFUSED_STREAM, RST_STREAM, STREAM_CLOSED, block, continuation, data, frame, goaway,
                     headers, indexed, literal, ping, priority, priority_payload, reset, settings, window_update, PRIORITIZED, PRIORITY, PING)

frames = Table()
case = frames.case


def opened(c, stream=1):
    """A stream that is open: its request has no end yet."""
    c.send(headers(stream, c.target.request("POST"), END_HEADERS))


def half_closed(c, stream=1):
    """A stream whose answer waits for a window."""
    c.send(headers(stream, c.target.request("GET", c.target.big)))


@case("3.4", "a preface that is wrong", dies(PROTOCOL_ERROR), greets=False)
def _(c):
    # A server that has HTTP/1 on the same port may answer in its words, which are no frames.
    c.take = lambda piece: None
    c.send(b"INVALID CONNECTION PREFACE\r\n\r\n")


@case("3.4", "a preface whose last octet is wrong", dies(PROTOCOL_ERROR), greets=False)
def _(c):
    c.send(PREFACE[:-1] + b"X", settings())


@case("3.4", "the first frame is not SETTINGS", dies(PROTOCOL_ERROR), greets=False)
def _(c):
    c.send(PREFACE, ping())


@case("3.4", "the first frame is a request", dies(PROTOCOL_ERROR), greets=False)
def _(c):
    c.send(PREFACE, headers(1, c.target.request()))


@case("3.4", "the first SETTINGS is an acknowledgement", dies(PROTOCOL_ERROR), greets=False)
def _(c):
    c.send(PREFACE, settings(flags=ACK))


@case("4.1", "a frame of an unknown type", ignores)
def _(c):
    c.send(unknown_frame())


@case("4.1", "a frame of an unknown type on an idle stream opens nothing", answers())
def _(c):
    c.send(unknown_frame(5), headers(1, c.target.request()))


@case("4.1", "flags that the frame does not have", ignores)
def _(c):
    c.send(ping(b"12345678", 0x16))
    c.wait("PONG", code=b"12345678")


@case("4.1", "the reserved bit of a stream identifier", ignores)
def _(c):
    c.send(frame(PING, 0, 1 << 31, b"12345678"))
    c.wait("PONG", code=b"12345678")


@case("4.2", "DATA of 16384 octets", answers())
def _(c):
    opened(c)
    c.send(data(1, bytes(16384), END_STREAM))


@case("4.2", "DATA of more than SETTINGS_MAX_FRAME_SIZE", resets(FRAME_SIZE_ERROR))
def _(c):
    opened(c)
    c.send(data(1, bytes(c.settings.get(5, 16384) + 1), END_STREAM))


@case("4.2", "HEADERS of more than SETTINGS_MAX_FRAME_SIZE", dies(FRAME_SIZE_ERROR))
def _(c):
    c.send(headers(1, c.target.request() + literal("x-big", "x" * (c.settings.get(5, 16384)))))


@case("4.2", "SETTINGS of more than SETTINGS_MAX_FRAME_SIZE", dies(FRAME_SIZE_ERROR))
def _(c):
    c.send(settings(*[(0xFFFF, 1)] * (c.settings.get(5, 16384) // 6 + 1)))


@case("4.2", "an unknown frame of more than SETTINGS_MAX_FRAME_SIZE", dies(FRAME_SIZE_ERROR))
def _(c):
    c.send(frame(0xFA, 0, 0, bytes(c.settings.get(5, 16384) + 1)))


@case("4.3", "a header block that cannot be decoded", dies(COMPRESSION_ERROR))
def _(c):
    c.send(headers(1, b"\x00\x85\xf2\xb2\x4a\x84\xff\x87\x49\x51"))


#: What may not stand within a header block.
WITHIN = {
    "PRIORITY": lambda c: priority(1),
    "HEADERS of another stream": lambda c: headers(3, c.target.request()),
    "HEADERS of the same stream": lambda c: headers(1, c.target.request()),
    "DATA of another stream": lambda c: data(3, b"x"),
    "PING": lambda c: ping(),
    "SETTINGS": lambda c: settings(),
    "WINDOW_UPDATE": lambda c: window_update(0, 1),
    "RST_STREAM": lambda c: reset(1),
    "GOAWAY": lambda c: goaway(),
    "a frame of an unknown type": lambda c: unknown_frame(1),
    "CONTINUATION of another stream": lambda c: continuation(3, b""),
}
for label, make in WITHIN.items():
    @case("5.5" if "unknown" in label else "6.10" if "CONTINUATION" in label else "4.3", f"{label} within a header block", dies(PROTOCOL_ERROR))
    def _(c, make=make):
        text = c.target.request()
        c.send(headers(1, text[:9], END_STREAM), make(c), continuation(1, text[9:]))


@case("4.3", "the table is kept where the stream is refused", answers(3))
def _(c):
    c.send(headers(1, c.target.request() + literal("x-kept", "a", INDEXING) + block([("UPPER", "case")])))
    c.send(headers(3, c.target.request() + indexed(62)))


@case("4.3", "the table is kept by a request behind a stream that was reset", answers(5))
def _(c):
    opened(c)
    c.send(reset(1), headers(3, c.target.request() + literal("x-kept", "a", INDEXING)))
    c.answer(3)
    c.send(headers(5, c.target.request() + indexed(62)))


IDLE = {
    "DATA": lambda c: data(1, b"test", END_STREAM),
    "RST_STREAM": lambda c: reset(1),
    "WINDOW_UPDATE": lambda c: window_update(1, 100),
    "CONTINUATION": lambda c: continuation(1, c.target.request()),
    "DATA on a stream of the server": lambda c: data(2, b"test"),
    "WINDOW_UPDATE on a stream of the server": lambda c: window_update(2, 100),
    "RST_STREAM on a stream of the server": lambda c: reset(2),
}
for label, make in IDLE.items():
    @case("5.1", f"idle: {label}", dies(PROTOCOL_ERROR, STREAM_CLOSED) if label == "DATA" else dies(PROTOCOL_ERROR))
    def _(c, make=make):
        c.send(make(c))


@case("5.1", "half-closed (remote): DATA", resets(STREAM_CLOSED), settings=((4, 0),))
def _(c):
    half_closed(c)
    c.send(data(1, b"test", END_STREAM))


@case("5.1", "half-closed (remote): HEADERS", resets(STREAM_CLOSED), settings=((4, 0),))
def _(c):
    half_closed(c)
    c.send(headers(1, c.target.request()))


@case("5.1", "half-closed (remote): trailers", resets(STREAM_CLOSED, PROTOCOL_ERROR), settings=((4, 0),))
def _(c):
    half_closed(c)
    c.send(headers(1, block([("x-sum", "1")])))


@case("5.1", "half-closed (remote): CONTINUATION", dies(PROTOCOL_ERROR, STREAM_CLOSED), settings=((4, 0),))
def _(c):
    half_closed(c)
    c.send(continuation(1, c.target.request()))


#: A stream that the client has reset. 5.1: an endpoint may ignore what comes within a short time; the codes are those of an error otherwise.
AFTER_RESET = {
    "DATA": (lambda c: data(1, b"test", END_STREAM), resets(STREAM_CLOSED) | ignores),
    "HEADERS": (lambda c: headers(1, c.target.request()), resets(STREAM_CLOSED, PROTOCOL_ERROR)),
    "CONTINUATION": (lambda c: continuation(1, c.target.request()), dies(STREAM_CLOSED, PROTOCOL_ERROR)),
}
for label, (make, allowed) in AFTER_RESET.items():
    @case("5.1", f"closed by RST_STREAM: {label}", allowed)
    def _(c, make=make):
        opened(c)
        c.send(reset(1), make(c))


AFTER_END = {
    "DATA": (lambda c: data(1, b"test", END_STREAM), resets(STREAM_CLOSED)),
    "HEADERS": (lambda c: headers(1, c.target.request()), resets(STREAM_CLOSED, PROTOCOL_ERROR)),
    "CONTINUATION": (lambda c: continuation(1, c.target.request()), dies(STREAM_CLOSED, PROTOCOL_ERROR)),
}
for label, (make, allowed) in AFTER_END.items():
    @case("5.1", f"closed by END_STREAM: {label}", allowed)
    def _(c, make=make):
        c.send(headers(1, c.target.request()))
        c.answer()
        c.send(make(c))


@case("5.1.1", "an even stream identifier", dies(PROTOCOL_ERROR))
def _(c):
    c.send(headers(2, c.target.request()))


@case("5.1.1", "a stream identifier below one that was used", dies(PROTOCOL_ERROR, STREAM_CLOSED))
def _(c):
    c.send(headers(5, c.target.request()))
    c.answer(5)
    c.send(headers(3, c.target.request()))


@case("5.1.1", "the highest stream identifier", answers((1 << 31) - 1))
def _(c):
    c.send(headers((1 << 31) - 1, c.target.request()))


@case("5.1.2", "more streams than SETTINGS_MAX_CONCURRENT_STREAMS", resets(REFUSED_STREAM, PROTOCOL_ERROR))
def _(c):
    count = c.settings.get(MAX_CONCURRENT_STREAMS)
    if count is None:
        raise Failed("the server has no limit")
    for stream in range(1, 2 * count + 2, 2):
        c.send(headers(stream, c.target.request("POST"), END_HEADERS))
    return resets(REFUSED_STREAM, PROTOCOL_ERROR, stream=2 * count + 1)


@case("5.1.2", "a stream that was closed counts no more", ignores)
def _(c):
    count = min(c.settings.get(MAX_CONCURRENT_STREAMS, 100), 200)
    for stream in range(1, 2 * count + 4, 2):
        c.send(headers(stream, c.target.request()))
        c.answer(stream)


for label, make in {"HEADERS": lambda c: headers(1, priority_payload(1) + c.target.request(), END_HEADERS | END_STREAM | PRIORITIZED),
                    "PRIORITY": lambda c: priority(1, 1)}.items():
    # RFC 7540 made it an error of the stream; RFC 9113, 5.3.2, deprecates the dependency, so that no notice may be taken.
    @case("5.3.2", f"{label} with a dependency on the stream itself", resets(PROTOCOL_ERROR) | (answers() if label == "HEADERS" else ignores))
    def _(c, make=make):
        c.send(make(c))


@case("5.4.1", "an error of the connection: GOAWAY with the last stream, then a close", dies(PROTOCOL_ERROR))
def _(c):
    c.send(headers(1, c.target.request()))
    c.answer()
    c.send(frame(PING, 0, 3, bytes(8)))
    for event in c.events():
        if event.what == "GOAWAY" and event.code != NO_ERROR and event.stream != 1:
            raise Failed(f"the GOAWAY's last stream is {event.stream}, not 1")
        if event.what in ("GOAWAY", "close"):
            c.queue.appendleft(event)
            return


@case("5.4.1", "after an error of the connection nothing more is answered", dies(PROTOCOL_ERROR))
def _(c):
    c.send(frame(PING, 0, 3, bytes(8)) + headers(1, c.target.request()))
    for event in c.events():
        if event.what in ("head", "DATA"):
            raise Failed("a request behind the error is answered")
        if event.what in ("GOAWAY", "close") and event.code != NO_ERROR:
            c.queue.appendleft(event)
            return


@case("5.5", "an unknown extension's frame between DATA", answers())
def _(c):
    opened(c)
    c.send(data(1, b"te"), unknown_frame(1), data(1, b"st", END_STREAM))
