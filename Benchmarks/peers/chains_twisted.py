"""Twisted's Deferred: the same work as Chains swirl."""

import sys

from twisted.internet import defer

import load

scale = 0.1 if "--quick" in sys.argv else 1


def measure(figure, operations, body):
    count = max(1, int(operations * scale))
    for index in range(max(1, count // 10)):
        body(index)
    start = load.usage()
    for index in range(count):
        body(index)
    load.report(figure, count, start)


def add(value):
    return value + 1


def use(value):
    pass


def fired_first(index):
    d = defer.succeed(index)
    d.addCallback(add)
    d.addCallback(add)
    d.addCallback(use)


def fired_last(index):
    d = defer.Deferred()
    d.addCallback(add)
    d.addCallback(add)
    d.addCallback(add)
    d.addCallback(use)
    d.callback(index)


def gather(count):
    def run(index):
        members = [defer.Deferred() for _ in range(count)]
        defer.gatherResults(members).addCallback(use)
        for member in members:
            member.callback(index)

    return run


def cancel(index):
    d = defer.Deferred(lambda _: None)
    d.addErrback(lambda _: 0)
    d.addCallback(use)
    d.cancel()


measure("three callbacks, fired first", 200_000, fired_first)
measure("four callbacks, fired last", 200_000, fired_last)
measure("gather of ten", 20_000, gather(10))
measure("gather of 100,000", 2, gather(100_000))
measure("cancel", 50_000, cancel)
