"""The windows that a peer gives, and content sent within them."""
from .connection import Failed
from .frames import END_STREAM, INITIAL_WINDOW_SIZE, data


class Windows:
    """Those of a connection and its streams, from the events that have come."""

    def __init__(self, connection):
        self.c, self.at = connection, 0
        self.initial = connection.settings.get(INITIAL_WINDOW_SIZE, 65535)
        self.whole, self.streams, self.ended = 65535, {}, set()
        self.note()
        # A server may raise it behind its SETTINGS.
        self.look(0.05)
        #: The connection's, before anything was sent.
        self.first = self.whole

    def note(self):
        """Takes account of what has come since."""
        for event in self.c.seen[self.at:]:
            if event.what == "WINDOW_UPDATE" and event.stream == 0:
                self.whole += event.code
            elif event.what == "WINDOW_UPDATE":
                self.streams[event.stream] = self.streams.get(event.stream, self.initial) + event.code
            elif event.what in ("RST_STREAM", "end"):
                self.ended.add(event.stream)
            elif event.what == "close" or event.what == "GOAWAY" and event.code:
                raise Failed(f"{event} while windows were used")
        self.at = len(self.c.seen)

    def look(self, seconds):
        """Reads what comes within the time."""
        for _ in self.c.events(seconds):
            pass
        self.note()

    def wait(self):
        """Until the connection has a window again."""
        for _ in self.c.events():
            self.note()
            if self.whole > 0:
                return
        raise Failed(f"no window of the connection within {self.c.limit} s")

    def burst(self, stream):
        """All that the windows allow, without a look at what comes: as content is that is in flight. Gives its length."""
        count = min(self.streams.get(stream, self.initial), self.whole)
        self.whole -= count
        self.streams[stream] = self.streams.get(stream, self.initial) - count
        pieces = [data(stream, bytes(min(16384, count - start))) for start in range(0, count, 16384)]
        self.c.send(*pieces)
        return count

    def upload(self, stream, count):
        """Content to its end, as windows allow."""
        while count:
            room = min(self.streams.get(stream, self.initial), self.whole, count, 16384)
            if room <= 0:
                for _ in self.c.events():
                    self.note()
                    if stream in self.ended or min(self.streams.get(stream, self.initial), self.whole) > 0:
                        break
                else:
                    raise Failed(f"no window within {self.c.limit} s")
                if stream in self.ended:
                    return
                continue
            count -= room
            self.whole -= room
            self.streams[stream] = self.streams.get(stream, self.initial) - room
            self.c.send(data(stream, bytes(room), 0 if count else END_STREAM))
