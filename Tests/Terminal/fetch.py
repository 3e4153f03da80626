"""Fetch at a terminal."""
import os
import pathlib
import re
import signal
import subprocess
import tempfile

import checks
from screen import Screen, expect
from server import Server

JSON = ["{", '    "b": 1.0,', '    "a": [', "        1,", "        {", '            "c": "\\u00e4"', "        },", "        [],", "        {}", "    ],",
        '    "b": null', "}"]


def json_is_formatted(fetch, url):
    """JSON is a member a line, in colour, with order, duplicates, numbers and escapes as they came"""
    with Screen([fetch, f"{url}/json"]) as screen:
        expect(screen.end() == 0, "exit")
        expect(screen.lines == JSON, screen.text)
        colors = [screen.color(text) for text in ('"b"', "1.0", '"\\u00e4"', "null", "{")]
        expect(colors == ["blue", "cyan", "green", "cyan", "default"], f"{colors}")


def json_without_colour(fetch, url):
    """NO_COLOR, --no-color and TERM=dumb: formatted without colours"""
    for words, variables in ([[], {"NO_COLOR": "1"}], [["--no-color"], {}], [[], {"TERM": "dumb"}]):
        with Screen([fetch, *words, f"{url}/json"], **variables) as screen:
            expect(screen.end() == 0, "exit")
            expect(screen.lines == JSON, screen.text)
            expect(b"\x1b" not in screen.bytes, f"{words} {variables}: {screen.bytes}")


def json_as_it_came(fetch, url):
    """A pipe, -o - and -o FILE get JSON as it came"""
    content = b'{"b":1.0,"a":[1,{"c":"\\u00e4"},[],{}],"b":null}'
    with tempfile.TemporaryDirectory() as folder:
        with Screen([fetch, "-o", "-", f"{url}/json"]) as screen:
            expect(screen.end() == 0 and screen.bytes == content, f"{screen.bytes}")
        with Screen([fetch, "-s", "-o", f"{folder}/f", f"{url}/json"]) as screen:
            expect(screen.end() == 0 and pathlib.Path(folder, "f").read_bytes() == content, screen.text)
    with Screen([fetch, f"{url}/json"], output=subprocess.PIPE) as screen:
        expect(screen.process.stdout.read() == content, "piped")


def json_that_is_odd(fetch, url):
    """What is hardly JSON loses nothing but blanks, and gives no orders"""
    for content, lines in (
        ('{"a":1}\n{"a":2}\n', ["{", '    "a": 1', "}", "{", '    "a": 2', "}"]),
        ("[1, 2", ["[", "    1,", "    2"]), ("not json", ["not json"[:3], "json"]), ("[[]]", ["[", "    []", "]"]), ("  7", ["7"]),
        ('{"a" : "x\x1b[2Jy"}', ["{", '    "a": "x\\u001b[2Jy"', "}"]), ('["a\\"b,{"]', ["[", '    "a\\"b,{"', "]"]), ("]", ["]"]),
    ):
        with Screen([fetch, "-X", "POST", "--data-binary", content, f"{url}/as/json"]) as screen:
            expect(screen.end() == 0 and screen.lines == lines, f"{content!r}: {screen.lines}")


def json_that_is_cut(fetch, url):
    """JSON that ends within a string leaves the terminal without a colour, also after Ctrl-C and a timeout"""
    for content in ('["cut', '{"cut', '["cut\\', "[tru"):
        with Screen([fetch, "--data-binary", content, f"{url}/as/json"]) as screen:
            expect(screen.end() == 0 and screen.bytes.rstrip().endswith(b"\x1b[0m") and screen.cursor[0] == 0, f"{content}: {screen.bytes}")
    for words, key, code in (([], b"\x03", 130), (["-m", "0.5"], b"", 28)):
        with Screen([fetch, *words, f"{url}/slow-json/text"]) as screen:
            screen.wait_for('"cut')
            screen.press(key)
            expect(screen.end() == code, f"exit {screen.process.returncode}")
            expect(b"\x1b[0m" in screen.bytes.partition(b'"cut')[2], f"{screen.bytes}")


def json_that_comes_slowly(fetch, url):
    """JSON is shown as it comes, before its end is there"""
    with Screen([fetch, f"{url}/slow-json"]) as screen:
        screen.wait_for('"first": 1,')
        expect(screen.process.poll() is None, "it waited for the end")
        screen.press(b"\x03")
        expect(screen.end() == 130, "exit")


def binary_is_refused(fetch, url):
    """Binary content is refused at a terminal, but for -o - and a pipe"""
    with Screen([fetch, f"{url}/bytes"]) as screen:
        expect(screen.end() == 23, "exit")
        expect("use -o FILE" in screen.text.replace("\n", " ") and b"\x00" not in screen.bytes, f"{screen.bytes}")
    with Screen([fetch, "-o", "-", f"{url}/bytes"]) as screen:
        expect(screen.end() == 0 and b"\x00" in screen.bytes, f"{screen.bytes}")
    with Screen([fetch, f"{url}/bytes"], output=subprocess.PIPE) as screen:
        expect(screen.process.stdout.read() == bytes(range(256)) and screen.end() == 0, "piped")


