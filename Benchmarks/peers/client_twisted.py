"""Twisted's Agent on the epoll reactor: a persistent pool with as many connections as requests, and callbacks."""

from twisted.internet import epollreactor

epollreactor.install()

from twisted.internet import reactor
from twisted.web.client import Agent, HTTPConnectionPool, readBody
from twisted.web.http_headers import Headers

import load

work = load.Load(load.options())
pool = HTTPConnectionPool(reactor, persistent=not work.headers)
pool.maxPersistentPerHost = work.in_flight
pool.cachedConnectionTimeout = 60
pool.retryAutomatically = False
agent = Agent(reactor, pool=pool)
url = work.url.encode()
headers = Headers({name: [value] for name, value in work.headers.items()})
under_way = work.in_flight


def next_request():
    d = agent.request(b"GET", url, headers)
    d.addCallback(lambda response: readBody(response).addCallback(lambda body: finished(response, body)))
    d.addErrback(failed)


def finished(response, body):
    global under_way
    if work.complete(response.code, len(body)):
        next_request()
        return
    under_way -= 1
    if under_way == 0:
        reactor.stop()


def failed(failure):
    failure.printTraceback()
    reactor.stop()


for _ in range(work.in_flight):
    reactor.callWhenRunning(next_request)
reactor.run()
