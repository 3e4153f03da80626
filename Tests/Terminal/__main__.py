"""Runs Fetch, Downloader and Crawler as people do at a terminal, and reads what the screen shows.

    Scripts/check-terminal BIN          all of it, with the programs in the folder BIN
    Scripts/check-terminal BIN PART…    some parts: flags, fetch, downloader, crawler
"""
import concurrent.futures
import pathlib
import sys

import checks
import crawler
import downloader
import fetch
import flags

PARTS = {"flags": flags.compare, "fetch": fetch.at_terminal, "downloader": downloader.at_terminal, "crawler": crawler.at_terminal}


def main():
    bin_folder = pathlib.Path(sys.argv[1]).resolve()
    # Most of it is waiting.
    with concurrent.futures.ThreadPoolExecutor() as threads:
        for done in [threads.submit(PARTS[part], bin_folder) for part in sys.argv[2:] or PARTS]:
            done.result()
    failed = checks.counts["failed"]
    print(f"{failed} of {sum(checks.counts.values())} failed" if failed else f"all {checks.counts['ok']} passed")
    sys.exit(1 if failed else 0)


main()