def heads_with_output(fetch, url):
    """-v shows what is sent and the heads, also with -o, and at each redirect"""
    with Screen([fetch, "-vL", "-o", "/dev/null", f"{url}/redirect/1"]) as screen:
        expect(screen.end() == 0, "exit")
        for text in ("> GET /redirect/1 HTTP/1.1", "> Host: 127.0.0.1:", "< HTTP/1.1 302 Found", "< Location: /echo", "> GET /echo HTTP/1.1", "< HTTP/1.1 200 OK"):
            expect(text in screen.text, f"no {text!r} in\n{screen.text}")


def heads_as_curl(fetch, url):
    """-v shows the heads that curl shows, but for the name of the program and credentials"""

    def heads(program, words):
        done = subprocess.run([program, "-sv", "--noproxy", "*", *words], capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
        text = re.sub(r"(User-Agent:).*", r"\1", re.sub(r"(Authorization: \w+) .*", r"\1 REDACTED", done.stderr))
        lines = [line for line in map(str.rstrip, text.splitlines()) if line[:2] in ("> ", "< ") and len(line) > 2 and "Accept-Encoding" not in line]
        # The client takes a 100 (Continue) for itself.
        return sorted(line for line in lines if " 100 " not in line)

    for words in (["-d", "x=1", "-u", "ada:secret"], ["-L"], ["-I"], ["-T", __file__], ["-H", "Host: other"], ["-d", "x", "-H", "Content-Type: a/b"], ["-F", "a=b"],
                  ["--compressed", "-r", "1-2"], ["-T", "-"]):
        place = f"{url}/redirect/1" if words == ["-L"] else f"{url}/echo/a%20b?c=d&e=%20"
        expected, got = heads("curl", [*words, place]), heads(fetch, [*words, place])
        # The boundary of a form, and with it the length, are of each program.
        gone = ("Content-Length", "Content-Type") if words[0] == "-F" else ("Content-Length: ",) if "-u" in words else ()
        expected, got = ([line for line in lines if not any(name in line for name in gone)] for lines in (expected, got))
        expect(got == expected and got, f"{words}:\n{got}\n{expected}")


def control_bytes_of_a_server(fetch, url):
    """A field of a server gives no orders to the terminal"""
    for words in (["-i"], ["-I"], ["-v"], ["-s", "-D", "-"]):
        with Screen([fetch, *words, f"{url}/control"]) as screen:
            expect(screen.end() == 0 and b"\x1b[2J" not in screen.bytes and b"[2Jb" in screen.bytes, f"{words}: {screen.bytes}")


def help_has_examples_first(fetch, url):
    """--help begins with examples, and fits the terminal"""
    for columns in (80, 120):
        with Screen([fetch, "--help"], columns=columns, rows=200) as screen:
            expect(screen.end() == 0, "exit")
            expect("fetch -fsSL https://" in "\n".join(screen.lines[:6]) and "--data-urlencode" in screen.text, screen.text)
            wrapped = [line for line in screen.bytes.decode().split("\r\n") if len(line) > columns]
            expect(not wrapped, f"{wrapped}")


def progress_fits(fetch, url):
    """The progress of -o is a line as wide as the terminal, and leaves a line with the mean"""
    for columns in (80, 40, 20):
        with Screen([fetch, "-o", "/tmp/../dev/null", f"{url}/drip/12/0.1"], columns=columns) as screen:
            screen.wait_for(r"\d+%|MiB" if columns > 20 else "%")
            lines = screen.lines
            expect(len(lines) == 1 and len(lines[0]) < columns, f"{columns}: {lines}")
            expect(screen.end() == 0, "exit")
            expect(len(screen.lines) == 1 and len(screen.lines[0]) < columns and screen.cursor == (0, 1), f"{columns}: {screen.lines} {screen.cursor}")
            expect(columns < 40 or "1.2MiB in" in screen.text, screen.text)


def progress_follows_the_window(fetch, url):
    """A narrower and a wider window get a line of their own width, and nothing is left of the others"""
    with Screen([fetch, "-o", "/dev/null", f"{url}/drip/60/0.1"], columns=80) as screen:
        screen.wait_for("MiB/s")
        for columns in (30, 60, 20, 100):
            screen.resize(columns)
            screen.wait_for("%")
            screen.wait_for_more(150)
            expect(len(screen.lines) == 1 and len(screen.lines[0]) < columns, f"{columns}: {screen.lines}")
        expect(screen.end() == 0 and len(screen.lines) == 1, screen.text)


def interrupted(fetch, url):
    """Ctrl-C ends it with 130, leaves the cursor on a clean line, and says how to resume"""
    with tempfile.TemporaryDirectory() as folder:
        with Screen([fetch, "-o", f"{folder}/f", f"{url}/drip/100/0.1"]) as screen:
            screen.wait_for("MiB/s")
            screen.press(b"\x03")
            expect(screen.end() == 130, f"exit {screen.process.returncode}")
            expect(screen.cursor[0] == 0 and screen.text.endswith("stopped: the same with -C - resumes it"), f"{screen.lines}")
            expect("%" not in screen.text and os.listdir(folder) == ["f.part"], f"{screen.lines} {os.listdir(folder)}")
    with Screen([fetch, f"{url}/hang"]) as screen:
        screen.process.send_signal(signal.SIGINT)
        expect(screen.end() in (130, -signal.SIGINT), f"exit {screen.process.returncode}")


def retry_resumes(fetch, url):
    """--retry resumes a file that broke off; curl begins again (its issue 1084)"""
    with tempfile.TemporaryDirectory() as folder:
        words = [fetch, "-s", "--retry", "1", "--retry-delay", "1", "--retry-all-errors", "-o", f"{folder}/f", f"{url}/halves"]
        done = subprocess.run(words, capture_output=True, timeout=30)
        expect(done.returncode == 0 and pathlib.Path(folder, "f").read_bytes() == (b"a" * (1 << 19)) + b"b" * (1 << 19), f"{done}")


def permissions_stay(fetch, url):
    """A file that exists keeps its permissions, as a whole, as a part and with -i"""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "f")
        for mode in (0o600, 0o666, 0o751):
            for words, part in (([f"{url}/text"], False), (["-i", f"{url}/text"], False), ([f"{url}/cut"], True)):
                file.write_bytes(b"old")
                file.chmod(mode)
                done = subprocess.run([fetch, "-s", "-o", file, *words], capture_output=True, timeout=30)
                left = pathlib.Path(folder, "f.part") if part else file
                expect(done.returncode == 18 * part and left.read_bytes() != b"old" and left.stat().st_mode & 0o777 == mode, f"{mode:o} {words}: {done} {left.stat()}")
        left.unlink()


