"""One end of an HTTP/2 connection that sends what it is given and notes what comes."""
import collections
import socket
import ssl
import struct
import time

import hpack
import hyperframe.exceptions
import hyperframe.frame as hf

from .frames import ACK, NO_ERROR, PREFACE, block, code_name, frame, ping, settings, window_update

#: What the peer did: `what` is GOAWAY, RST_STREAM, head, DATA, end, SETTINGS, ACK, PONG, WINDOW_UPDATE or close.
Event = collections.namedtuple("Event", "what stream code", defaults=(0, None))


class Failed(Exception):
    """A case cannot have its way."""


def told(event):
    if event.what == "GOAWAY":
        return f"GOAWAY {code_name(event.code)}"
    if event.what == "RST_STREAM":
        return f"RST_STREAM {code_name(event.code)} on stream {event.stream}"
    return f"{event.what} {event.code if event.code is not None else ''} on stream {event.stream}" if event.stream else event.what


class Connection:
    """Answers SETTINGS and PING by itself, unless told not to."""

    def __init__(self, stream, limit=3.0):
        self.socket, self.limit = stream, limit
        self.received, self.queue, self.seen = bytearray(), collections.deque(), []
        self.settings, self.decoder, self.unfinished = {}, hpack.Decoder(), None
        self.decoder.max_allowed_table_size = 1 << 20
        #: By stream: all fields of all heads, and the content.
        self.heads, self.content = collections.defaultdict(list), collections.defaultdict(bytes)
        self.acknowledges, self.closed = True, False
        self.sends_windows = True

    # What is sent.

    def send(self, *pieces):
        """The peer may have closed: it shows when we read. A peer that does not read is one that is dead."""
        try:
            self.socket.settimeout(self.limit)
            self.socket.sendall(b"".join(pieces))
        except TimeoutError:
            raise Failed("the peer does not read") from None
        except OSError:
            pass

    # What comes.

    def events(self, seconds=None):
        """What the peer does until the time is over or the connection ends."""
        deadline = time.monotonic() + (self.limit if seconds is None else seconds)
        while True:
            while self.queue:
                event = self.queue.popleft()
                self.seen.append(event)
                yield event
            if self.closed or not self.read(deadline - time.monotonic()):
                if not self.queue:
                    return

    def read(self, seconds):
        """Takes what is there; false when nothing came."""
        if seconds <= 0:
            return False
        try:
            self.socket.settimeout(seconds)
            more = self.socket.recv(65536)
        except (TimeoutError, ssl.SSLWantReadError):
            return False
        except OSError:
            more = b""
        if not more:
            self.closed = True
            self.queue.append(Event("close"))
            return True
        self.received += more
        while len(self.received) >= 9:
            length = int.from_bytes(self.received[:3], "big")
            if len(self.received) < 9 + length:
                break
            piece = bytes(self.received[:9 + length])
            del self.received[:9 + length]
            self.take(piece)
        return True

    def take(self, piece):
        """One frame. The peer's frames have to be well-formed."""
        try:
            got, _ = hf.Frame.parse_frame_header(memoryview(piece[:9]))
            got.parse_body(memoryview(piece[9:]))
        except hyperframe.exceptions.HyperframeError as error:
            raise Failed(f"the peer's frame is malformed: {error}: {piece[:40].hex()}") from None
        note = self.queue.append
        match got:
            case hf.SettingsFrame():
                if "ACK" in got.flags:
                    return note(Event("ACK"))
                self.settings |= got.settings
                note(Event("SETTINGS"))
                if self.acknowledges:
                    self.send(settings(flags=ACK))
            case hf.PingFrame():
                if "ACK" in got.flags:
                    note(Event("PONG", 0, got.opaque_data))
                elif self.acknowledges:
                    self.send(ping(got.opaque_data, ACK))
            case hf.GoAwayFrame():
                note(Event("GOAWAY", got.last_stream_id, got.error_code))
            case hf.RstStreamFrame():
                note(Event("RST_STREAM", got.stream_id, got.error_code))
            case hf.WindowUpdateFrame():
                note(Event("WINDOW_UPDATE", got.stream_id, got.window_increment))
            case hf.HeadersFrame() | hf.ContinuationFrame():
                first, text = self.unfinished or (got, b"")
                self.unfinished = first, text + got.data
                if "END_HEADERS" in got.flags:
                    first, text = self.unfinished
                    self.unfinished = None
                    self.take_head(first.stream_id, text, "END_STREAM" in first.flags)
            case hf.DataFrame():
                self.content[got.stream_id] += got.data
                note(Event("DATA", got.stream_id, len(got.data)))
                if got.flow_controlled_length and self.sends_windows:
                    self.send(window_update(0, got.flow_controlled_length))
                if "END_STREAM" in got.flags:
                    note(Event("end", got.stream_id))

    def take_head(self, stream, text, ends):
        try:
            fields = self.decoder.decode(text, raw=True)
        except hpack.HPACKError as error:
            raise Failed(f"the peer's header block is malformed: {error}") from None
        fields = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in fields]
        self.heads[stream].append(fields)
        status = dict(fields).get(":status", "")
        self.queue.append(Event("head", stream, int(status) if status.isdigit() else status))
        if ends:
            self.queue.append(Event("end", stream))

    # What cases wait for.

    def wait(self, what, stream=None, code=None, seconds=None):
        """The event, which has to come before an error does."""
        for event in self.events(seconds):
            if event.what == what and stream in (None, event.stream) and code in (None, event.code):
                return event
            if event.what == "close" or event.what == "GOAWAY" and event.code != NO_ERROR or \
                    event.what == "RST_STREAM" and event.stream == stream and event.code != NO_ERROR:
                raise Failed(f"{told(event)} before {what}")
        raise Failed(f"no {what} within the time; came: {', '.join(map(told, self.seen[-6:])) or 'nothing'}")

    def answer(self, stream=1):
        """The status of a complete answer."""
        self.wait("end", stream)
        final = [dict(fields)[":status"] for fields in self.heads[stream] if ":status" in dict(fields)]
        if not final or final[-1].startswith("1"):
            raise Failed("the answer has no final status")
        return int(final[-1])

    def pong(self):
        """The peer has taken all that was sent, and lives."""
        for number in (1, 2):
            payload = b"alive" + struct.pack(">HB", id(self) & 0xFFFF, number)
            self.send(ping(payload))
            self.wait("PONG", code=payload)

    def close(self):
        self.socket.close()


