"""The sample ChatRooms in a real browser: headless Chromium, whose pages are driven by its DevTools protocol."""
import contextlib
import http.client
import json
import re
import subprocess
import sys
import time

from checks import CACHE, build_product, program, report, server

#: It asks hosts of its maker otherwise; as root it runs without a sandbox alone.
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
         "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1"]

LINES = "[...document.querySelectorAll('#lines li')].map(line => line.textContent)"


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
        self.wait_for("document.readyState", "complete")

    def call(self, script):
        """The value of a script."""
        self.number += 1
        self.socket.send(json.dumps({
            "id": self.number, "method": "Runtime.evaluate", "params": {"expression": script, "returnByValue": True}}))
        while (answer := json.loads(self.socket.recv(timeout=30))).get("id") != self.number:
            pass
        return answer["result"]["result"].get("value")

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

    def say(self, text):
        """Types a line, and clicks on the button."""
        self.call(f"document.getElementById('text').value = {json.dumps(text)}; document.querySelector('button').click()")


@contextlib.contextmanager
def browser(folder):
    """Chromium; gives the port of its protocol."""
    port = folder / "browser" / "DevToolsActivePort"
    with server(program("chromium"), *FLAGS, f"--user-data-dir={port.parent}", "about:blank", stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL):
        deadline = time.monotonic() + 60
        while not (port.exists() and port.read_text().count("\n")):
            if time.monotonic() > deadline:
                raise SystemExit("Chromium does not say its port")
            time.sleep(0.05)
        yield int(port.read_text().split()[0])


def chat_rooms(probe, fetch, folder):
    """Two pages of one room, and one of another."""
    sys.path += [str(path) for path in CACHE.glob("lib/python*/site-packages")]
    chat = build_product("ChatRooms")
    with server("stdbuf", "-oL", chat, stdout=subprocess.PIPE, text=True) as process, browser(folder) as port:
        url = re.search(r"http://\S+/", process.stdout.readline())[0]
        # By the redirect of the first page, and by its own address.
        ada, bob, eve = Page(port, url), Page(port, f"{url}lobby"), Page(port, f"{url}t%C3%A9")
        titles = [page.call("document.querySelector('h1').textContent") for page in (ada, bob, eve)]
        report("browser: the rooms of three pages", None if titles == ["lobby", "lobby", "t\u00e9"] else f"{titles}")
        markup = "<img src=x onerror=\"document.title='taken over'\"> & h\u00e4llo \U0001F600"
        steps = [
            ("the first comes", ada, "Ada", {ada: ["Ada has joined"]}),
            ("another comes", bob, "Bob", {ada: ["Bob has joined"], bob: ["Bob has joined"]}),
            ("one in another room", eve, "Ada", {eve: ["Ada has joined"]}),
            ("a line", ada, "hello", {page: ["Ada: hello"] for page in (ada, bob)}),
            ("an answer, which is markup", bob, markup, {page: [f"Bob: {markup}"] for page in (ada, bob)}),
            ("a line in the other room", eve, "alone", {eve: ["Ada: alone"]}),
        ]
        seen = {ada: [], bob: [], eve: []}
        for name, who, text, lines in steps:
            who.say(text)
            for page, new in lines.items():
                seen[page] += new
            problems = [problem for page in seen if (problem := page.wait_for(LINES, seen[page]))]
            report(f"browser: {name}", "; ".join(problems) or None)
        taken = [page.call("document.title + document.querySelectorAll('img').length") for page in (ada, bob)]
        report("browser: markup stays text", None if taken == ["Chat0", "Chat0"] else f"{taken}")
        here = bob.call("document.getElementById('here').textContent")
        report("browser: who is here", None if here == "Ada, Bob" else here)
        second = Page(port, f"{url}lobby")
        second.say("Ada")
        report("browser: a name that is taken", second.wait_for(LINES, ["that name is empty, too long or taken"]))
        bob.close()
        seen[ada] += ["Bob has left"]
        report("browser: one leaves", ada.wait_for(LINES, seen[ada]))
