"""A server on python's h2, a strict peer: `h2_server.py CERTIFICATE KEY` prints its two ports, without and with TLS."""
import contextlib
import socket
import ssl
import sys
import threading

import h2.config
import h2.connection
import h2.events
import h2.exceptions

BIG = b"x" * (1 << 20)


class Serving:
    """One connection, in a thread of its own."""

    def __init__(self, stream):
        self.socket = stream
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
        self.paths, self.received, self.trailers, self.waiting = {}, {}, {}, {}
        #: Streams whose answers have no content.
        self.heads = set()

    def run(self):
        self.h2.initiate_connection()
        self.h2.increment_flow_control_window(1 << 24)
        self.flush()
        while more := self.socket.recv(65536):
            try:
                events = self.h2.receive_data(more)
            except h2.exceptions.ProtocolError as error:
                print("h2:", error, file=sys.stderr, flush=True)
                return self.flush()
            for event in events:
                self.take(event)
            self.pump()
            self.flush()

    def flush(self):
        self.socket.sendall(self.h2.data_to_send())

    def take(self, event):
        match event:
            case h2.events.RequestReceived():
                fields = {name.decode() if isinstance(name, bytes) else name: value.decode() if isinstance(value, bytes) else value
                          for name, value in event.headers}
                self.paths[event.stream_id], self.received[event.stream_id] = fields[":path"], bytearray()
                if fields[":method"] == "HEAD":
                    self.heads.add(event.stream_id)
            case h2.events.DataReceived():
                if self.paths[event.stream_id] == "/sink":
                    self.received[event.stream_id][:] = str(int(self.received[event.stream_id] or 0) + len(event.data)).encode()
                else:
                    self.received[event.stream_id] += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case h2.events.TrailersReceived():
                self.trailers[event.stream_id] = dict(event.headers)
            case h2.events.StreamEnded():
                self.answer(event.stream_id)
            case h2.events.StreamReset():
                self.waiting.pop(event.stream_id, None)

    def answer(self, stream):
        path, content = self.paths.pop(stream), bytes(self.received.pop(stream))
        status, trailers = "200", None
        if path == "/hints":
            self.h2.send_headers(stream, [(":status", "103"), ("link", "</a>")])
        if path == "/trailers":
            content, trailers = f"{self.trailers.pop(stream, 'no trailers')}\n".encode(), [("x-sum", "3")]
        elif path == "/big":
            content = BIG
        elif path == "/sink":
            content = (content or b"0") + b"\n"
        elif path.startswith("/flow/"):
            content = b"x" * int(path[6:])
        elif path != "/echo":
            status, content = "200" if path in ("/hello", "/hints") else "404", b"hello\n"
        if stream in self.heads:
            content = b""
        self.h2.send_headers(stream, [(":status", status)])
        self.waiting[stream] = (memoryview(content), trailers)

    def pump(self):
        """Sends what the windows allow."""
        for stream in list(self.waiting):
            content, trailers = self.waiting[stream]
            try:
                while content and (room := min(self.h2.local_flow_control_window(stream), self.h2.max_outbound_frame_size, len(content))):
                    self.h2.send_data(stream, bytes(content[:room]))
                    content = content[room:]
                    self.waiting[stream] = (content, trailers)
                if not content:
                    del self.waiting[stream]
                    if trailers:
                        self.h2.send_headers(stream, trailers, end_stream=True)
                    else:
                        self.h2.end_stream(stream)
            except (h2.exceptions.StreamClosedError, h2.exceptions.ProtocolError):
                self.waiting.pop(stream, None)


def serve(stream, context):
    with contextlib.suppress(OSError), stream:
        stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            stream = context.wrap_socket(stream, server_side=True)
        Serving(stream).run()


def accept(listener, context):
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0], context), daemon=True).start()


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[1:])
context.set_alpn_protocols(["h2"])
listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
for listener, used in zip(listeners, (None, context)):
    threading.Thread(target=accept, args=(listener, used), daemon=True).start()
print(*(listener.getsockname()[1] for listener in listeners), flush=True)
threading.Event().wait()
