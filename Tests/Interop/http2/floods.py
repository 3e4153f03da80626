"""The floods of RFC 9113, 10.5, and those that were found since: bounded memory and processor time, the right code, and others are served."""
import collections
import itertools
import threading
import time

from checks import report

from . import peers
from .connection import told
from .frames import (END_HEADERS, END_STREAM, ENHANCE_YOUR_CALM, INDEXING, INITIAL_WINDOW_SIZE, NO_ERROR, PROTOCOL_ERROR, block, code_name,
                     continuation, data, frame, goaway, headers, indexed, literal, ping, priority, reset, settings, window_update)
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


def reset_after_goaway(c):
    """A client that says that it ends (bun 36230)."""
    yield goaway()
    yield from rapid_reset(c)


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


def asks_for_much(c):
    """On all streams, with a window of zero."""
    yield settings((INITIAL_WINDOW_SIZE, 0))
    c.content_waits = True
    text = c.target.request("GET", c.target.big)
    yield b"".join(headers(stream, text) for stream in range(1, LAST + 1, 2))


def closed_window(c):
    """And leaves it at that."""
    yield from asks_for_much(c)
    while True:
        yield None


def dripping_window(c):
    """One octet at a time."""
    yield from asks_for_much(c)
    while True:
        yield b"".join(window_update(stream, 1) for stream in range(1, LAST + 1, 2))
        yield None


#: Each flood, and the codes with which the connection may end; without a code, a close is enough.
FLOODS = {
    "rapid reset": (rapid_reset, (ENHANCE_YOUR_CALM,)),
    "rapid reset behind GOAWAY": (reset_after_goaway, ()),
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
#: What stays within its limits may stay for as long as the server's patience, which is that of HTTP/1: here 2 s, and as much again for what
#: was written in its beginning.
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


def attack(target, make, seconds):
    """One connection: the last word of the server."""
    connection = target.connect(5)
    connection.acknowledges = connection.sends_windows = False
    connection.reads, connection.content_waits = True, False
    # A generator says by its first piece whether the connection is read.
    pieces = iter(make(connection))
    first = next(pieces)
    ended = threading.Event()
    until = time.monotonic() + seconds
    sender = threading.Thread(target=send, args=(connection, itertools.chain([first], pieces), until, ended), daemon=True)
    sender.start()
    if connection.reads:
        said = last_word(connection, seconds)
    else:
        sender.join()
        said = last_word(connection, 0.5) if is_closed(connection.socket) else None
    ended.set()
    sender.join()
    connection.close()
    return said


def flood(target, make, seconds, again):
    """What came of it: how often the server said what, and what it used. With `again`, the attacker connects anew when it was closed."""
    said, start = collections.Counter(), time.monotonic()
    with Watch(target.pid) as watch, Bystander(target) as other:
        while (left := start + seconds - time.monotonic()) > 0:
            end = attack(target, make, left)
            said[told(end) if end else "open"] += 1
            if not again or end is None:
                break
    # The attacker's own time is up.
    if len(said) > 1 and said["open"] == 1:
        del said["open"]
    return said, time.monotonic() - start, watch, other


def is_closed(stream):
    """Whether the peer has reset or closed, with answers unread."""
    try:
        stream.settimeout(0.2)
        stream.send(ping())
        stream.send(ping())
        return False
    except OSError:
        return True


#: The last of the streams that wait for a window.
LAST = 199


def last_word(connection, seconds):
    """GOAWAY with an error, or the reset of all streams, or else the close; nothing while the connection lives."""
    said = None
    for event in connection.events(seconds):
        if event.what == "GOAWAY" and event.code != NO_ERROR:
            said = event
        if event.what == "RST_STREAM" and event.stream == LAST and connection.content_waits:
            return event
        if event.what == "close":
            return said or event
    return said


def line(name, target, result):
    said, took, watch, other = result
    ends = ", ".join(f"{count} × {what}" for what, count in said.most_common())
    return (f"{name}, {target.name}: {ends} in {took:.1f} s; memory {watch.start / (1 << 20):.0f} MiB +{watch.growth / (1 << 20):.1f}, "
            f"processor {watch.seconds:.2f} s, {other.served} others waited {other.slowest * 1000:.0f} ms at most")


def judge(name, target, result, codes):
    said, took, watch, other = result
    problems = []
    if said["open"]:
        problems.append("the connection lives")
    if codes and (wrong := [what for what in said if what not in [f"GOAWAY {code_name(code)}" for code in codes]]):
        problems.append(f"{', '.join(wrong)} instead of {' or '.join(map(code_name, codes))}")
    if watch.growth > 32 << 20:
        problems.append("memory")
    if watch.seconds > took:
        problems.append("processor time")
    if other.problem or other.slowest > 1 or not other.served:
        problems.append(f"another was not served: {other.problem or other.slowest}")
    report(line(name, target, result), "; ".join(problems) or None)


def all_floods(probe, pages):
    """Ours is judged; nghttpd and nginx are beside it."""
    with peers.swirl(probe, pages, "serve", "patience=2") as ours, peers.nghttpd(pages) as theirs, peers.nginx(pages) as others:
        for name, (make, codes) in FLOODS.items():
            judge(name, ours[0], flood(ours[0], make, 6 if name in PATIENT else 0.6, name not in PATIENT), codes)
            for target in (theirs[0], others[0]):
                print(f"        {line(name, target, flood(target, make, 0.4, name not in PATIENT))}", flush=True)
    with peers.swirl(probe, pages, "streams", "patience=2") as ours:
        # Content that is made while it is sent: what is made ahead is limited.
        ours[0].big = "/flow/1000000000"
        for name in ("answers that are not read", "a window of zero for ever", "a window that drips"):
            make, codes = FLOODS[name]
            judge(name, ours[0], flood(ours[0], make, 6, False), codes)
