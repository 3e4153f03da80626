"""Twisted's callLater, on the epoll reactor."""

from twisted.internet import epollreactor

epollreactor.install()

import itertools

from twisted.internet import defer, reactor, task

import timers


def turn():
    return task.deferLater(reactor, 0)


@defer.inlineCallbacks
def one_round(pending, phases):
    long = [60 + value % 60_000 / 1000 for value in itertools.islice(timers.delays(), pending)]
    short = [value % 10 / 1000 for value in itertools.islice(timers.delays(), pending)]

    phases.begin()
    calls = [reactor.callLater(delay, timers.too_early) for delay in long]
    yield turn()
    phases.end("add")

    phases.begin()
    for delay in long:
        reactor.callLater(delay, timers.too_early).cancel()
    yield turn()
    phases.end("add and cancel with others pending")

    phases.begin()
    for call in calls:
        call.cancel()
    yield turn()
    phases.end("cancel")

    done = defer.Deferred()
    left = pending

    def called():
        nonlocal left
        left -= 1
        if left == 0:
            phases.end("call")
            done.callback(None)

    for delay in short:
        reactor.callLater(delay, called)
    phases.begin()
    yield done


@defer.inlineCallbacks
def main():
    for name, pending, rounds in timers.SIZES:
        phases = timers.Phases()
        for _ in range(rounds):
            yield one_round(pending, phases)
        phases.report(name, pending * rounds)
    reactor.stop()


reactor.callWhenRunning(main)
reactor.run()
