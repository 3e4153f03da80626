"""The sample ChatRooms in a real browser."""
import json
import re
import subprocess
import sys

from checks import CACHE, build_product, report, server
from chromium import Page, browser

LINES = "[...document.querySelectorAll('#lines li')].map(line => line.textContent)"


def say(page, text):
    """Types a line, and clicks on the button."""
    page.call(f"document.getElementById('text').value = {json.dumps(text)}; document.querySelector('button').click()")


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
            say(who, text)
            for page, new in lines.items():
                seen[page] += new
            problems = [problem for page in seen if (problem := page.wait_for(LINES, seen[page]))]
            report(f"browser: {name}", "; ".join(problems) or None)
        taken = [page.call("document.title + document.querySelectorAll('img').length") for page in (ada, bob)]
        report("browser: markup stays text", None if taken == ["Chat0", "Chat0"] else f"{taken}")
        here = bob.call("document.getElementById('here').textContent")
        report("browser: who is here", None if here == "Ada, Bob" else here)
        second = Page(port, f"{url}lobby")
        say(second, "Ada")
        report("browser: a name that is taken", second.wait_for(LINES, ["that name is empty, too long or taken"]))
        bob.close()
        seen[ada] += ["Bob has left"]
        report("browser: one leaves", ada.wait_for(LINES, seen[ada]))