def piped_to_head(fetch, url):
    """A reader that has enough ends it in silence"""
    shell = f"'{fetch}' '{url}/large' | head -c 10 >/dev/null; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, timeout=30)
    expect((done.stdout, done.stderr) == (b"23\n", b""), f"{done}")


def password_is_asked_for(fetch, url):
    """-u without a password asks for it, and does not show it"""
    with Screen([fetch, "-u", "ada", f"{url}/auth"]) as screen:
        screen.wait_for("Enter host password for user 'ada':")
        screen.press(b"secret\n")
        expect(screen.end() == 0 and screen.lines[-1] == "ada:secret" and screen.text.count("secret") == 1, screen.text)


def password_is_left_out(fetch, url):
    """Ctrl-C at the prompt for a password ends it with 130, and Ctrl-Z suspends it; the terminal shows what is typed then"""
    with Screen([fetch, "-u", "ada", f"{url}/auth"]) as screen:
        screen.wait_for("Enter host password")
        screen.press(b"\x03")
        expect(screen.end(5) == 130 and screen.cursor == (0, 1), f"{screen.process.returncode} {screen.text}")
    with Screen(["bash", "--norc", "-i"], PS1="> ") as screen:
        screen.press(f"'{fetch}' -u ada {url}/auth\n".encode())
        screen.wait_for("Enter host password")
        screen.press(b"\x1a")
        screen.wait_for("Stopped")
        screen.press(b"stty -a\n")
        screen.wait_for(" echo ")
        screen.press(b"fg\n")
        screen.wait_for("> fg\\s+'")
        screen.wait_for_echo(False)
        screen.press(b"secret\n")
        screen.wait_for("ada:secret")
        screen.press(b"stty -a | grep -o ' echo '; exit\n")
        expect(screen.end() == 0 and screen.text.count("secret") == 1, screen.text)
    with Screen([fetch, "-u", "ada", f"{url}/auth"]) as screen:
        screen.wait_for("Enter host password")
        screen.process.send_signal(signal.SIGTERM)
        expect(screen.end(5) == 143, f"{screen.process.returncode}")


def no_progress(fetch, url):
    """-s, --no-progress-meter and a pipe show no progress"""
    for words in (["-s"], ["--no-progress-meter"]):
        with Screen([fetch, *words, "-o", "/dev/null", f"{url}/drip/4/0.1"]) as screen:
            expect(screen.end() == 0 and screen.bytes == b"", f"{words}: {screen.bytes}")
    done = subprocess.run([fetch, "-o", os.devnull, f"{url}/drip/4/0.1"], capture_output=True, timeout=30)
    expect((done.stdout, done.stderr) == (b"", b""), f"{done}")


def at_terminal(bin_folder):
    with Server() as server:
        checks.run(
            [json_is_formatted, json_without_colour, json_as_it_came, json_that_is_odd, json_that_is_cut, json_that_comes_slowly, binary_is_refused, heads_with_output, heads_as_curl,
             control_bytes_of_a_server, help_has_examples_first, progress_fits, progress_follows_the_window, interrupted, retry_resumes, permissions_stay, piped_to_head, password_is_asked_for, password_is_left_out, no_progress],
            bin_folder / "Fetch", server.url)
