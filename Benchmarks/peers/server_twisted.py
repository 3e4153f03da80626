"""Twisted's server: a site with two resources on the epoll reactor, no access log."""

from twisted.internet import epollreactor

epollreactor.install()

from twisted.internet import reactor
from twisted.web import resource, server

LARGE = b"x" * (1 << 20)


class Page(resource.Resource):
    isLeaf = True

    def __init__(self, body):
        super().__init__()
        self.body = body

    def render_GET(self, request):
        return self.body


class QuietSite(server.Site):
    def log(self, request):
        pass


root = resource.Resource()
root.putChild(b"hello", Page(b"hello"))
root.putChild(b"1m", Page(LARGE))
port = reactor.listenTCP(0, QuietSite(root, timeout=300), backlog=4096, interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
