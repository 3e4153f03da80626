"""A crawl of the sample site, as a program whole: Samples/Crawler beside the same in Python."""

import re
import tempfile

from processes import Failed, Pinned, run

PAGES = 5_000

CRAWLERS = {
    "Swirl": None,
    "aiohttp + uvloop, lxml": ["crawler_aiohttp.py", "--uvloop"],
    "aiohttp, lxml": ["crawler_aiohttp.py"],
}


def crawling():
    """Ten pages at once, links and titles read, each page stored in SQLite."""

    def contender(words):
        def measure(bench):
            with Pinned(["stdbuf", "-oL", bench.sample("Site"), 0, 0, PAGES], [bench.server_core]) as site, tempfile.TemporaryDirectory() as folder:
                url = re.search(r"http://\S+", site.first_line()).group()
                if words is None:
                    flags = ["--quiet", "--same-host", "--concurrency", 10, "--per-host", 10, "--store", f"{folder}/store"]
                    command = [bench.sample("Crawler"), *flags, url]
                else:
                    command = bench.command([words[0], url, f"{folder}/store", *words[1:]])
                ended = run(command, [bench.client_core], 300)
            pages = int(re.search(r"(\d+) pages", ended.output)[1])
            if pages < PAGES:
                raise Failed(f"{command}: {ended.output}")
            return {"": bench.per_operation({"operations": pages, "user": ended.user, "system": ended.system, "wall": ended.wall})}

        return measure

    return {name: contender(words) for name, words in CRAWLERS.items()}
