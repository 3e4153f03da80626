"""A server that answers every request with its own number, and lies about its connections; curl beside Swirl's client."""
import contextlib
import socket
import ssl
import threading

from certificates import Authority
from checks import report, run

STRAY = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nstray\n"
#: Fetched one after the other, over one connection where that is kept.
NUMBERS = range(1, 7)


def whole(text):
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text)


def chunked(text):
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(text), text)


#: What is sent for an answer in one segment, each piece in a record of TLS of its own; None is the end of the connection.
LIES = {
    "nothing but the truth": lambda text: [whole(text)],
    "a second answer in the same segment": lambda text: [whole(text) + STRAY],
    "a second answer in a record of its own": lambda text: [whole(text), STRAY],
    "a second answer behind one in chunks": lambda text: [chunked(text), STRAY],
    "a piece of a second answer": lambda text: [whole(text), STRAY[:9]],
    "bytes behind the content": lambda text: [whole(text) + text],
    "an interim answer behind the answer": lambda text: [whole(text), b"HTTP/1.1 103 Early Hints\r\n\r\n"],
    "interim answers before it": lambda text: [b"HTTP/1.1 103 Early Hints\r\nA: b\r\n\r\n" * 7 + whole(text)],
    "a 408 behind the answer": lambda text: [
        whole(text), b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 6\r\n\r\nstray\n", None],
    "an end without a word": lambda text: [whole(text), None],
    "an end that is announced": lambda text: [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text), None],
}


class Wire:
    """One end of a connection, secured or not; what is sent at once is one segment."""

    def __init__(self, connection, context):
        self.connection, self.session = connection, None
        if context:
            self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
            self.session = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
            self.when_readable(self.session.do_handshake)

    def when_readable(self, operation):
        """Does what TLS wants to read for, and sends what it has to say."""
        while True:
            try:
                result = operation()
                self.connection.sendall(self.outgoing.read())
                return result
            except ssl.SSLWantReadError:
                self.connection.sendall(self.outgoing.read())
                if not (more := self.connection.recv(65536)):
                    return b""
                self.incoming.write(more)

    def receive(self):
        return self.when_readable(lambda: self.session.read(65536)) if self.session else self.connection.recv(65536)

    def send(self, pieces):
        if not self.session:
            return self.connection.sendall(b"".join(pieces))
        for piece in pieces:
            self.session.write(piece)
        self.connection.sendall(self.outgoing.read())


def serve(connection, lies, context):
    """Answers the requests of one connection: `GET /LIE/NUMBER`."""
    with contextlib.suppress(OSError), connection:
        connection.settimeout(60)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire = Wire(connection, context)
        received = b""
        while True:
            while b"\r\n\r\n" not in received:
                if not (more := wire.receive()):
                    return
                received += more
            head, received = received.split(b"\r\n\r\n", 1)
            _, lie, number = head.split(b" ")[1].split(b"/")
            pieces = lies[int(lie)](number + b"\n")
            wire.send([piece for piece in pieces if piece])
            if None in pieces:
                return


@contextlib.contextmanager
def liar(context=None):
    """The port of the server, which runs while the block does."""
    lies = list(LIES.values())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def accept():
            with contextlib.suppress(OSError):
                while True:
                    connection = listener.accept()[0]
                    threading.Thread(target=serve, args=(connection, lies, context), daemon=True).start()
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]


def client_against_liar(probe, fetch, folder):
    """Neither may give anyone the answer to another request."""
    authority = Authority(folder, "root")
    certificate, key = authority.sign("localhost", hosts="DNS:localhost,IP:127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    want = "".join(f"{number}\n" for number in NUMBERS).encode()
    for scheme, used in (("http", None), ("https", context)):
        with liar(used) as port:
            for index, lie in enumerate(LIES):
                urls = [f"{scheme}://127.0.0.1:{port}/{index}/{number}" for number in NUMBERS]
                ours = run(probe, "tls", f"roots={authority.certificate}", *urls)
                theirs = run("curl", "-sS", "--cacert", authority.certificate, *urls)
                if theirs.stdout != want or theirs.returncode:
                    # Of interest, and no failure of ours.
                    print(f"      curl, {scheme}, {lie}: {theirs.returncode} {theirs.stdout!r} {theirs.stderr.decode().strip()}")
                good = ours.stdout == want and ours.returncode == 0
                report(f"{scheme}: {lie}", None if good else f"{ours.returncode} {ours.stdout!r} {ours.stderr.decode().strip()}")
