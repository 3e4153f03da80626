"""What a server may do to a client that costs more than it brings (RFC 9113, 10.5): the client has to give up."""
from .cases import Table, dies, resets
from .client_cases import HEAD, head
from .frames import (END_HEADERS, ENHANCE_YOUR_CALM, INDEXING, INITIAL_WINDOW_SIZE, INTERNAL_ERROR, PROTOCOL_ERROR, block, continuation, data,
                     frame, headers, indexed, literal, ping, settings, window_update)

floods = Table()
#: As much as is sent, in pieces of about 64 KiB.
LIMIT = 32 << 20


def floods_with(name, make, first=b"", allowed=dies(ENHANCE_YOUR_CALM, PROTOCOL_ERROR, INTERNAL_ERROR)):
    @floods.case("10.5", name, allowed)
    def _(c):
        c.wait("end", 1)
        c.send(first)
        piece = make() * (65536 // len(make()) + 1)
        for _ in range(LIMIT // len(piece)):
            c.send(piece)
            for event in c.events(0.0005):
                if event.what in ("GOAWAY", "close", "RST_STREAM"):
                    c.queue.appendleft(event)
                    return


floods_with("PING without end", ping, HEAD)
floods_with("SETTINGS without end", lambda: settings((INITIAL_WINDOW_SIZE, 65535)), HEAD)
floods_with("WINDOW_UPDATE without end", lambda: window_update(0, 1), HEAD)
floods_with("unknown frames without end", lambda: frame(0xFA), HEAD)
floods_with("empty DATA without end", lambda: data(1), HEAD)
floods_with("padding without end", lambda: data(1, b"", padding=255), HEAD)
floods_with("CONTINUATION without end", lambda: continuation(1, block([("x-a", "b")] * 100), 0), headers(1, indexed(8), 0))
floods_with("103 without end", lambda: head(("link", "</a>"), status="103"), allowed=dies(*range(14)) | resets(*range(14)))
floods_with("a header bomb", lambda: headers(1, indexed(62) * 4000, END_HEADERS),
            headers(1, block([(":status", "103")]) + literal("x-bomb", "b" * 3900, INDEXING), END_HEADERS), allowed=dies(*range(14)) | resets(*range(14)))
