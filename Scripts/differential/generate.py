#!/usr/bin/env python3
"""Makes random programs of Deferreds, runs them on Twisted and prints each with what was seen, a JSON object a line.

    generate.py --seed 1 --count 300 > traces.jsonl

"p" is the program, a list of operations; "t" the trace. A Twisted Deferred changes with each callback added to it, where
Swirl makes a new stage; so an operation names a Deferred by number, and whoever runs the program keeps its last stage.

  [new, i, kind, x]       Deferred i; kind 0: no canceller, 1: one that fires nothing, 2: the value x, 3: the error x
  [add, i, verb, c, e]    verb c, e, b, p: addCallback, addErrback, addBoth, addCallbacks (which has the errback e);
                          t, u: addErrback for an Even, which is an error with an even number, and for a CancelledError
  [cb, i, x] [eb, i, x]   fire
  [cancel, i] [pause, i] [unpause, i]
  [chain, i, j]           i.chainDeferred(j)
  [list, i, members, f]   DeferredList; f adds 1 for fireOnOneCallback, 2 for fireOnOneErrback, 4 for consumeErrors
  [gather, i, members]    gatherResults
  [race, i, members]

A callback is [number, operations, outcome], and the outcome v (return that value), x (raise that error), s (return or
raise what it was given) or d (return that Deferred).

The rules that keep to what both have in common are applied while running, in the same way on both sides:
  - A Deferred that was returned to another, or is a member or a link, gets no more callbacks: in Twisted they would see
    None. (Members of a list that consumes nothing and is never cancelled stay open: both sides see their results.)
  - A Deferred is not returned while one of its callbacks runs (Twisted takes what it has at that moment), nor paused
    (Twisted goes on until its list of callbacks is empty).
  - A member gets no callbacks from within others (Twisted runs them when all that hangs on the list has run, Swirl at
    once when nothing is left to do on that member), and a list's callback returns no Deferred (Twisted's lists do not
    forward a cancellation to it).
  - A race is not cancelled: in Twisted a late winner cancels the others once more.
  - A second firing is noted, whether raised or reported. A link that meets a fired target leaves its failure unhandled.
  - At the end all pauses are taken back: Twisted does not report the failure of a paused Deferred.
"""
import argparse
import gc
import json
import random
import sys

from twisted.internet.defer import (
    AlreadyCalledError, CancelledError, Deferred, DeferredList, FailureGroup, FirstError, gatherResults, race)
from twisted.logger import globalLogBeginner, globalLogPublisher
from twisted.python.failure import Failure


class Raised(Exception):
    pass


class Even(Raised):
    pass


def raised(number):
    return Raised(number) if number % 2 else Even(number)


# --- making programs ---------------------------------------------------------------------------------------------------

