"""Frames of RFC 9113 and header blocks of RFC 7541, made by hand, so that they can be wrong."""
import struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)
#: Flags. ACK has the bit of END_STREAM, in other frames.
END_STREAM, ACK, END_HEADERS, PADDED, PRIORITIZED = 1, 1, 4, 8, 32
(NO_ERROR, PROTOCOL_ERROR, INTERNAL_ERROR, FLOW_CONTROL_ERROR, SETTINGS_TIMEOUT, STREAM_CLOSED, FRAME_SIZE_ERROR, REFUSED_STREAM, CANCEL,
 COMPRESSION_ERROR, CONNECT_ERROR, ENHANCE_YOUR_CALM, INADEQUATE_SECURITY, HTTP_1_1_REQUIRED) = range(14)
CODES = ("NO_ERROR PROTOCOL_ERROR INTERNAL_ERROR FLOW_CONTROL_ERROR SETTINGS_TIMEOUT STREAM_CLOSED FRAME_SIZE_ERROR REFUSED_STREAM CANCEL "
         "COMPRESSION_ERROR CONNECT_ERROR ENHANCE_YOUR_CALM INADEQUATE_SECURITY HTTP_1_1_REQUIRED").split()
#: Settings.
(HEADER_TABLE_SIZE, ENABLE_PUSH, MAX_CONCURRENT_STREAMS, INITIAL_WINDOW_SIZE, MAX_FRAME_SIZE, MAX_HEADER_LIST_SIZE) = range(1, 7)


def code_name(code):
    return CODES[code] if code < len(CODES) else f"{code:#x}"


def frame(kind, flags=0, stream=0, payload=b"", length=None):
    """One frame; `length` overrides what the payload says."""
    length = len(payload) if length is None else length
    return struct.pack(">I", length)[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def data(stream, content=b"", flags=0, padding=None):
    if padding is None:
        return frame(DATA, flags, stream, content)
    return frame(DATA, flags | PADDED, stream, bytes([padding]) + content + bytes(padding))


def headers(stream, block, flags=END_HEADERS | END_STREAM):
    return frame(HEADERS, flags, stream, block)


def continuation(stream, block, flags=END_HEADERS):
    return frame(CONTINUATION, flags, stream, block)


def priority(stream, dependency=0, weight=16, exclusive=False):
    return frame(PRIORITY, 0, stream, priority_payload(dependency, weight, exclusive))


def priority_payload(dependency=0, weight=16, exclusive=False):
    return struct.pack(">IB", dependency | exclusive << 31, weight - 1)


def reset(stream, code=CANCEL):
    return frame(RST_STREAM, 0, stream, struct.pack(">I", code))


def settings(*pairs, flags=0):
    return frame(SETTINGS, flags, 0, b"".join(struct.pack(">HI", *pair) for pair in pairs))


def ping(payload=b"\0" * 8, flags=0):
    return frame(PING, flags, 0, payload)


def goaway(last=0, code=NO_ERROR, more=b""):
    return frame(GOAWAY, 0, 0, struct.pack(">II", last, code) + more)


def window_update(stream, increment):
    return frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", increment))


def push_promise(stream, promised, block):
    return frame(PUSH_PROMISE, END_HEADERS, stream, struct.pack(">I", promised) + block)


def integer(value, bits, first=0):
    """An integer with a prefix of so many bits (RFC 7541, 5.1); `first` has the bits above them."""
    limit = (1 << bits) - 1
    if value < limit:
        return bytes([first | value])
    encoded, value = [first | limit], value - limit
    while value >= 128:
        encoded.append(value & 127 | 128)
        value >>= 7
    return bytes([*encoded, value])


def string(text, huffman=None):
    """A string; with `huffman`, these bytes are sent as its Huffman code."""
    if huffman is not None:
        return integer(len(huffman), 7, 0x80) + huffman
    text = text.encode("latin-1") if isinstance(text, str) else text
    return integer(len(text), 7) + text


def indexed(index):
    return integer(index, 7, 0x80)


#: The first byte of a literal and the bits of its prefix.
INDEXING, PLAIN, NEVER = (0x40, 6), (0x00, 4), (0x10, 4)


def literal(name, value, form=PLAIN):
    """A field; its name is a text, or an index in the table."""
    first, bits = form
    value = value if isinstance(value, bytes) and value[:1] == b"\xff" else string(value)
    return integer(name, bits, first) + value if isinstance(name, int) else bytes([first]) + string(name) + value


def table_size(size):
    return integer(size, 5, 0x20)


def block(fields):
    """Fields as literals that touch no table."""
    return b"".join(literal(name, value) for name, value in fields)
