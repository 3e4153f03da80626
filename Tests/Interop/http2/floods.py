"""The floods of RFC 9113, 10.5, and those that were found since: bounded memory and processor time, the right code, and others are served."""
import itertools
import socket
import struct
import threading
import time

from checks import report

from . import peers
from .connection import told
from .frames import (ACK, CONTINUATION, END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, INDEXING, INITIAL_WINDOW_SIZE, NO_ERROR, PADDED, PROTOCOL_ERROR,
                     block, code_name, continuation, data, frame, headers, indexed, literal, ping, priority, reset, settings, window_update)
from .usage import Bystander, Watch


def each_stream(c, make, streams=100):
    """Pieces of 100 streams, as long as there are identifiers."""
    for first in range(1, 1 << 30, 2 * streams):
        yield b"".join(make(stream) for stream in range(first, first + 2 * streams, 2))


def same(piece, count):
    return itertools.repeat(piece * count)


def opened(c, *more):
    """On a stream that is open."""
    yield headers(1, c.target.request("POST"), END_HEADERS)
    yield from itertools.repeat(b"".join(more))


def rapid_reset(c):
    text = c.target.request()
    return each_stream(c, lambda stream: headers(stream, text) + reset(stream))


def made_you_reset(c):
    """The server resets, because of an increment of zero (CVE-2025-8671)."""
    text = c.target.request("GET", c.target.big)
    return each_stream(c, lambda stream: headers(stream, text) + window_update(stream, 0))


def endless_head(c):
    yield headers(1, c.target.request(), END_STREAM)
    yield from itertools.repeat(continuation(1, block([("x-a", "b")] * 100), 0) * 20)


def empty_continuations(c):
    yield headers(1, c.target.request(), END_STREAM)
    yield from itertools.repeat(continuation(1, b"", 0) * 2000)


def bomb(c):
    """A field of 4000 octets in the table, and then 4000 references in each request: 16 MB in 4 kB."""
    yield headers(1, c.target.request() + literal("x-bomb", "b" * 3900, INDEXING))
    text = c.target.request() + indexed(62) * 4000
    yield from each_stream(c, lambda stream: headers(stream + 2, text), 10)


def many_fields(c):
    """Fields of nothing, 5000 a request."""
    text = c.target.request() + literal("a", "") * 3000
    return each_stream(c, lambda stream: headers(stream, text), 10)


def unread(c):
    """Answers that are asked for, and never read."""
    c.reads = False
    yield window_update(0, 1 << 30) + settings((INITIAL_WINDOW_SIZE, (1 << 31) - 1))
    text = c.target.request("GET", c.target.big)
    yield from each_stream(c, lambda stream: headers(stream, text), 50)


def unread_pongs(c):
    c.reads = False
    return same(ping(), 3000)


def closed_window(c):
    """All streams ask for much with a window of zero, and leave it at that."""
    yield settings((INITIAL_WINDOW_SIZE, 0))
    text = c.target.request("GET", c.target.big)
    yield b"".join(headers(stream, text) for stream in range(1, 200, 2))
    while True:
        yield None


def dripping_window(c):
    """One octet at a time."""
    yield settings((INITIAL_WINDOW_SIZE, 0))
    text = c.target.request("GET", c.target.big)
    yield b"".join(headers(stream, text) for stream in range(1, 200, 2))
    while True:
        yield b"".join(window_update(stream, 1) for stream in range(1, 200, 2))
        yield None


#: Each flood, and the codes with which the connection may end; without a code, a close is enough.
FLOODS = {
    "rapid reset": (rapid_reset, (ENHANCE_YOUR_CALM,)),
    "resets that the server is made to do": (made_you_reset, (ENHANCE_YOUR_CALM, PROTOCOL_ERROR)),
    "CONTINUATION without end": (endless_head, (ENHANCE_YOUR_CALM,)),
    "CONTINUATION, empty": (empty_continuations, (ENHANCE_YOUR_CALM,)),
    "SETTINGS": (lambda c: same(settings((INITIAL_WINDOW_SIZE, 65535)), 1000), (ENHANCE_YOUR_CALM,)),
    "SETTINGS, empty": (lambda c: same(settings(), 1000), (ENHANCE_YOUR_CALM,)),
    "PING": (lambda c: same(ping(), 3000), (ENHANCE_YOUR_CALM,)),
    "PING whose answers are not read": (unread_pongs, (ENHANCE_YOUR_CALM,)),
    "PRIORITY": (lambda c: same(priority(1), 3000), (ENHANCE_YOUR_CALM,)),
    "WINDOW_UPDATE of 1": (lambda c: same(window_update(0, 1), 3000), (ENHANCE_YOUR_CALM,)),
    "unknown frames": (lambda c: same(frame(0xFA), 3000), (ENHANCE_YOUR_CALM,)),
    "empty DATA": (lambda c: opened(c, data(1) * 3000), (ENHANCE_YOUR_CALM,)),
    "DATA of padding alone": (lambda c: opened(c, data(1, b"", padding=255) * 200), (ENHANCE_YOUR_CALM,)),
    "header bomb": (bomb, (ENHANCE_YOUR_CALM,)),
    "3,000 empty fields": (many_fields, ()),
    "answers that are not read": (unread, ()),
    "a window of zero for ever": (closed_window, ()),
    "a window that drips": (dripping_window, ()),
}
#: What stays within its limits may stay for as long as the server's patience, which is that of HTTP/1: here 2 s.
PATIENT = {"3,000 empty fields", "answers that are not read", "a window of zero for ever", "a window that drips"}


