"""What RFC 9113 says on each frame: sections 6 and 7."""
import struct

from .cases import Allowed, Table, answers, dies, ignores, resets
from .connection import Failed
from .frames import (ACK, CANCEL, CONTINUATION, DATA, ENABLE_PUSH, END_HEADERS, END_STREAM, FLOW_CONTROL_ERROR, FRAME_SIZE_ERROR, GOAWAY,
                     HEADERS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, PADDED, PING, PRIORITIZED, PRIORITY, PROTOCOL_ERROR, RST_STREAM, SETTINGS,
                     STREAM_CLOSED, WINDOW_UPDATE, block, continuation, data, frame, goaway, headers, ping, priority, priority_payload,
                     push_promise, reset, settings, window_update)
from .server_frames import half_closed, opened

definitions = Table()
case = definitions.case


def sends(section, name, allowed, make, **options):
    """A case that sends one thing, made by a function of the connection or given as bytes."""
    case(section, name, allowed, **options)(lambda c: c.send(make(c) if callable(make) else make))


def after_opening(section, name, allowed, *pieces, **options):
    """A case that sends something on an open stream."""
    def act(c):
        opened(c)
        c.send(*pieces)
    case(section, name, allowed, **options)(act)


sends("6.1", "DATA on stream 0", dies(PROTOCOL_ERROR), data(0, b"test"))
after_opening("6.1", "DATA whose padding is as long as its payload", dies(PROTOCOL_ERROR), frame(DATA, END_STREAM | PADDED, 1, b"\x05test"))
after_opening("6.1", "DATA with padding, without an octet for its length", dies(PROTOCOL_ERROR, FRAME_SIZE_ERROR), frame(DATA, END_STREAM | PADDED, 1))
sends("6.2", "HEADERS on stream 0", dies(PROTOCOL_ERROR), lambda c: headers(0, c.target.request()))
sends("6.2", "HEADERS whose padding is longer than its payload", dies(PROTOCOL_ERROR),
      lambda c: headers(1, b"\xff" + c.target.request(), END_HEADERS | END_STREAM | PADDED))
sends("6.2", "HEADERS whose padding leaves no place for the priority", dies(PROTOCOL_ERROR, FRAME_SIZE_ERROR),
      frame(HEADERS, END_HEADERS | END_STREAM | PADDED | PRIORITIZED, 1, b"\x04" + bytes(5)))
sends("6.2", "HEADERS with a priority, too short for it", dies(FRAME_SIZE_ERROR, PROTOCOL_ERROR), headers(1, b"\0\0", END_HEADERS | END_STREAM | PRIORITIZED))
sends("6.3", "PRIORITY on stream 0", dies(PROTOCOL_ERROR), frame(PRIORITY, 0, 0, priority_payload(1)))
for length in (4, 6):
    after_opening("6.3", f"PRIORITY of {length} octets", resets(FRAME_SIZE_ERROR), frame(PRIORITY, 0, 1, bytes(length)))
sends("6.4", "RST_STREAM on stream 0", dies(PROTOCOL_ERROR), reset(0))
for length in (3, 5):
    after_opening("6.4", f"RST_STREAM of {length} octets", dies(FRAME_SIZE_ERROR), frame(RST_STREAM, 0, 1, bytes(length)))
