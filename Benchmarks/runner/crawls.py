"""A crawl of the sample site, as a program whole: Samples/Crawler beside the same in Python; and its stores alone, with a million URLs."""

import concurrent.futures
import contextlib
import importlib.machinery
import importlib.util
import json
import re
import sqlite3
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


#: Half of the URLs are of one host, the others of many.
URLS, HOSTS, TAKEN = 1_000_000, 50_000, 5_000

#: PostgreSQL and SQLite know the same words for this: `{n}` is a number from 1 on.
FILL = [
    ("INSERT INTO hosts (origin) SELECT 'http://host' || n || '.test' FROM {series}", HOSTS),
    ("INSERT INTO urls (url, host) SELECT 'http://host1.test/busy/page/' || n, 1 FROM {series}", URLS // 2),
    ("INSERT INTO urls (url, host) SELECT 'http://host.test/page/' || n, 1 + n %% %d FROM {series}" % HOSTS, URLS // 2),
    # By groups: a query for each host would read all URLs each time.
    ("UPDATE hosts SET waiting = n FROM (SELECT host, count(*) AS n FROM urls GROUP BY host) AS counted WHERE counted.host = hosts.id", None),
]


def taking():
    """Crawlers that take ten URLs at a time and store each, without fetching. `ms` is the median of one `take`; `p99` is beside it in the
    results, and `rate` is how many URLs all of them took a second."""

    @contextlib.contextmanager
    def postgres(bench, folder):
        path = str(bench.checks / "check-crawler")
        loader = importlib.machinery.SourceFileLoader("check_crawler", path)
        checks = importlib.util.module_from_spec(importlib.util.spec_from_loader("check_crawler", loader))
        loader.exec_module(checks)
        if not checks.Postgres.programs():
            raise Failed("PostgreSQL is not installed")
        server = checks.Postgres(folder)
        try:
            yield server.url, server.rows
        finally:
            server.stop()

    @contextlib.contextmanager
    def sqlite(_, folder):
        store = f"{folder}/store"

        def execute(sql):
            with contextlib.closing(sqlite3.connect(store)) as database, database:
                database.execute(sql)

        yield store, execute

    series = {
        postgres: "generate_series(1, %d) AS n",
        sqlite: "(WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < %d) SELECT n FROM r)",
    }

    def contender(kind, crawlers):
        def measure(bench):
            with tempfile.TemporaryDirectory() as folder, kind(bench, folder) as (store, execute):
                command = [bench.sample("Crawler"), "--store", store, "--measure"]
                # It makes the tables.
                run([*command, 1], bench.cores, 60)
                for sql, count in FILL:
                    execute(sql.format(series=series[kind] % count) if count else sql)
                with concurrent.futures.ThreadPoolExecutor() as threads:
                    ended = list(threads.map(lambda _: run([*command, TAKEN], bench.cores, 300), range(crawlers)))
            reports = [json.loads(program.output) for program in ended]
            if any(report["urls"] < TAKEN for report in reports):
                raise Failed(f"took {reports}")
            figures = {"operations": sum(report["urls"] for report in reports), "wall": max(report["take"] for report in reports)}
            figures |= {name: sum(getattr(program, name) for program in ended) for name in ("user", "system")}
            worst = {name: max(report[name] for report in reports) for name in ("median", "p99")}
            return {"": bench.per_operation(figures) | {"ms": worst["median"], "p99": worst["p99"]}}

        return measure

    return {
        "PostgreSQL": contender(postgres, 1), "PostgreSQL, two crawlers": contender(postgres, 2), "SQLite": contender(sqlite, 1),
    }
