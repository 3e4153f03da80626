"""Cases for a client that sends content: 100,000 octets, more than the first window."""
from .cases import Table, answers, dies, resets
from .client_cases import CONTENT, END, HEAD
from .connection import Failed
from .frames import (END_HEADERS, FLOW_CONTROL_ERROR, INITIAL_WINDOW_SIZE, NO_ERROR, PROTOCOL_ERROR, block, data, headers, reset, settings,
                     window_update)

uploads = Table()
SIZE = 100_000


def case(section, name, allowed, **options):
    return uploads.case(section, name, allowed, uploads=SIZE, **options)


def received(c, seconds, stream=1):
    """The length of DATA that comes within the time."""
    lengths = [event.code for event in c.events(seconds) if event.what == "DATA" and event.stream == stream]
    if any(length > 16384 for length in lengths):
        raise Failed("DATA is longer than SETTINGS_MAX_FRAME_SIZE")
    return sum(lengths)


def fills_window(c):
    """The client has sent what the first windows allow, and waits."""
    c.wait("head", 1)
    if (length := received(c, 0.3)) != 65535:
        raise Failed(f"{length} octets came in a window of 65535")


def takes_rest(c, stream=1):
    """Windows for all of the content, which has to be whole."""
    c.send(window_update(0, 1 << 20), window_update(stream, 1 << 20))
    c.wait("end", stream)
    if c.content[stream] != b"x" * SIZE:
        raise Failed(f"{len(c.content[stream])} octets came")


def expects(c, length, seconds=0.2):
    if (got := received(c, seconds)) != length:
        raise Failed(f"{got} octets came, not {length}")


@case("generic", "content, and windows that are given back as it comes", answers())
def _(c):
    c.wait("head", 1)
    takes_rest(c)
    c.send(HEAD, END)


@case("6.9.1", "the connection's window holds back, with the stream's open", answers())
def _(c):
    fills_window(c)
    c.send(window_update(1, 1 << 20))
    expects(c, 0)
    c.send(window_update(0, 1000))
    expects(c, 1000)
    takes_rest(c)
    c.send(HEAD, END)


@case("6.9.1", "the stream's window holds back, with the connection's open", answers())
def _(c):
    fills_window(c)
    c.send(window_update(0, 1 << 20))
    expects(c, 0)
    c.send(window_update(1, 1))
    expects(c, 1)
    takes_rest(c)
    c.send(HEAD, END)


@case("6.9.2", "SETTINGS that make the window negative, and windows that lead out of it", answers())
def _(c):
    fills_window(c)
    c.send(settings((INITIAL_WINDOW_SIZE, 1000)), window_update(0, 1 << 20), window_update(1, 64535))
    expects(c, 0)
    c.send(window_update(1, 1))
    expects(c, 1)
    takes_rest(c)
    c.send(HEAD, END)


@case("6.9.2", "SETTINGS that make the window larger let it continue", answers())
def _(c):
    fills_window(c)
    c.send(window_update(0, 1 << 20), settings((INITIAL_WINDOW_SIZE, 65535 + 500)))
    expects(c, 500)
    takes_rest(c)
    c.send(HEAD, END)


@case("8.1", "an answer before the content is complete, and RST_STREAM NO_ERROR", answers())
def _(c):
    fills_window(c)
    c.send(HEAD + END + reset(1, NO_ERROR))


@case("8.1", "a status of 413 before the content is complete, and RST_STREAM NO_ERROR", answers())
def _(c):
    fills_window(c)
    c.send(headers(1, block([(":status", "413")]), END_HEADERS) + END + reset(1, NO_ERROR))


@case("8.1", "an answer before the content is complete, which is taken then", answers())
def _(c):
    fills_window(c)
    c.send(HEAD + END)
    c.send(window_update(0, 1 << 20), window_update(1, 1 << 20))


@case("8.1", "trailers of the answer while content is sent", answers())
def _(c):
    fills_window(c)
    c.send(HEAD, data(1, CONTENT))
    takes_rest(c)
    c.send(headers(1, block([("x-sum", "1")])))


def breaks(section, name, allowed, *pieces):
    @case(section, name, allowed)
    def _(c):
        fills_window(c)
        c.send(*pieces)


breaks("6.9", "WINDOW_UPDATE of 0 on the stream", resets(PROTOCOL_ERROR), window_update(1, 0))
breaks("6.9.1", "WINDOW_UPDATE that takes the stream's window beyond 2^31-1", resets(FLOW_CONTROL_ERROR), window_update(1, (1 << 31) - 1) * 2)
breaks("6.9.2", "SETTINGS that take the stream's window beyond 2^31-1", dies(FLOW_CONTROL_ERROR),
       window_update(1, (1 << 31) - 1), settings((INITIAL_WINDOW_SIZE, 65536 + 65535)))
breaks("8.1", "RST_STREAM NO_ERROR before an answer", resets(*range(14)), reset(1, NO_ERROR))