def send(connection, pieces, until, ended):
    """Sends as fast as the server takes it."""
    connection.socket.settimeout(0.1)
    for piece in pieces:
        left = memoryview(piece or b"")
        if piece is None:
            ended.wait(0.1)
        while left:
            if ended.is_set() or time.monotonic() > until:
                return
            try:
                left = left[connection.socket.send(left):]
            except TimeoutError:
                continue
            except OSError:
                return
        if ended.is_set() or time.monotonic() > until:
            return


def flood(target, make, seconds, codes):
    """What came of it: the last word of the server, the time to it, the growth, the processor's time, and the longest that another waited."""
    with Watch(target.pid) as watch, Bystander(target) as other:
        connection = target.connect(seconds)
        connection.acknowledges = connection.sends_windows = False
        connection.reads = True
        # A generator says by its first piece whether the connection is read.
        pieces = iter(make(connection))
        first = next(pieces)
        ended, start = threading.Event(), time.monotonic()
        sender = threading.Thread(target=send, args=(connection, itertools.chain([first], pieces), start + seconds, ended), daemon=True)
        sender.start()
        said = None
        if connection.reads:
            said = last_word(connection, seconds)
        else:
            sender.join()
            said = last_word(connection, 0.5) if is_closed(connection.socket) else None
        took = time.monotonic() - start
        ended.set()
        sender.join()
        connection.close()
    return said, took, watch, other


def is_closed(stream):
    """Whether the peer has reset or closed, with answers unread."""
    try:
        stream.settimeout(0.2)
        stream.send(ping())
        stream.send(ping())
        return False
    except OSError:
        return True


def last_word(connection, seconds):
    """GOAWAY with an error, or else the close; nothing while the connection lives."""
    said = None
    for event in connection.events(seconds):
        if event.what == "GOAWAY" and event.code != NO_ERROR:
            said = event
        if event.what == "close":
            return said or event
    return said


def line(name, target, result):
    said, took, watch, other = result
    end = f"{told(said)} after {took:.2f} s" if said else f"open after {took:.1f} s"
    return (f"{name}, {target.name}: {end}, memory +{watch.growth / (1 << 20):.1f} MiB, processor {watch.seconds:.2f} s, "
            f"another waited {other.slowest * 1000:.0f} ms at most")


def judge(name, target, result, codes, patience):
    said, took, watch, other = result
    problems = []
    if said is None:
        problems.append("the connection lives")
    elif codes and (said.what != "GOAWAY" or said.code not in codes):
        problems.append(f"{told(said)} instead of {' or '.join(map(code_name, codes))}")
    if watch.growth > 32 << 20:
        problems.append("memory")
    if watch.seconds > 1:
        problems.append("processor time")
    if other.problem or other.slowest > 1 or not other.served:
        problems.append(f"another was not served: {other.problem or other.slowest}")
    report(line(name, target, result), "; ".join(problems) or None)


def all_floods(probe, pages):
    """Ours is judged; nghttpd and nginx are beside it."""
    with peers.swirl(probe, pages, "serve", "patience=2") as ours, peers.nghttpd(pages) as theirs, peers.nginx(pages) as others:
        for name, (make, codes) in FLOODS.items():
            patience = 4 if name in PATIENT else 2
            result = flood(ours[0], make, patience, codes)
            judge(name, ours[0], result, codes, patience)
            for target in (theirs[0], others[0]):
                print(f"        {line(name, target, flood(target, make, 1, codes))}", flush=True)
