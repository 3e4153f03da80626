"""All routes of httpbin, asked for by Swirl's Fetch and by curl with the same flags, side by side."""
import json
import re

from checks import free_port, gunicorn, report, run

# A route, the flags, and the status that it must have.
DIGEST = "--digest -u me:secret"
BASIC = "-u me:secret"
ROUTES = [
    ("/", "", 200),
    ("/get?a=b&c=d%20e", "", 200),
    ("/get", "-I", 200),
    ("/get", "-X OPTIONS", 200),
    ("/get", "-X POST", 405),
    ("/post", "-d a=b -d c=d", 200),
    ("/post", "-F a=b -F c=d", 200),
    ("/post", "-d {\"a\":1} -H Content-Type:application/json", 200),
    ("/put", "-X PUT -d what", 200),
    ("/patch", "-X PATCH -d what", 200),
    ("/delete", "-X DELETE", 200),
    ("/delete", "-X DELETE -d what", 200),
    ("/headers", "-H X-One:1 -H X-Two:2", 200),
    ("/ip", "", 200),
    ("/user-agent", "", 200),
    *((f"/status/{code}", "", code) for code in (
        200, 201, 202, 203, 204, 205, 206, 226, 300, 304, 400, 401, 402, 403, 404, 405, 406, 409, 410, 412, 413, 415, 416, 418, 421,
        422, 428, 429, 431, 451, 500, 501, 502, 503, 504, 505, 511, 599)),
    *((f"/status/{code}", "", code) for code in (301, 302, 303, 305, 307)),
    *((f"/status/{code}", "-L", 200) for code in (301, 302, 303, 307)),
    ("/status/200", "-X POST -d x", 200),
    ("/basic-auth/me/secret", BASIC, 200),
    ("/basic-auth/me/secret", "-u me:wrong", 401),
    ("/basic-auth/me/secret", "", 401),
    ("/hidden-basic-auth/me/secret", BASIC, 200),
    ("/hidden-basic-auth/me/secret", "-u me:wrong", 404),
    ("/bearer", "-H Authorization:Bearer%20token", 200),
    ("/bearer", "", 401),
    ("/digest-auth/auth/me/secret", "", 401),
    ("/digest-auth/auth/me/secret", "--digest -u me:wrong", 401),
    *((f"/digest-auth/{quality}/me/secret{algorithm}", DIGEST, 200)
      for quality in ("auth", "auth-int", "none") for algorithm in ("", "/MD5", "/SHA-256", "/SHA-512")),
    ("/digest-auth/auth/me/secret/MD5/2", f"{DIGEST} -c JAR", 200),
    ("/digest-auth/auth/me/secret/SHA-256/never?require-cookie=1", f"{DIGEST} -c JAR", 200),
    ("/digest-auth/auth-int/me/secret/SHA-256", f"{DIGEST} -X POST -d what", 405),
    ("/gzip", "--compressed", 200),
    ("/deflate", "--compressed", 200),
    ("/brotli", "--compressed", 200),
    ("/encoding/utf8", "", 200),
    ("/html", "", 200),
    ("/xml", "", 200),
    ("/json", "", 200),
    ("/robots.txt", "", 200),
    ("/deny", "", 200),
    ("/forms/post", "", 200),
    ("/cache", "", 200),
    ("/cache", "-H If-None-Match:x", 304),
    ("/cache", "-H If-Modified-Since:Sat,%2021%20Nov%202026%2010:00:00%20GMT", 304),
    ("/cache/60", "", 200),
    ("/etag/abc", "", 200),
    ("/etag/abc", "-H If-None-Match:abc", 304),
    ("/etag/abc", "-H If-Match:other", 412),
    ("/bytes/0", "", 200),
    ("/bytes/1000?seed=1", "", 200),
    ("/bytes/102400?seed=2", "", 200),
    ("/stream-bytes/5000?seed=1&chunk_size=100", "", 200),
    ("/stream-bytes/100000?seed=1", "", 200),
    ("/stream/1", "", 200),
    ("/stream/100", "", 200),
    ("/range/1000", "", 200),
    ("/range/1000", "-H Range:bytes=10-19", 206),
    ("/range/1000", "-H Range:bytes=990-", 206),
    ("/range/1000", "-H Range:bytes=2000-", 416),
    ("/range/1000?chunk_size=10&duration=1", "", 200),
    ("/links/5/0", "", 200),
    ("/links/5", "-L", 200),
    ("/drip?duration=1&numbytes=5", "", 200),
    ("/drip?duration=1&numbytes=5&code=500", "", 500),
    ("/drip?duration=1&numbytes=5&delay=1", "", 200),
    ("/delay/1", "", 200),
    ("/delay/1", "-X POST -d what", 200),
    ("/redirect/1", "", 302),
    ("/redirect/6", "-L", 200),
    ("/redirect/3?absolute=true", "-L", 200),
    ("/relative-redirect/6", "-L", 200),
    ("/absolute-redirect/6", "-L", 200),
    ("/redirect-to?url=/get", "-L", 200),
    ("/redirect-to?url=/get%3Fa%3Db%23there", "-L", 200),
    ("/redirect-to?url=get", "-L", 200),
    ("/redirect-to?url=../get", "-L", 200),
    ("/redirect-to?url=%3Furl%3D/ip", "-L", 200),
    *((f"/redirect-to?url=/anything&status_code={code}", f"-L{method}", 200)
      for code in (301, 302, 303, 307, 308) for method in ("", " -d what")),
    ("/cookies", "-b a=b", 200),
    ("/cookies/set?a=b&c=d", "-L -c JAR", 200),
    ("/cookies/set/a/b", "-L -c JAR", 200),
    ("/cookies/set/a/b", "-c JAR", 302),
    ("/cookies/delete?a=", "-L -c JAR -b a=b", 200),
    ("/image", "-H Accept:image/png", 200),
    ("/image", "-H Accept:image/webp", 200),
    ("/image", "-H Accept:text/plain", 406),
    *((f"/image/{kind}", "", 200) for kind in ("png", "jpeg", "webp", "svg")),
    ("/base64/U3dpcmw=", "", 200),
    ("/base64/%C3%A4", "", 200),
    ("/uuid", "", 200),
    ("/anything", "", 200),
    ("/anything/some/where?a=1&a=2", "", 200),
    ("/anything/%C3%A4%2Fb;c=d", "", 200),
    ("/anything/../anything/./x", "", 200),
    ("/anything", "-X POST -d what", 200),
    ("/anything", "-X TRACE", 200),
    ("/anything#part", "", 200),
    ("/response-headers?X-One=1&X-Two=2", "", 200),
    ("/response-headers?X-One=1", "-X POST -d what", 200),
    ("/no-such-page", "", 404),
]


