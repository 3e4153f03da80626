"""The sample Notes in a real browser: a login, an upload, media by ranges, and pages of another site."""
import http.server
import json
import re
import subprocess
import sys
import threading
import time
import wave

from checks import CACHE, build_product, report, server
from chromium import Page, browser

#: How the pages of a sound say that it has been sought: the browser asks for the part that it needs.
SEEK = """new Promise(done => {
  const audio = document.querySelector('audio');
  const seek = () => { audio.onseeked = () => done([Math.round(audio.duration), audio.currentTime]); audio.currentTime = 590 };
  if (audio.readyState > 0) seek(); else { audio.onloadedmetadata = seek; audio.onerror = () => done(audio.error.message) }
})"""


class Log:
    """The lines of an access log."""

    def __init__(self, process):
        self.lines = []
        self.marks = 0
        threading.Thread(target=lambda: self.lines.extend(iter(process.stdout.readline, "")), daemon=True).start()

    def statuses(self, page, path):
        """The statuses of the requests for a path, but for those that go on."""
        self.marks += 1
        mark = f"/static/notes.css?{self.marks}"
        page.call(f"fetch('{mark}').then(a => a.text())")
        deadline = time.monotonic() + 30
        while not any(mark in line for line in self.lines) and time.monotonic() < deadline:
            time.sleep(0.01)
        return [int(found[1]) for line in self.lines if (found := re.search(rf'"GET {re.escape(path)} \S+" (\d+)', line))]


