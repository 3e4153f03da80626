import sys

from twisted.internet import reactor


def hello():
    print("hello", flush=True)
    if "--stay" not in sys.argv:
        reactor.stop()


reactor.callLater(0, hello)
reactor.run()
