"""websockets (PyPI), its asyncio implementation."""
import asyncio
import http

import talk
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory


class Socket:
    def __init__(self, connection):
        self._connection = connection
        self.subprotocol = connection.subprotocol
        self.extensions = connection.response.headers.get("Sec-WebSocket-Extensions", "")
        self.send = self.fragments = connection.send
        self.close = connection.close

    async def receive(self):
        try:
            return await self._connection.recv()
        except ConnectionClosed:
            return None

    async def ping(self):
        await (await self._connection.ping())

    @property
    def end(self):
        return self._connection.close_code, self._connection.close_reason


def compression(factory, named, takeover):
    match named.get("compression"):
        case "off":
            return {"compression": None}
        case "without-context":
            return {"extensions": [factory(**takeover)]}
    return {}


async def server(named):
    def refuse(connection, request):
        if request.path.startswith("/refused/"):
            return connection.respond(http.HTTPStatus(int(request.path[-3:])), "no\n")

    takeover = {"server_no_context_takeover": True, "client_no_context_takeover": True}
    options = compression(ServerPerMessageDeflateFactory, named, takeover)
    async with serve(
        lambda connection: talk.answer(Socket(connection)), "127.0.0.1", 0, subprotocols=["chat"], process_request=refuse, max_size=1 << 26,
        ssl=talk.server_context(named), **options,
    ) as listening:
        print(listening.sockets[0].getsockname()[1], flush=True)
        await asyncio.Event().wait()


async def client(named):
    takeover = {"server_no_context_takeover": True, "client_no_context_takeover": True}
    options = compression(ClientPerMessageDeflateFactory, named, takeover)

    async def opened(url):
        return Socket(await connect(url, subprotocols=["other", "chat"], max_size=1 << 26, ssl=talk.client_context(named), **options))

    async def status(url):
        try:
            await opened(url)
        except InvalidStatus as refused:
            return refused.response.status_code

    await talk.talk(opened, status, named)


talk.main(server, client)