class Target:
    """A server: where it is, and its pages."""

    def __init__(self, port, name="", tls=False, small="/hello", big="/big", echo="/echo", host="127.0.0.1"):
        self.port, self.name, self.tls, self.host = port, name, tls, host
        self.small, self.big, self.echo = small, big, echo

    def socket(self):
        stream = socket.create_connection((self.host, self.port), 5)
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            context.set_alpn_protocols(["h2"])
            stream = context.wrap_socket(stream, server_hostname="localhost")
            if stream.selected_alpn_protocol() != "h2":
                raise Failed(f"ALPN chose {stream.selected_alpn_protocol()}, not h2")
        return stream

    def connect(self, limit=3.0, greets=True, pairs=()):
        """A connection; with `greets`, both prefaces have been exchanged."""
        connection = Connection(self.socket(), limit)
        connection.target = self
        if greets:
            connection.send(PREFACE, settings(*pairs))
            connection.wait("SETTINGS")
        return connection

    def fields(self, method="GET", path=None, *more):
        path = path or (self.echo if method in ("POST", "PUT") else self.small)
        return [(":method", method), (":scheme", "https" if self.tls else "http"), (":path", path), (":authority", f"localhost:{self.port}"), *more]

    def request(self, method="GET", path=None, *more):
        """A header block."""
        return block(self.fields(method, path, *more))


def unknown_frame(stream=0, flags=0):
    return frame(0xFA, flags, stream, b"unknown!")