class Maker:
    def __init__(self, rng):
        self.rng = rng
        self.count = 0          # Deferreds made
        self.plain = []         # those that a program may fire
        self.rank = {}          # one waits only for a higher rank, so that no circle arises
        self.callbacks = 0
        self.errors = 0
        self.hasGatherings = rng.random() < 0.5

    def error(self):
        self.errors += 1
        return self.errors

    def new(self, rank=None):
        index = self.count
        self.count += 1
        self.rank[index] = self.rng.random() if rank is None else rank
        return index

    def program(self):
        operations = []
        for _ in range(self.rng.randint(2, 5)):
            operations.append(self.source())
        for _ in range(self.rng.randint(4, 22)):
            operations.append(self.operation(0))
        for index in self.plain:
            if self.rng.random() < 0.6:
                operations.append(self.firing(index))
        return operations

    def source(self):
        index = self.new()
        self.plain.append(index)
        kind = self.rng.choice([0, 0, 0, 1, 2, 3])
        return ["new", index, kind, self.error() if kind == 3 else self.rng.randint(1, 99)]

    def firing(self, index):
        if self.rng.random() < 0.6:
            return ["cb", index, self.rng.randint(1, 99)]
        return ["eb", index, self.error()]

    def operation(self, depth):
        rng = self.rng
        some = rng.randrange(self.count)
        roll = rng.random()
        if roll < 0.50:
            verb = rng.choice("cccebbpttu")
            callback = self.callback(some, depth)
            return ["add", some, verb, callback, self.callback(some, depth)] if verb == "p" else ["add", some, verb, callback]
        if roll < 0.66:
            return self.firing(rng.choice(self.plain))
        if roll < 0.74:
            if depth and self.hasGatherings:
                return ["unpause", some]
            return ["cancel", some]
        if roll < 0.80:
            return ["pause", some]
        if roll < 0.86:
            return ["unpause", some]
        if depth == 0 and roll < 0.90:
            return self.source()
        if depth == 0 and self.hasGatherings and roll < 0.96:
            members = rng.sample(range(self.count), rng.randint(1, min(4, self.count)))
            kind = rng.choice(["list", "list", "gather", "race"])
            index = self.new(min(self.rank[member] for member in members) * 0.99)
            return [kind, index, members] + ([rng.randrange(8)] if kind == "list" else [])
        return ["chain", some, rng.choice(self.plain)]

    def callback(self, owner, depth):
        rng = self.rng
        number = self.callbacks
        self.callbacks += 1
        body = []
        if depth < 2 and rng.random() < 0.3:
            body = [self.operation(depth + 1) for _ in range(rng.randint(1, 2))]
        roll = rng.random()
        higher = [index for index in range(self.count) if self.rank[index] > self.rank[owner]]
        if roll < 0.3 and higher:
            outcome = ["d", rng.choice(higher)]
        elif roll < 0.55:
            outcome = ["v", rng.randint(1, 99)]
        elif roll < 0.75:
            outcome = ["x", self.error()]
        else:
            outcome = ["s"]
        return [number, body, outcome]


# --- running them on Twisted -------------------------------------------------------------------------------------------

def words(thing):
    if isinstance(thing, Failure):
        return words(thing.value)
    if isinstance(thing, Raised):
        return "E%d" % thing.args[0]
    if isinstance(thing, CancelledError):
        return "cancelled"
    if isinstance(thing, FirstError):
        return "first(%d,%s)" % (thing.index, words(thing.subFailure))
    if isinstance(thing, FailureGroup):
        return "all(%s)" % ",".join(words(failure) for failure in thing.failures)
    return str(thing)


def result(success, value):
    return ("+" if success else "-") + words(value)


lost = []


def observe(event):
    failure = event.get("log_failure")
    # Raised by a race or a link inside Twisted, where it fires what was fired; not an error of the program.
    if failure is not None and not failure.check(AlreadyCalledError):
        lost.append(words(failure))


