"""Headless Chromium, whose pages are driven by its DevTools protocol."""
import contextlib
import http.client
import json
import subprocess
import time

from checks import program, server

#: It asks hosts of its maker otherwise; as root it runs without a sandbox alone.
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
         "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]


class Page:
    """A page of the browser."""

    def __init__(self, port, url):
        from websockets.sync.client import connect
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        asked.request("PUT", f"/json/new?{url}")
        self.target = json.loads(asked.getresponse().read())
        self.port = port
        self.socket = connect(self.target["webSocketDebuggerUrl"], max_size=None)
        self.number = 0
        # A page is blank at first, and complete.
        self.wait_for("location.href !== 'about:blank' && document.readyState", "complete")

    def command(self, method, **parameters):
        """A command of the protocol; gives its result, which is empty where the page was left meanwhile."""
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while (answer := json.loads(self.socket.recv(timeout=30))).get("id") != self.number:
            pass
        return answer.get("result", {})

    def call(self, script):
        """The value of a script, or of the promise that it gives."""
        answer = self.command("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return answer.get("result", {}).get("value")

    def choose(self, selector, *files):
        """Chooses files for an input."""
        found = self.command("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")
        self.command("DOM.setFileInputFiles", objectId=found["result"]["objectId"], files=[str(file) for file in files])

    def wait_for(self, script, want):
        """What is wrong after half a minute, or None."""
        deadline = time.monotonic() + 30
        while (got := self.call(script)) != want:
            if time.monotonic() > deadline:
                return f"{got!r}, not {want!r}"
            time.sleep(0.02)
        return None

    def close(self):
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        asked.request("GET", f"/json/close/{self.target['id']}")
        asked.getresponse().read()


@contextlib.contextmanager
def browser(folder):
    """Chromium; gives the port of its protocol."""
    port = folder / "browser" / "DevToolsActivePort"
    port.parent.mkdir(parents=True)
    with server(program("chromium"), *FLAGS, f"--user-data-dir={port.parent}", "about:blank", stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL):
        deadline = time.monotonic() + 60
        while not (port.exists() and port.read_text().count("\n")):
            if time.monotonic() > deadline:
                raise SystemExit("Chromium does not say its port")
            time.sleep(0.05)
        yield int(port.read_text().split()[0])
