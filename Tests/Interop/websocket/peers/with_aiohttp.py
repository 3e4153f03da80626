"""aiohttp."""
import asyncio

import aiohttp
import talk
from aiohttp import WSMsgType, web


class Socket:
    #: It sends whole messages only.
    fragments = None

    def __init__(self, socket, headers):
        self._socket = socket
        self.subprotocol = socket.ws_protocol if isinstance(socket, web.WebSocketResponse) else socket.protocol
        self.extensions = headers.get("Sec-WebSocket-Extensions", "")
        self.end = None

    async def send(self, message):
        await (self._socket.send_str(message) if isinstance(message, str) else self._socket.send_bytes(message))

    async def _next(self, wanted):
        while True:
            message = await self._socket.receive(30)
            match message.type:
                case WSMsgType.PING:
                    await self._socket.pong(message.data)
                case WSMsgType.CLOSE:
                    self.end = message.data, message.extra
                    return None
                case WSMsgType.CLOSED | WSMsgType.CLOSING | WSMsgType.ERROR:
                    self.end = self.end or (self._socket.close_code, None)
                    return None
                case kind if kind in wanted:
                    return message.data

    async def receive(self):
        return await self._next((WSMsgType.TEXT, WSMsgType.BINARY))

    async def ping(self):
        await self._socket.ping(b"?")
        await self._next((WSMsgType.PONG,))

    async def close(self, code, reason):
        await self._socket.close(code=code, message=reason.encode())


async def server(named):
    async def handle(request):
        # Which context is kept the client's offer says.
        socket = web.WebSocketResponse(protocols=["chat"], compress=named.get("compression") != "off", autoping=False, max_msg_size=1 << 26)
        await socket.prepare(request)
        await talk.answer(Socket(socket, socket.headers))
        return socket

    async def refuse(request):
        return web.Response(status=int(request.match_info["status"]), text="no\n")

    application = web.Application()
    application.add_routes([web.get("/talk", handle), web.get("/refused/{status}", refuse)])
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=talk.server_context(named)).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


async def client(named):
    async with aiohttp.ClientSession() as session:

        async def opened(url):
            socket = await session.ws_connect(
                url, protocols=["other", "chat"], compress=0 if named.get("compression") == "off" else 15, autoping=False, max_msg_size=1 << 26,
                ssl=talk.client_context(named) or True,
            )
            return Socket(socket, socket._response.headers)

        async def status(url):
            try:
                await opened(url)
            except aiohttp.WSServerHandshakeError as refused:
                return refused.status

        await talk.talk(opened, status, named)


talk.main(server, client)
