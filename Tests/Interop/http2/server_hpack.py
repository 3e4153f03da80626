"""What RFC 7541 says: header blocks that cannot be decoded, each an error of the connection (RFC 9113, 4.3)."""
from .cases import Table, answers, dies, malformed
from .frames import COMPRESSION_ERROR, INDEXING, headers, indexed, integer, literal, string, table_size

packing = Table()
case = packing.case


def block_with(section, name, *pieces, in_front=b"", allowed=dies(COMPRESSION_ERROR)):
    """A request with these octets behind its pseudo-fields, or in front."""
    case(section, name, allowed)(lambda c: c.send(headers(1, in_front + c.target.request() + b"".join(pieces))))


block_with("HPACK 2.3.3", "an index beyond both tables", indexed(70))
block_with("HPACK 2.3.3", "a literal whose name has an index beyond both tables", literal(70, "test", INDEXING))
block_with("HPACK 2.3.3", "a literal that is not indexed, with a name beyond both tables", literal(70, "test"))
block_with("HPACK 4.2", "a size update at the end of a block", table_size(1))
block_with("HPACK 4.2", "a size update within a block", table_size(1), literal("x-a", "b"))
block_with("HPACK 4.4", "a field larger than the table empties it", literal("x-big", "b" * 5000, INDEXING), indexed(62))
block_with("HPACK 4.4", "a field that was evicted", literal("x-a", "a", INDEXING), literal("x-b", "b" * 4050, INDEXING), indexed(63))
block_with("HPACK 5.1", "an integer that does not end", b"\xff" + b"\xff" * 20)
block_with("HPACK 5.1", "an integer beyond 32 bits", b"\xff\x80\x80\x80\x80\x80\x01")
block_with("HPACK 5.1", "an integer that is cut", b"\xff\x80")
block_with("HPACK 5.2", "a string that is cut", b"\x00" + string("x-test")[:3])
block_with("HPACK 5.2", "a string longer than the block", b"\x00" + string("x-a") + integer(1 << 20, 7) + b"test")
block_with("HPACK 5.2", "a field without its value", b"\x00" + string("x-test"))
# "test" is 01001 00101 01000 01001: 20 bits, and 4 of padding.
block_with("HPACK 5.2", "Huffman's padding of more than 7 bits", literal("x-test", "")[:-1] + string(b"", b"\x49\x50\x9f\xff"))
block_with("HPACK 5.2", "Huffman's padding of zeros", literal("x-test", "")[:-1] + string(b"", b"\x49\x50\x90"))
block_with("HPACK 5.2", "Huffman's EOS", literal("x-test", "")[:-1] + string(b"", b"\x49\x50\x9f\xff\xff\xff\xff"))
block_with("HPACK 5.2", "Huffman's EOS alone", literal("x-test", "")[:-1] + string(b"", b"\xff\xff\xff\xfc"))
block_with("HPACK 5.2", "Huffman's code that is right", literal("x-test", "")[:-1] + string(b"", b"\x49\x50\x9f"), allowed=answers())
block_with("HPACK 6.1", "the index 0", indexed(0))
block_with("HPACK 6.3", "a size update above SETTINGS_HEADER_TABLE_SIZE", in_front=table_size(1 << 20))
block_with("HPACK 6.3", "a size update beyond 32 bits", in_front=integer(1 << 40, 5, 0x20))


@case("HPACK 2.2", "each connection has tables of its own", dies(COMPRESSION_ERROR))
def _(c):
    other = c.target.connect(c.limit)
    other.send(headers(1, c.target.request() + literal("x-test", "a", INDEXING)))
    other.answer()
    other.close()
    c.send(headers(1, c.target.request() + indexed(62)))


@case("HPACK 4.3", "a size update evicts", dies(COMPRESSION_ERROR))
def _(c):
    c.send(headers(1, c.target.request() + literal("x-test", "a", INDEXING)))
    c.answer()
    c.send(headers(3, table_size(0) + table_size(4096) + c.target.request() + indexed(62)))


@case("HPACK 2.3.2", "the newest field has the lowest index", answers(3))
def _(c):
    c.send(headers(1, c.target.request() + literal("x-a", "a", INDEXING) + literal("x-b", "b", INDEXING)))
    c.answer()
    # Were the order another, content-length would be no number.
    c.send(headers(3, c.target.request() + literal("content-length", "0", INDEXING) + literal("x-c", "c", INDEXING) + literal(62, "ok")))
