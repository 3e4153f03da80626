"""Faults that servers have had: what their trackers tell of."""
from .cases import Table, answers, ignores
from .connection import Failed
from .frames import END_HEADERS, END_STREAM, PREFACE, data, headers, ping, reset, settings, window_update
from .windows import Windows

faults = Table()
case = faults.case


def floods_and_asks(c, path, *fields):
    """Sends more than twice the connection's window on streams that the server ends early; then an upload has to be taken."""
    windows = Windows(c)
    sent, stream = 0, 1
    # Where the window is beyond all measure, it cannot be used up.
    while sent < min(2.5 * windows.first, 48 << 20):
        c.send(headers(stream, c.target.request("POST", path, *fields), END_HEADERS))
        sent += windows.burst(stream)
        windows.look(0.001)
        if stream not in windows.ended:
            c.send(reset(stream))
        if windows.whole <= 0:
            windows.wait()
        stream += 2
    c.send(headers(stream, c.target.request("POST"), END_HEADERS))
    windows.upload(stream, 20_000)
    return answers(stream)


@case("6.9", "the connection's window comes back where content is longer than its content-length (Go 54185)", answers())
def _(c):
    return floods_and_asks(c, None, ("content-length", "1"))


@case("6.9", "the connection's window comes back where the content is not read (Go 28204, 42983)", answers())
def _(c):
    return floods_and_asks(c, c.target.small)


@case("6.9", "the connection's window comes back where the client resets (Traffic Server 13640)", answers())
def _(c):
    return floods_and_asks(c, None)


@case("5.1", "content in flight on a stream that the server has reset", answers(3))
def _(c):
    windows = Windows(c)
    c.send(headers(1, c.target.request("POST", None, ("content-length", "1")), END_HEADERS))
    windows.burst(1)
    c.wait("RST_STREAM", 1)
    c.send(headers(3, c.target.request()))


@case("4.1", "all frames in pieces of one octet (nginx 1006)", answers(), greets=False)
def _(c):
    frames = [PREFACE, settings((4, 70_000)), window_update(0, 1000), headers(1, c.target.request("POST"), END_HEADERS), window_update(1, 1000),
              data(1, b"te"), ping(), data(1, b"st", END_STREAM)]
    for octet in b"".join(frames):
        c.send(bytes([octet]))


@case("6.9", "a stream that is not read holds back no other (Go 16510)", ignores, settings=((4, 0),))
def _(c):
    windows = Windows(c)
    c.send(headers(1, c.target.request("GET", c.target.big)))
    c.send(headers(3, c.target.request("POST"), END_HEADERS))
    windows.upload(3, 20_000)
    c.send(headers(5, c.target.request("HEAD", c.target.small)))
    c.answer(5)
    c.send(window_update(3, 1 << 20))
    c.answer(3)


@case("5.1.2", "streams that the client resets at once make place for others (h2 621)", answers(801))
def _(c):
    for stream in range(1, 801, 2):
        c.send(headers(stream, c.target.request("POST"), END_HEADERS), reset(stream))
        if stream % 20 == 1:
            # As a client does that cancels, and no flood.
            c.pong()
    c.send(headers(801, c.target.request()))


@case("6.9.2", "an answer whose stream has no window when it begins is sent when it has one (hyper 3338)", answers(), settings=((4, 0),))
def _(c):
    c.send(headers(1, c.target.request("GET", c.target.big)))
    c.wait("head", 1)
    given = 0
    for _ in range(8):
        c.send(window_update(1, 16_384 + 1))
        given += 16_384 + 1
        for _ in c.events(0.005):
            pass
        if len(c.content[1]) > given:
            raise Failed("more DATA than the window")
    c.send(window_update(1, 1 << 20))
