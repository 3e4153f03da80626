"""Command lines run by curl (7.88; a later one may differ) and by Fetch: the same output, the same files and the same exit code."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

import checks
from server import Server, certificate

FILES = {
    "form": b"b=2\r\nc=3\n", "page.html": b"<p>\n", "note.txt": b"a & b\n", "fields": b"X-One: 1\nX-Two: 2\n", "quoted;.txt": b"q",
    "netrc": b'machine other login no password no\nmachine 127.0.0.1\n  login ada\n  password "s e"\n',
    "escapes": b'machine 127.0.0.1 login ada password no\nmachine 127.0.0.1 login me password "q\\"x\\n\\ty\\\\ z"\n',
    "config": b'# comment\nsilent\nheader = "X-Quoted: a \\"b\\""\n-d one\nurl = "URL/echo"\n',
    "format": b"%{http_code} from a file\\n", "body.json": b'{"a": 1}\n',
}

# A line: the words, where URL is the server, and then "|" before what goes to standard input.
SAME = [
    # What is printed.
    "-s URL/text", "-fsSL URL/redirect/2", "-sSf URL/status/200", "-s URL/bytes", "-si URL/text", "-sI URL/text", "-sIL URL/redirect/1",
    "-siL URL/redirect/2", "-s -L -X GET URL/redirect/1", "-s URL/text URL/echo", "-s --url URL/text", "-s -- URL/text", "-so- URL/text",
    "-s -D - URL/text", "-s -D - -L -o /dev/null URL/redirect/2", "-s -D heads -o body URL/text", "-sv -o body URL/text",
    "-s --compressed URL/gzip", "-s URL/gzip", "-si -f URL/status/404",
    # Requests.
    "-s -X DELETE URL/echo", "-s -d a=1 URL/echo", "-s -d a=1 -d b=2 URL/echo", "-s -d @form URL/echo", "-s -d @- URL/echo | x\ny",
    "-s -d x=1 -d @form URL/echo", "-s --data-raw @form URL/echo", "-s --data-binary @form URL/echo", "-s --data-binary @- URL/echo | x\ny",
    "-s --data-urlencode 'a=b c&d/e~ä' URL/echo", "-s --data-urlencode 'b c' URL/echo", "-s --data-urlencode '=b=c' URL/echo",
    "-s --data-urlencode a@note.txt URL/echo", "-s --data-urlencode @note.txt URL/echo", "-s -d a=1 --data-urlencode 'b= ' -d c=3 URL/echo",
    "-s --json '{\"a\": 1}' URL/echo", "-s --json @body.json URL/echo", "-s --json [1 --json ,2] URL/echo", "-s -d '' URL/echo",
    "-s --json 1 -H 'Content-Type: text/x' -H 'Accept: a/b' URL/echo", "-s -G -d q=1 --data-urlencode 'r= &' URL/echo",
    "-s -G -d q=1 URL/echo?p=0", "-s -G URL/echo", "-s -GI -d q=1 URL/echo", "-s -F a=1 -F b=2 URL/echo", "-s -F f=@page.html URL/echo",
    "-s -F 'f=@page.html;type=text/x' URL/echo", "-s -F 'f=@page.html;filename=other.txt' URL/echo", "-s -F 'f=<note.txt' URL/echo",
    "-s -F 'a=1;type=text/x' URL/echo", "-s -F 'f=@\"quoted;.txt\"' URL/echo", "-s -F 'f=@page.html;filename=\"a;b\";type=x/y' URL/echo",
    "-s --form-string 'a=@page.html;type=x' URL/echo", "-s -F 'f=@-;filename=in' URL/echo | input", "-s -T page.html URL/echo",
    "-s -T page.html URL/up/", "-s -T - URL/echo | in chunks", "-s -T page.html -X POST URL/echo", "-s -r 2-5 URL/range", "-s -r -3 URL/range",
    "-s -r 95- URL/range", "-s -r 200- URL/range",
    # Fields.
    "-s -A me URL/echo", "-s -A '' URL/echo", "-s -e http://there/ URL/echo", "-s -H 'X-One: 1' -H 'X-Two:2' URL/echo",
    "-s -H 'Accept:' URL/echo", "-s -H 'User-Agent:' URL/echo", "-s -H 'X-Empty;' URL/echo", "-s -H @fields URL/echo", "-s -H 'X-None:' URL/echo",
    "-s -H 'Accept: a' -H 'Accept: b' URL/echo", "-s -d x -H 'Content-Type:' URL/echo", "-s -d x -H 'Content-Type: text/x' URL/echo",
    "-s -d x -H 'Transfer-Encoding: chunked' URL/echo", "-s -d x -H 'Expect:' URL/echo", "-s -H 'Host: other' URL/echo",
    # Credentials and cookies.
    "-s -u ada:secret URL/auth", "-s -u 'ada:se:cret' URL/auth", "-s --oauth2-bearer token URL/echo", "-s --netrc-file netrc URL/auth",
    "-s -n URL/auth", "-s --netrc-optional URL/auth", "-s --netrc-file netrc -u me:mine URL/auth", "-s -b a=1 URL/cookies",
    "-s -b jar -c jar URL/cookies URL/cookies", "-s -c jar URL/cookies", "-s URL/auth",
    # Files.
    "-s -o one URL/text", "-s -oone URL/text", "-so one URL/text", "-s -o one -o two URL/text URL/json", "-s -o one URL/text URL/json",
    "-sO URL/dir/a%20b.txt?q=1", "-sO -O URL/one.txt URL/two.txt", "-s --remote-name-all URL/one.txt URL/two.txt", "-sLO URL/redirect/1",
    "-sOJ URL/named", "-sJO URL/named/a.txt", "-sOJ URL/named/../../evil.txt", "-sOJ URL/text", "-sOJL URL/named", "-sO --output-dir . URL/one.txt",
    "-s --create-dirs -o deep/er/one URL/text", "-s --create-dirs --output-dir new -O URL/one.txt", "-s -i -o one URL/text",
    "-s -o one URL/status/404", "-f -s -o one URL/status/404", "-s -o one --fail-with-body URL/status/404", "-s -C - -o fresh URL/range",
    # -w.
    "-s -o /dev/null -w '%{http_code}\\n' URL/text", "-s -w '%{http_code} %{response_code} %{size_download}\\n' URL/text",
    "-s -L -w '%{num_redirects} %{url_effective} %{url} %{method}\\n' URL/redirect/2", "-s -w '%{redirect_url}\\n' URL/redirect/1",
    "-s -w '%{content_type}|%{scheme}|%{http_version}|%{urlnum}\\n' URL/text URL/echo", "-s -w '%{exitcode} %{num_headers} %{num_connects}\\n' URL/text",
    "-s -w '%header{x-two}|%header{none}|%%|\\t|\\x' URL/text", "-s -o /dev/null -w '%{header_json}' URL/text", "-s -w @format URL/text",
    "-s -w '%{stderr}no%{stdout}yes\\n' URL/text", "-s -w '%{filename_effective}\\n' -o one URL/text", "-s -w '%{http_code} %{exitcode}\\n' http://127.0.0.1:1/",
    "-s -w '%{onerror}failed\\n' URL/text", "-s -f -w '%{onerror}failed %{exitcode}\\n' URL/status/500", "-s -w '%{size_header} %{size_upload}\\n' -d abc URL/echo",
    "-s -w '%{speed_upload} %{time_appconnect} %{time_redirect} %{ssl_verify_result}\\n' URL/text", "-s -o /dev/null -o /dev/null -w '%{urlnum}' URL/text URL/text",
    # Failures and their exit codes.
    "-s URL/status/404", "-fs URL/status/404", "-fsS URL/status/500", "-s --fail-with-body URL/status/404", "-s http://127.0.0.1:1/", "-s http://",
    "-s ftpx://127.0.0.1/", "-s http://no-such-host.invalid/", "-s URL/close", "-s URL/cut", "-s -L URL/loop", "-s -L --max-redirs 1 URL/redirect/3",
    "-s -L --max-redirs 0 URL/redirect/1", "-s -L --max-redirs 3 URL/redirect/3", "-s -m 0.3 URL/hang", "-s --max-time 0.3 -o /dev/null URL/drip/40/0.1",
    "-s -d x -d", "--no-such-flag URL/text", "-s -y", "", "-s -T missing URL/echo", "-s -F f=@missing URL/echo", "-s -o missing/one URL/text",
    "-s -I -d x URL/echo", "-s -m x URL/text",
    "-s -x http://no-such-proxy.invalid:1 URL/text", "-s -x http://127.0.0.1:1 URL/text", "-s -O URL/", "-s -K missing", "-s URL/text http://127.0.0.1:1/", "-s https://127.0.0.1:PORT/",
    # Retries, names, proxies, parts, files of options.
    "-s --retry 2 --retry-delay 0 -o one URL/busy/2/now", 
    "-sf --retry 1 --retry-delay 1 -o one URL/busy/9/now", "-s --retry 1 --retry-delay 1 --retry-connrefused http://127.0.0.1:1/", "-s --retry 3 URL/status/404",
    "-s --resolve name.test:PORT:127.0.0.1 http://name.test:PORT/text", "-s --resolve name.test:PORT:x http://name.test:PORT/text",
    "-s -x URL http://name.test/text", "-s -x URL -U me:my@secret http://name.test/echo", "-s -x http://127.0.0.1:1 --noproxy '*' URL/text",
    "-s -x http://127.0.0.1:1 --noproxy 127.0.0.1 URL/text", "-s -x '' URL/text", "-s -d a=1 URL/echo --next -X DELETE URL/echo",
    "-s -A one URL/echo -: URL/echo", "-K config", "-s -K - | url = URL/text", "-s --no-silent -f --no-fail URL/status/404", "-sZ URL/text URL/text",
    "-s -H 'X-A: 1' --url URL/echo --next -H 'X-B: 2' URL/echo", "-s --connect-timeout 5 URL/text", "-s -g URL/text", "-s -N -# URL/text", "-q -s URL/text",
    "-s --http1.1 URL/text", "-sk URL/text", "-s -4 URL/text",
]

SAME += [
    # URLs.
    "-s 127.0.0.1:PORT/text", "-s localhost:PORT/echo", "-s 127.0.0.1:PORT/echo?u=http://x/", "-s HTTP://127.0.0.1:PORT/text", "-s URL/echo#x",
    "-s URL?x=1", "-s URL/a/../echo", "-s http://ada:secret@127.0.0.1:PORT/auth", "-s http://ada:s%40c@127.0.0.1:PORT/auth", "-s URL/echo?a=%20&b=+",
    "-s http://127.0.0.1:PORTx/", "-s http://[::1/",
    # Content that is asked for again.
    "-s -L -d a=1 URL/redirect/1/307", "-s -L -d a=1 URL/redirect/1/303", "-s -L -d a=1 URL/redirect/1/301", "-s -L -T page.html URL/redirect/1/307",
    "-s -L -F f=@page.html URL/redirect/1/308", "-s -L -d x -H 'Transfer-Encoding: chunked' URL/redirect/1/307", "-s -L -I URL/redirect/2/303",
    "-s -d @- URL/echo URL/echo | x", "-s -d @- --retry 1 -o one URL/fails-once | x", "-s --data-binary @form URL/echo URL/echo",
    "-s -T page.html -H 'Transfer-Encoding: chunked' URL/echo", "-s -F f=@page.html -H 'Transfer-Encoding: chunked' URL/echo",
    "-s -F a=1 -F b=2 -H 'Transfer-Encoding: chunked' URL/echo", "-s --form-string a=1 -H 'Transfer-Encoding: chunked' URL/echo",
    "-s -L -F f=@page.html -H 'Transfer-Encoding: chunked' URL/redirect/1/308", "-s -F f=@- -H 'Transfer-Encoding: chunked' URL/echo | input",
    "-s --netrc-file netrc --oauth2-bearer token URL/echo", "-s --netrc-optional http://me:mine@127.0.0.1:PORT/auth", "-s --oauth2-bearer token -u a:b URL/echo",
    "-s --netrc-file escapes http://me@127.0.0.1:PORT/auth", "-s --netrc-file escapes URL/auth", "-s --oauth2-bearer token http://me:mine@127.0.0.1:PORT/echo",
    # Files that are sent.
    "-s -T page.html -T note.txt URL/echo URL/up/", "-s -T page.html URL/echo URL/echo", "-s -T page.html -T note.txt URL/echo", "-s -T '' URL/echo",
    "-s -T page.html -T note.txt URL/one URL/up/ URL/echo", "-s -T page.html URL", "-s -T page.html URL/d/?q", "-s -T page.html URL?q=1", "-s -T page.html URL/d/#f",
    "-s -T page.html URL/d/?q=a/", "-s -T page.html URL/d?q=a/", "-s -T page.html URL/[1-2]", "-s -T page.html -T - URL/echo URL/echo | x", "-s -T - URL/d/ | x",
    "-s -T page.html -o one -o two URL/echo URL/echo",
    # Patterns.
    "-s -o '#1' URL/{one,two}.txt", "-sO URL/f[1-3].txt", "-sO URL/f[08-10].txt", "-sO URL/f[a-e:2].txt", "-s -o '#2-#1.x' URL/{a,b}/[1-2]",
    "-s URL/[1", "-s URL/{a", "-s URL/a}", "-s URL/[3-1]", "-s URL/[x]", "-s URL/{one}", "-s http://[::1]:1/", "-sO -O URL/{a,b} URL/c",
    "-s -o '#1' -w '%{urlnum} %{filename_effective}\\n' URL/[1-2]", "-s -o /dev/null -o x URL/[1-2] URL/text",
    # Zero is the default.
    "-s -m 0 URL/text", "-s --connect-timeout 0 URL/text", "-s --retry 1 --retry-max-time 0 -o one URL/busy/1/now",
    # What servers do wrong.
    "-s URL/reset", "-s URL/garbage", "-s URL/bad-chunk", "-s URL/status/204", "-si URL/status/304",
    # More of files, heads and names.
    "-sOJ URL/named/form", "-s -D heads -o /dev/null -o /dev/null URL/text URL/echo", "-s -D heads -L -o /dev/null URL/redirect/2", "-s -i -L -o one URL/redirect/1",
    "-s -D heads -f -o one URL/status/404", "-s -D heads http://127.0.0.1:1/", "-s -w @- URL/text | %{http_code}", "-s -o one -w '%{size_download}\\n' URL/range",
    "-s -I -o one URL/text", "-s -O -o two URL/one.txt URL/text", "-s -c - URL/cookies", "-s -b '' -c jar URL/text", "-s -H 'cookie: a=b' URL/cookies",
    "-s -L -b a=b URL/redirect/1", "-s -L -u ada:secret URL/redirect/1", "-s -A one -A two URL/echo", "-s -X PATCH -d x URL/echo", "-s -X get URL/echo",
    "-s -F a= URL/echo", "-s -F 'a=x;filename=f' URL/echo", "-s -F", "-s -F noequals URL/echo", "-s -r 1 URL/range",
]

# The same with TLS: URL is a server whose certificate the file CERT vouches for.
SECURE = [
    "-s URL/text", "-sS -k URL/text", "-s --cacert CERT URL/text", "-s --cacert CERT --resolve name.test:PORT:127.0.0.1 https://name.test:PORT/text",
    "-sk -w '%{scheme} %{http_code}\\n' URL/text", "-s -E missing -k URL/text", "-sk -E CERT URL/text", "-s --cacert CERT -L URL/redirect/2", "-sk http://127.0.0.1:PORT/",
    "-s --cacert CERT --tlsv1.3 URL/text", "-s --cacert CERT -d @form URL/echo", "-s --cacert CERT -T page.html URL/echo", "-s --cacert page.html URL/text",
]

# Where Fetch does something else on purpose: the words, what it prints, its exit code, and why.
OTHER = [
    ("-s --retry 2 --retry-delay 0 URL/busy/1/now", "try 2\n", 0, "standard output gets no content of an attempt that is repeated"),
    ("-s --retry 2 --retry-delay 0 -o /dev/null -w '%{http_code}' URL/busy/1/now", "200", 0, "curl fails to truncate /dev/null (its issue 17371)"),
    ("-s --max-time=5 URL/text", "some text\n", 0, "a value may follow an equals sign"),
    ("-s -b 'a=1; b=2' -b c=3 URL/cookies", "a=1; b=2; c=3\n", 0, "a blank between cookies, as RFC 6265 has it"),
    ("-s http://127.0.0.1:1/ URL/text", "some text\n", 7, "a failure is one, also before a success; curl's code is that of the last"),
    ("-s --cacert missing https://127.0.0.1:1/", "", 77, "the roots are read before it connects"),
    ("-s -H @missing URL/echo", "", 26, "a file that is missing is an error; later versions of curl have it so for -d"),
    ("-s -d @missing URL/echo", "", 26, "the same"),
    ("-s --data-urlencode a@missing URL/echo", "", 26, "the same"),
    ("-s --netrc-file missing URL/text", "", 26, "the same"),
    ("-s -w @missing URL/text", "some text\n", 26, "the same"),
    ("-s 'URL/with blank'", "GET /with%20blank\naccept: */*\nuser-agent: itself\n\n", 0, "the URL standard encodes a blank"),
    ("-s URL/echo/ä", "GET /echo/%C3%A4\naccept: */*\nuser-agent: itself\n\n", 0, "RFC 3986 §2.1: upper case"),
    ("-s -o one URL/cut", "", 18, "what there is, is in one.part: a file that has its name is whole"),
    ("-s URL/endless-head", "", 52, "a head without an end is no answer"),
    ("-s -H nocolon URL/echo", "", 2, "what is no field is an error"),
    ("-s -F f=@-;filename=n URL/echo URL/echo | x", 2 * (
        'POST /echo\naccept: */*\ncontent-type: multipart/form-data; boundary=B\nuser-agent: itself\n--B\nContent-Disposition: form-data; name="f"; '
        'filename="n"\n\nx\n--B--\n\n'), 0, "standard input is read once for both; curl hangs"),
    ("-sg URL/{a}[1]", "GET /%7Ba%7D[1]\naccept: */*\nuser-agent: itself\n\n", 0, "the URL standard encodes a brace"),
    ("-s 'URL/\\{a\\}'", "GET /%7Ba%7D\naccept: */*\nuser-agent: itself\n\n", 0, "the same"),
    ("-s URL/status/{404,500}", "status 404\nstatus 500\n", 0, "no line with the URL stands before the content of each"),
    ("-s -L -T - URL/redirect/1/307 | x", "", 47, "standard input cannot be sent twice; curl has 65 for that"),
    ("-s --netrc-file netrc http://me:mine@127.0.0.1:PORT/auth", "me:mine\n", 0, "the password in the URL is meant; curl mixes both"),
    ("-s --netrc-file escapes http://other@127.0.0.1:PORT/auth", "other:\n", 0, "a password of another user is not sent"),
    ("-s -6 http://localhost:PORT/text --next -s -4 http://localhost:PORT/text", "some text\n", 7, "a failure is one, and a family is of its own part"),
    ("-s --resolve name.invalid:PORT:127.0.0.1 http://name.invalid:PORT/text --next -s http://name.invalid:PORT/text", "some text\n", 6,
     "an address is of its own part; curl keeps it"),
    ("-s -C 5 URL/range", "", 2, "the library finds the place itself"),
    ("-s -X POST -L -d x -w ' %{method}' -o /dev/null URL/redirect/1", " GET", 0, "RFC 9110 §15.4.3: a method of -X is not repeated at another place"),
]


def words_of(line, url):
    words = [word[1:-1] if word[:1] == "'" else word for word in re.findall(r"'[^']*'|\S+", line)]
    return [word.replace("URL", url).replace("PORT", url.rsplit(":", 1)[1]) for word in words]


def run(program, line, server):
    """Exit code, standard output, and files of one command line in a folder of its own."""
    url = server.url
    line, _, given = line.partition(" | ")
    server.counts.clear()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file, content in FILES.items():
            (folder / file).write_bytes(content.replace(b"URL", url.encode()))
        shutil.copy(folder / "netrc", folder / ".netrc")
        before = {path for path in folder.rglob("*")}
        variables = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
        done = subprocess.run(
            [program, *words_of(line, url)], input=given.replace("URL", url).encode(), capture_output=True, timeout=60, cwd=folder,
            env=dict(variables, HOME=name, LC_ALL="C.UTF-8"))
        files = {}
        for path in sorted(set(folder.rglob("*")) - before):
            if path.is_file() and not path.name.endswith(".part"):
                # The first lines of a cookie jar speak of the program that wrote it.
                files[str(path.relative_to(folder))] = b"" if path.name == "jar" else path.read_bytes()
    # A cookie jar on standard output has comments, too.
    return done.returncode, re.sub(rb"(?m)^# .*\n", b"", done.stdout), files


def compare_line(line, fetch, server):
    expected, got = run("curl", line, server), run(fetch, line, server)
    checks.report(f"fetch {line}", None if got == expected else f"\n    curl:  {expected}\n    Fetch: {got}")


def compare(bin_folder):
    if not shutil.which("curl"):
        raise SystemExit("install curl, with which Fetch is compared")
    with tempfile.TemporaryDirectory() as folder, Server(certificate(f"{folder}/cert")) as server:
        for line in SECURE:
            compare_line(line.replace("CERT", f"{folder}/cert"), bin_folder / "Fetch", server)
    with Server() as server:
        for line in SAME:
            compare_line(line, bin_folder / "Fetch", server)
        for line, output, code, reason in OTHER:
            got = run(bin_folder / "Fetch", line, server)
            checks.report(f"fetch {line}: {reason}", None if got[:2] == (code, output.encode()) else str(got))
