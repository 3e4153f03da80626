"""Conformance of HTTP/2: cases for servers and clients with frames that are made by hand, floods, and peers of others."""
import sys

from checks import CACHE


def use_packages():
    """hyperframe and hpack are in the environment that Scripts/interop makes."""
    sys.path += [str(path) for path in CACHE.glob("lib/python*/site-packages")]