def asked(command, url, flags, folder, *more):
    """Exit code, status and body. The client's own fields are given, so that both send the same."""
    (jar := folder / "jar").unlink(missing_ok=True)
    words = [str(jar) if word == "JAR" else word.replace("%20", " ") for word in flags.split()]
    # A field is written without a space here.
    words = [word.replace(":", ": ", 1) if before == "-H" else word for before, word in zip(["", *words], words)]
    if not any(word.startswith("Accept:") for word in words):
        words += ["-H", "Accept: */*"]
    result = run(command, "-s", "-i", *words, "-H", "User-Agent: table", *more, url)
    head, content = b"", result.stdout
    # curl prints the heads that were on the way as well: the last is that of the answer.
    while content.startswith(b"HTTP/"):
        head, _, content = content.partition(b"\r\n\r\n")
        if b"-I" in [word.encode() for word in words]:
            content = content.lstrip()
    status = re.match(rb"HTTP/\S+ (\d+)", head)
    return result.returncode, int(status[1]) if status else 0, content


def plain(content):
    """Without what is random or names the client."""
    text = content.decode("latin-1")
    text = re.sub(r'"uuid": "[0-9a-f-]{36}"', '"uuid": ""', text)
    # The codings that are asked for, and what a multipart form is divided by.
    text = re.sub(r'"Accept-Encoding": ".*?"(, ?)?\s*', "", text)
    text = re.sub(r'(multipart/form-data; boundary=)[^",]*', r"\1", text)
    text = re.sub(r'"Content-Length": "\d+"', "", text) if "multipart/" in text else text
    try:
        return json.loads(text)
    except ValueError:
        return text


def differs(ours, theirs, want):
    """What is wrong with ours where curl's is right; nil where nothing is."""
    if theirs[:2] != (0, want):
        return None
    if ours[:2] != (0, want):
        return f"{ours[1]}, exit code {ours[0]}"
    if plain(ours[2]) != plain(theirs[2]):
        return f"another body: {ours[2][:300]!r}, curl {theirs[2][:300]!r}"
    return None


def client_against_httpbin(_, fetch, folder):
    """The table, a row a route."""
    port = free_port()
    with gunicorn(port):
        print(f"      {'httpbin':62} {'flags':44} curl ours")
        for path, flags, want in ROUTES:
            url = f"http://127.0.0.1:{port}{path}"
            theirs, ours = asked("curl", url, flags, folder), asked(fetch, url, flags, folder)
            shown = (f"{answer[1] or '-'}" if answer[1] == want else f"{answer[1] or '-'}!" for answer in (theirs, ours))
            report(f"{path:62} {flags:44} {' '.join(f'{text:4}' for text in shown)}".rstrip(), differs(ours, theirs, want))