sends("6.5", "SETTINGS that acknowledge and have a payload", dies(FRAME_SIZE_ERROR), frame(SETTINGS, ACK, 0, bytes(6)))
sends("6.5", "SETTINGS on a stream", dies(PROTOCOL_ERROR), frame(SETTINGS, 0, 1, bytes(6)))
sends("6.5", "SETTINGS of 5 octets", dies(FRAME_SIZE_ERROR), frame(SETTINGS, 0, 0, bytes(5)))
sends("6.5", "SETTINGS that acknowledge what was not sent", dies(PROTOCOL_ERROR) | ignores, settings(flags=ACK) * 3)
sends("6.5.2", "ENABLE_PUSH of 2", dies(PROTOCOL_ERROR), settings((ENABLE_PUSH, 2)))
sends("6.5.2", "INITIAL_WINDOW_SIZE of 2^31", dies(FLOW_CONTROL_ERROR), settings((INITIAL_WINDOW_SIZE, 1 << 31)))
sends("6.5.2", "MAX_FRAME_SIZE of 16383", dies(PROTOCOL_ERROR), settings((MAX_FRAME_SIZE, 16383)))
sends("6.5.2", "MAX_FRAME_SIZE of 2^24", dies(PROTOCOL_ERROR), settings((MAX_FRAME_SIZE, 1 << 24)))
sends("6.5.2", "an unknown setting", ignores, settings((0xFFFF, 1), (0, 7)))
sends("6.5.2", "all the settings at their limits", ignores, settings((1, 0xFFFFFFFF), (2, 0), (3, 0xFFFFFFFF), (4, (1 << 31) - 1), (5, 16384), (6, 0xFFFFFFFF)))


@case("6.5.3", "INITIAL_WINDOW_SIZE twice in a frame: the last holds", ignores, wrong="deaf")
def _(c):
    c.send(settings((INITIAL_WINDOW_SIZE, 100), (INITIAL_WINDOW_SIZE, 1)), headers(1, c.target.request()))
    first_data(c, 1)


@case("6.5.3", "each SETTINGS is acknowledged by itself", ignores)
def _(c):
    c.send(settings() * 5)
    for _ in range(6):
        c.wait("ACK")


def first_data(c, length):
    got = c.wait("DATA", 1)
    if got.code != length:
        raise Failed(f"the first DATA has {got.code} octets, not {length}")


sends("6.6", "PUSH_PROMISE of a client", dies(PROTOCOL_ERROR), lambda c: headers(1, c.target.request("POST"), END_HEADERS) + push_promise(1, 2, c.target.request()))
sends("6.7", "PING that is an answer is not answered", ignores, ping(b"12345678", ACK))
sends("6.7", "PING on a stream", dies(PROTOCOL_ERROR), frame(PING, 0, 1, bytes(8)))
for length in (6, 9):
    sends("6.7", f"PING of {length} octets", dies(FRAME_SIZE_ERROR), frame(PING, 0, 0, bytes(length)))


@case("6.7", "PING is answered while an answer waits for a window", ignores, settings=((4, 0),))
def _(c):
    half_closed(c)
    c.wait("head", 1)


sends("6.8", "GOAWAY on a stream", dies(PROTOCOL_ERROR), frame(GOAWAY, 0, 1, bytes(8)))
sends("6.8", "GOAWAY of 7 octets", dies(FRAME_SIZE_ERROR), frame(GOAWAY, 0, 0, bytes(7)))


@case("6.9", "a window of 1: DATA of 1", ignores, wrong="deaf", settings=((4, 1),))
def _(c):
    c.send(headers(1, c.target.request()))
    first_data(c, 1)
    c.send(window_update(1, 2))
    first_data(c, 2)


sends("6.9", "WINDOW_UPDATE of 0 on the connection", dies(PROTOCOL_ERROR), window_update(0, 0))
after_opening("6.9", "WINDOW_UPDATE of 0 on a stream", resets(PROTOCOL_ERROR), window_update(1, 0))
for length in (3, 5):
    sends("6.9", f"WINDOW_UPDATE of {length} octets", dies(FRAME_SIZE_ERROR), frame(WINDOW_UPDATE, 0, 0, bytes(length)))
    after_opening("6.9", f"WINDOW_UPDATE of {length} octets on a stream", dies(FRAME_SIZE_ERROR), frame(WINDOW_UPDATE, 0, 1, bytes(length)))


@case("6.9.1", "SETTINGS of a larger window let an answer that waits continue", ignores, wrong="deaf", settings=((4, 0),))
def _(c):
    c.send(headers(1, c.target.request()))
    c.wait("head", 1)
    if any(event.what == "DATA" for event in c.events(0.2)):
        raise Failed("DATA without a window")
    c.send(settings((INITIAL_WINDOW_SIZE, 1)))
    first_data(c, 1)