def sound(path):
    """Ten minutes of silence, which a browser does not read to their end to play the beginning."""
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 22050, 0, "NONE", "not compressed"))
        file.writeframes(bytes(600 * 22050 * 2))


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """A page of another origin, whose host is the same: browsers send cookies along."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!DOCTYPE html><title>elsewhere</title>")

    def log_message(self, *_):
        pass


def account(page, button):
    """Fills in the form of the login, and clicks."""
    page.call("document.querySelector('[name=name]').value = 'Ada'; document.querySelector('[name=password]').value = 'correct horse';"
              f"document.getElementById('{button}').click()")


def uploads(page, folder):
    """A note with a picture and one with a sound; what the page shows of them."""
    picture, tone = folder / "a picture\u00e9.svg", folder / "tone.wav"
    picture.write_text("<svg xmlns='http://www.w3.org/2000/svg'><script>document.title = 'taken over'</script></svg>")
    sound(tone)
    markup = "<img src=x onerror=\"document.title='taken over'\"> & h\u00e4llo \U0001F600\r\nsecond line"
    for number, (text, file) in enumerate([(markup, picture), ("a sound", tone)], 1):
        page.call(f"document.querySelector('textarea').value = {json.dumps(text)}")
        page.choose("[type=file]", file)
        page.call("document.getElementById('add').click()")
        report(f"browser, notes: upload {number}", page.wait_for("document.querySelectorAll('li').length", number))
    texts = page.call("[...document.querySelectorAll('li p')].map(p => p.textContent)")
    report("browser, notes: texts stay texts", None if texts == ["a sound", markup.replace("\r", "")] else f"{texts}")
    link = page.call("(link => link && [link.textContent, document.querySelectorAll('img').length])(document.querySelector('li a'))")
    report("browser, notes: an SVG is a link", None if link == [picture.name, 0] else f"{link}")
    saved = page.call("fetch(document.querySelector('li a').href).then(async a => [a.headers.get('Content-Disposition'), await a.text()])")
    want = ["attachment; filename=\"a picture_.svg\"; filename*=UTF-8''a%20picture%C3%A9.svg", picture.read_text()]
    report("browser, notes: a file comes back as it was sent", None if saved and saved[1] == want[1] and "UTF-8''a%20picture%C3%A9.svg" in saved[0] else f"{saved}")


def ranges(name, page, path, tone):
    """Parts, as a media element and a script ask for them."""
    content = tone.read_bytes()
    sought = page.call(SEEK)
    report(f"browser, {name}: a sound of ten minutes is sought", None if sought == [600, 590] else f"{sought}")
    for asked, status, range_, part in [("5-14", 206, f"bytes 5-14/{len(content)}", content[5:15]),
                                        ("-4", 206, f"bytes {len(content) - 4}-{len(content) - 1}/{len(content)}", content[-4:]),
                                        (f"{len(content)}-", 416, f"bytes */{len(content)}", None)]:
        got = page.call(f"fetch({json.dumps(path)}, {{cache: 'no-store', headers: {{Range: 'bytes={asked}'}}}}).then(async a => [a.status,"
                        " a.headers.get('Content-Range'), [...new Uint8Array(await a.arrayBuffer())]])")
        good = got and got[:2] == [status, range_] and (part is None or bytes(got[2]) == part)
        report(f"browser, {name}: a script asks for bytes={asked}", None if good else f"{got}")
    whole = page.call(f"fetch({json.dumps(path)}).then(a => a.arrayBuffer()).then(a => a.byteLength)")
    report(f"browser, {name}: the whole behind its parts", None if whole == len(content) else f"{whole}")


def requests(page, log, path, length):
    """What the browser asks for, as the access log has it."""
    statuses = log.statuses(page, path)
    report("browser, notes: a sound comes in parts", None if statuses[:2] == [206, 206] else f"{statuses}")
    size = page.call(f"fetch({json.dumps(path)}, {{cache: 'no-cache'}}).then(a => a.arrayBuffer()).then(a => a.byteLength)")
    new = log.statuses(page, path)[len(statuses):]
    # With the whole in its cache Chromium asks for a 304; with parts of it for the rest, or for the whole.
    good = size == length and new and set(new) <= {200, 206, 304}
    report("browser, notes: it asks again for what it has, and has the whole", None if good else f"{size} bytes, {new}")


def other_site(port, url):
    """A page of another origin neither changes nor reads anything."""
    elsewhere = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=elsewhere.serve_forever, daemon=True).start()
    page = Page(port, f"http://127.0.0.1:{elsewhere.server_port}/")
    read = page.call(f"fetch('{url}api/notes', {{credentials: 'include'}}).then(a => a.text(), () => 'refused')")
    report("browser, notes: another site can't read", None if read == "refused" else f"{read!r}")
    page.call(f"document.body.innerHTML = '<form method=post action={url}logout></form>'; document.forms[0].submit()")
    report("browser, notes: another site can't log out", page.wait_for("document.querySelector('h1')?.textContent", "403 Forbidden"))
    page.close()
    elsewhere.shutdown()


def notes(probe, fetch, folder):
    """An account, its notes, a restart, and a logout."""
    sys.path += [str(path) for path in CACHE.glob("lib/python*/site-packages")]
    program = ["stdbuf", "-oL", build_product("Notes"), folder / "data"]

    def service(port):
        return server(*program, str(port), stdout=subprocess.PIPE, text=True)

    with browser(folder / "notes") as port:
        with service(0) as process:
            url = re.search(r"http://\S+/", process.stdout.readline())[0]
            log = Log(process)
            page = Page(port, url)
            report("browser, notes: a login is asked for", page.wait_for("[location.pathname, document.title].join()", "/login,Log in"))
            account(page, "signup")
            report("browser, notes: an account", page.wait_for("location.pathname", "/notes"))
            cookie = page.call("document.cookie")
            report("browser, notes: scripts don't see the session", None if cookie == "" else cookie)
            uploads(page, folder)
            path = page.call("new URL(document.querySelector('audio').src).pathname")
            ranges("notes", page, path, folder / "tone.wav")
            requests(page, log, path, (folder / "tone.wav").stat().st_size)
            other_site(port, url)
            report("browser, notes: no page was taken over", None if (title := page.call("document.title")) == "Notes" else title)
        report("browser, notes: a stop in order", None if process.returncode == 0 else f"{process.returncode}")
        with service(url.rpartition(":")[2].strip("/")) as process:
            process.stdout.readline()
            log = Log(process)
            page.command("Page.reload")
            report("browser, notes: a reload after a restart", page.wait_for("document.querySelectorAll('li').length", 2))
            page.call("document.getElementById('logout').click()")
            report("browser, notes: a logout", page.wait_for("location.pathname", "/login"))
            page.command("Page.navigate", url=f"{url}notes")
            report("browser, notes: it lasts", page.wait_for("[location.pathname, document.readyState].join()", "/login,complete"))
            account(page, "login")
            report("browser, notes: a login", page.wait_for("document.querySelectorAll('li').length", 2))


def files(probe, fetch, folder):
    """The sample FileServer: a page with a sound."""
    sys.path += [str(path) for path in CACHE.glob("lib/python*/site-packages")]
    www = folder / "www"
    www.mkdir()
    sound(www / "tone.wav")
    (www / "index.html").write_text("<!DOCTYPE html><title>sound</title><audio src=tone.wav controls></audio>")
    with server("stdbuf", "-oL", build_product("FileServer"), www, stdout=subprocess.PIPE, text=True) as process, \
            browser(folder / "files") as port:
        url = re.search(r"http://\S+/", process.stdout.readline())[0]
        ranges("files", Page(port, url), "/tone.wav", www / "tone.wav")
