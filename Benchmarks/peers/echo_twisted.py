"""TCP echo with a Protocol on the epoll reactor."""

from twisted.internet import epollreactor

epollreactor.install()

from twisted.internet import protocol, reactor


class Echo(protocol.Protocol):
    def connectionMade(self):
        self.transport.setTcpNoDelay(True)
        self.transport.registerProducer(self.transport, True)

    def dataReceived(self, data):
        self.transport.write(data)


port = reactor.listenTCP(0, protocol.Factory.forProtocol(Echo), backlog=4096, interface="127.0.0.1")
print(port.getHost().port, flush=True)
reactor.run()