@case("6.9.1", "WINDOW_UPDATE that takes the connection's window beyond 2^31-1", dies(FLOW_CONTROL_ERROR))
def _(c):
    c.send(window_update(0, (1 << 31) - 1), window_update(0, (1 << 31) - 1))


@case("6.9.1", "WINDOW_UPDATE that takes a stream's window beyond 2^31-1", resets(FLOW_CONTROL_ERROR), settings=((4, 0),))
def _(c):
    half_closed(c)
    c.send(window_update(1, (1 << 31) - 1), window_update(1, (1 << 31) - 1))


@case("6.9.1", "the connection's window holds back, with the stream's open", ignores, wrong="deaf", settings=((4, 1 << 20),))
def _(c):
    c.sends_windows = False
    half_closed(c)
    if (size := sum(event.code for event in c.events(0.5) if event.what == "DATA")) != 65535:
        raise Failed(f"{size} octets came in a window of 65535")
    c.send(window_update(0, 1000))
    if (size := sum(event.code for event in c.events(0.3) if event.what == "DATA")) != 1000:
        raise Failed(f"{size} octets came in a window of 1000")


@case("6.9.2", "a smaller INITIAL_WINDOW_SIZE holds for streams that are open", ignores, wrong="deaf")
def _(c):
    c.send(settings((INITIAL_WINDOW_SIZE, 3)), headers(1, c.target.request()))
    first_data(c, 3)
    c.send(settings((INITIAL_WINDOW_SIZE, 2)), window_update(1, 2))
    first_data(c, 1)


@case("6.9.2", "a window may become negative", ignores, wrong="deaf")
def _(c):
    c.send(settings((INITIAL_WINDOW_SIZE, 3)), headers(1, c.target.request()))
    first_data(c, 3)
    c.send(settings((INITIAL_WINDOW_SIZE, 1)), window_update(1, 2))
    if any(event.what == "DATA" for event in c.events(0.2)):
        raise Failed("DATA in a window of 0")
    c.send(window_update(1, 1))
    first_data(c, 1)


@case("6.9.2", "SETTINGS that take a stream's window beyond 2^31-1", dies(FLOW_CONTROL_ERROR), settings=((4, 0),))
def _(c):
    half_closed(c)
    c.send(window_update(1, (1 << 31) - 1), settings((INITIAL_WINDOW_SIZE, 10)))


sends("6.10", "several CONTINUATION", answers(), lambda c: headers(1, b"", END_STREAM) + b"".join(
    continuation(1, bytes([byte]), 0) for byte in c.target.request()[:4]) + continuation(1, c.target.request()[4:]))
sends("6.10", "CONTINUATION, then another frame", dies(PROTOCOL_ERROR),
      lambda c: headers(1, c.target.request(), END_STREAM) + continuation(1, block([("x-a", "b")]), 0) + data(1, b"test"))
sends("6.10", "CONTINUATION on stream 0", dies(PROTOCOL_ERROR), lambda c: headers(1, c.target.request(), END_STREAM) + continuation(0, b""))
sends("6.10", "CONTINUATION after HEADERS with END_HEADERS", dies(PROTOCOL_ERROR, STREAM_CLOSED),
      lambda c: headers(1, c.target.request("POST"), END_HEADERS) + continuation(1, block([("x-a", "b")])))
sends("6.10", "CONTINUATION after CONTINUATION with END_HEADERS", dies(PROTOCOL_ERROR, STREAM_CLOSED),
      lambda c: headers(1, c.target.request("POST"), 0) + continuation(1, b"") + continuation(1, b""))
sends("6.10", "CONTINUATION after DATA", dies(PROTOCOL_ERROR, STREAM_CLOSED),
      lambda c: headers(1, c.target.request("POST"), END_HEADERS) + data(1, b"test") + continuation(1, b""))
after_opening("7", "RST_STREAM with an unknown code", ignores, reset(1, 0xFF))
sends("7", "GOAWAY with an unknown code", Allowed(nothing=True, close=True, goaway=(0,), answer=True), goaway(0, 0xFF))
