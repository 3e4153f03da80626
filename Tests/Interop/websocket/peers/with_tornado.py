"""Tornado."""
import asyncio

import talk
import tornado.httpserver
import tornado.web
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.netutil import bind_sockets
from tornado.websocket import WebSocketHandler, websocket_connect

compression = "deflate"


class Socket:
    #: It sends whole messages only.
    fragments = None

    def __init__(self, handler, headers):
        self._handler = handler
        self._arrived, self._pongs = asyncio.Queue(), asyncio.Queue()
        self.subprotocol = handler.selected_subprotocol
        self.extensions = headers.get("Sec-WebSocket-Extensions", "")
        handler.on_pong = self._pongs.put_nowait

    async def send(self, message):
        await self._handler.write_message(message, binary=isinstance(message, bytes))

    async def receive(self):
        return await self._arrived.get()

    async def ping(self):
        self._handler.ping(b"?")
        await self._pongs.get()

    async def close(self, code, reason):
        self._handler.close(code, reason)
        while await self.receive() is not None:
            pass

    @property
    def end(self):
        return self._handler.close_code, self._handler.close_reason


class Talk(WebSocketHandler):
    def get_compression_options(self):
        return None if compression == "off" else {}

    def select_subprotocol(self, offered):
        return "chat" if "chat" in offered else None

    def open(self):
        self.socket = Socket(self, self._headers)
        self.talking = asyncio.ensure_future(talk.answer(self.socket))

    def on_message(self, message):
        self.socket._arrived.put_nowait(message)

    def on_close(self):
        self.socket._arrived.put_nowait(None)


class Refusal(tornado.web.RequestHandler):
    def get(self, status):
        self.set_status(int(status))
        self.write("no\n")


async def server(named):
    global compression
    compression = named.get("compression", "deflate")
    application = tornado.web.Application(
        [("/talk", Talk), ("/refused/(.*)", Refusal)], log_function=lambda handler: None, websocket_max_message_size=1 << 26)
    sockets = bind_sockets(0, "127.0.0.1")
    tornado.httpserver.HTTPServer(application, ssl_options=talk.server_context(named)).add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()


async def client(named):
    async def opened(url):
        arrived = []
        connection = await websocket_connect(
            HTTPRequest(url, ssl_options=talk.client_context(named)), subprotocols=["other", "chat"], on_message_callback=arrived.append,
            compression_options=None if named.get("compression") == "off" else {}, max_message_size=1 << 26)
        socket = Socket(connection, connection.headers)
        for message in arrived:
            socket._arrived.put_nowait(message)
        connection._on_message_callback = socket._arrived.put_nowait
        return socket

    async def status(url):
        try:
            await opened(url)
        except HTTPClientError as refused:
            return refused.code

    await talk.talk(opened, status, named)


talk.main(server, client)
