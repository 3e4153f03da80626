"""A case: what is sent, and what may come back; how many are run at once and reported."""
import concurrent.futures
import dataclasses
import typing

from .connection import Failed, told
from .frames import NO_ERROR, PROTOCOL_ERROR, code_name, ping


@dataclasses.dataclass
class Allowed:
    """What may come back. One of it has to."""
    #: Codes of GOAWAY, after which the peer closes.
    goaway: tuple = ()
    #: Codes of RST_STREAM, and the stream. The connection has to live then.
    reset: tuple = ()
    stream: int = 1
    #: The connection may end without a GOAWAY.
    close: bool = False
    #: An answer with a status of 400 to 499.
    refusal: bool = False
    #: An answer of any status but those.
    answer: bool = False
    #: The peer takes no notice.
    nothing: bool = False

    @property
    def tolerates(self):
        return self.answer or self.nothing

    def __or__(self, other):
        return Allowed(self.goaway + other.goaway, self.reset + other.reset, self.stream, self.close or other.close,
                       self.refusal or other.refusal, self.answer or other.answer, self.nothing or other.nothing)

    def __str__(self):
        return " or ".join([*(f"GOAWAY {code_name(code)}" for code in self.goaway), *(f"RST_STREAM {code_name(code)}" for code in self.reset),
                            *["a close"] * self.close, *["a status of 4xx"] * self.refusal, *["an answer"] * self.answer,
                            *["nothing"] * self.nothing])

    def judge(self, connection):
        """What happened, as a text; raises where it may not."""
        alive = b"judging\0"
        if self.nothing:
            connection.send(ping(alive))
        for event in connection.events():
            if event.what == "GOAWAY" and event.code != NO_ERROR:
                return self.death(connection, event)
            if event.what == "close":
                if not self.close:
                    raise Failed(f"closed instead of {self}")
                return "closes"
            if event.what == "RST_STREAM" and event.stream == self.stream and event.code != NO_ERROR:
                if event.code not in self.reset:
                    raise Failed(f"{told(event)} instead of {self}")
                return self.survival(connection, told(event))
            if event.what == "end" and event.stream == self.stream and (self.refusal or self.answer):
                status = max(int(dict(fields).get(":status", 0)) for fields in connection.heads[self.stream])
                if self.answer or 400 <= status < 500:
                    return self.survival(connection, f"answers {status}")
                raise Failed(f"answers {status} instead of {self}")
            if event.what == "PONG" and event.code == alive:
                # What was in the peer's queue behind its answer to PING has come as well, then.
                return self.survival(connection, "lives")
        raise Failed(f"no {self} within {connection.limit} s; came: {', '.join(map(told, connection.seen[-5:])) or 'nothing'}")

    def death(self, connection, event):
        """GOAWAY with an error, and the close that has to follow."""
        if event.code not in self.goaway:
            raise Failed(f"{told(event)} instead of {self}")
        if not any(later.what == "close" for later in connection.events()):
            raise Failed(f"{told(event)}, and no close of the connection after it")
        return told(event)

    def survival(self, connection, what):
        """The connection lives, or dies of what may kill it: an error of a stream may be taken as one of the connection."""
        try:
            connection.pong()
            return what
        except Failed:
            for event in connection.seen[::-1]:
                if event.what == "GOAWAY" and event.code in self.goaway or event.what == "close" and self.close:
                    return f"{what}, then {told(event)}"
            raise


def dies(*codes):
    """An error of the connection. RFC 9113, 5.4.1: GOAWAY is a SHOULD, the close a MUST."""
    return Allowed(goaway=codes, close=True)


def resets(*codes, stream=1):
    """An error of a stream, which may be taken as one of the connection (5.4.2)."""
    return Allowed(goaway=codes, reset=codes, close=True, stream=stream)


def malformed(stream=1):
    """8.1.1: a server may answer before it resets the stream."""
    return Allowed(goaway=(PROTOCOL_ERROR,), reset=(PROTOCOL_ERROR,), close=True, refusal=True, stream=stream)


def answers(stream=1):
    return Allowed(answer=True, refusal=True, stream=stream)


ignores = Allowed(nothing=True)


@dataclasses.dataclass
class Case:
    section: str
    name: str
    allowed: Allowed
    act: typing.Callable
    #: Which of the wrong peers has to fail: one that sees no error, or one that sees them everywhere.
    wrong: str
    options: dict

    @property
    def title(self):
        return f"{self.section} {self.name}"


class Table(list):
    """Cases, added by a decorator."""

    def case(self, section, name, allowed, wrong=None, **options):
        def add(act):
            self.append(Case(section, name, allowed, act, wrong or ("touchy" if allowed.tolerates else "deaf"), options))
            return act
        return add


def run_case(case, target, limit):
    """What happened, and whether that is right."""
    try:
        connection = target.connect(limit, case.options.get("greets", True), case.options.get("settings", ()))
    except (OSError, Failed) as error:
        return False, f"no connection: {error}"
    try:
        # A case that knows only then what is allowed gives it back.
        return True, (case.act(connection) or case.allowed).judge(connection)
    except Failed as error:
        return False, str(error)
    finally:
        connection.close()


def run_all(cases, target, limit=3.0, at_once=16, run=run_case):
    """Results in the order of the cases."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        return list(pool.map(lambda case: run(case, target, limit), cases))