class Machine:
    def __init__(self):
        self.trace = []
        self.deferreds = {}
        self.closed = set()         # gets no more callbacks
        self.member = set()         # waited for by a link or a gathering, so never returned or paused
        self.gathered = set()       # a list or a gather, which in Twisted forwards no cancellation to an inner Deferred
        self.fixed = set()          # a list or race that is not cancelled, waited for or returned
        self.running = []
        self.pauses = {}

    def run(self, program):
        for operation in program:
            self.do(operation)
        while any(self.pauses.values()):
            self.do(["unpause", min(index for index, count in self.pauses.items() if count)])

    def do(self, operation):
        getattr(self, "do_" + operation[0])(*operation[1:])

    def do_new(self, index, kind, argument):
        def canceller(deferred):
            self.trace.append("canceller %d" % index)
            if kind == 2:
                deferred.callback(str(argument))
            elif kind == 3:
                deferred.errback(raised(argument))
        self.deferreds[index] = Deferred(canceller if kind else None)

    def do_add(self, index, verb, callback, errback=None):
        if index in self.closed or self.running and index in self.member:
            return
        deferred = self.deferreds[index]
        function = self.function(index, callback)
        if verb == "c":
            deferred.addCallback(function)
        elif verb == "e":
            deferred.addErrback(function)
        elif verb in "tu":
            def trapped(failure):
                failure.trap(Even if verb == "t" else CancelledError)
                return function(failure)
            deferred.addErrback(trapped)
        elif verb == "b":
            deferred.addBoth(function)
        else:
            deferred.addCallbacks(function, self.function(index, errback))

    def function(self, index, callback):
        number, body, outcome = callback

        def run(value):
            self.trace.append("%d%s%s" % (number, "!" if isinstance(value, Failure) else "=", words(value)))
            self.running.append(index)
            try:
                for operation in body:
                    self.do(operation)
                kind = outcome[0]
                if kind == "v":
                    return str(outcome[1])
                if kind == "x":
                    raise raised(outcome[1])
                if kind == "s":
                    return value
                inner = outcome[1]
                if index in self.gathered or inner in self.closed or inner in self.member or inner in self.fixed or inner in self.running:
                    return "busy"
                self.closed.add(inner)
                return self.deferreds[inner]
            finally:
                self.running.pop()
        return run

    def fire(self, index, call):
        try:
            call()
        except AlreadyCalledError:
            self.trace.append("twice")

    def do_cb(self, index, value):
        self.fire(index, lambda: self.deferreds[index].callback(str(value)))

    def do_eb(self, index, error):
        self.fire(index, lambda: self.deferreds[index].errback(raised(error)))

    def do_cancel(self, index):
        if index not in self.fixed:
            self.deferreds[index].cancel()

    def do_pause(self, index):
        if index not in self.running and index not in self.member:
            self.pauses[index] = self.pauses.get(index, 0) + 1
            self.deferreds[index].pause()

    def do_unpause(self, index):
        if self.pauses.get(index, 0):
            self.pauses[index] -= 1
            self.deferreds[index].unpause()

    def do_chain(self, index, target):
        if index in self.closed or index == target:
            return
        self.closed.add(index)
        self.member.add(index)
        deferred = self.deferreds[target]

        def deliver(value):
            try:
                (deferred.errback if isinstance(value, Failure) else deferred.callback)(value)
            except AlreadyCalledError:
                self.trace.append("twice")
                return value
        self.deferreds[index].addBoth(deliver)

    def members(self, members, areClosed):
        kept = [index for index in members if index not in self.closed and index not in self.fixed]
        self.member.update(kept)
        if areClosed:
            self.closed.update(kept)
        return [self.deferreds[index] for index in kept]

    def do_list(self, index, members, flags):
        self.gathered.add(index)
        callback, errback, consume = bool(flags & 1), bool(flags & 2), bool(flags & 4)
        members = self.members(members, consume)
        if not consume:
            self.fixed.add(index)
        # An empty list never fires in Twisted when one success is awaited.
        callback = callback and bool(members)
        made = DeferredList(members, callback, errback, consume)

        def tell(value):
            if isinstance(value, tuple):
                return "%d:%s" % (value[1], value[0])
            return "[%s]" % ",".join(result(*each) for each in value)
        self.deferreds[index] = made.addCallback(tell)

    def do_gather(self, index, members):
        self.gathered.add(index)
        made = gatherResults(self.members(members, True), consumeErrors=True)
        self.deferreds[index] = made.addCallback(lambda values: "[%s]" % ",".join(values))

    def do_race(self, index, members):
        self.fixed.add(index)
        members = self.members(members, True)
        if not members:
            # Nobody in it: never decided in Twisted, a failure in Swirl.
            members = [Deferred()]
            members[0].callback("nobody")
        self.deferreds[index] = race(members).addCallback(lambda won: "%d:%s" % won)


def record(program):
    machine = Machine()
    machine.run(program)
    trace = machine.trace
    del machine
    gc.collect()
    trace.append("lost " + " ".join(sorted(lost)))
    lost.clear()
    return trace


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--shortest", action="store_true", help="keep the quarter of the programs with the least text")
    arguments = parser.parse_args()
    globalLogBeginner.beginLoggingTo([observe], redirectStandardIO=False, discardBuffer=True)
    rng = random.Random(arguments.seed)
    gc.collect()
    gc.freeze()
    lines = []
    for number in range(arguments.count * (4 if arguments.shortest else 1)):
        program = Maker(rng).program()
        lines.append(json.dumps({"p": program, "t": record(program)}, separators=(",", ":")))
        if not arguments.shortest:
            print(lines.pop())
    if arguments.shortest:
        for line in sorted(lines, key=len)[:arguments.count]:
            print(line)


if __name__ == "__main__":
    main()
