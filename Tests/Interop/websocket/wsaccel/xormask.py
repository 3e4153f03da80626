"""Masking: whole pieces as arrays."""
import numpy


class XorMaskerNull(object):
    def __init__(self, mask=None):
        self.at = 0

    def pointer(self):
        return self.at

    def reset(self):
        self.at = 0

    def process(self, data):
        self.at += len(data)
        return data


class XorMasker(XorMaskerNull):
    def __init__(self, mask):
        self.mask, self.at = bytes(mask), 0

    def process(self, data):
        count, start = len(data), self.at & 3
        self.at += count
        key = numpy.frombuffer(self.mask[start:] + self.mask[:start], "u4")
        padded = numpy.frombuffer(bytes(data) + b"\0" * (-count & 3), "u4")
        return (padded ^ key).tobytes()[:count]


def createXorMasker(mask, length=None):
    return XorMasker(mask)
