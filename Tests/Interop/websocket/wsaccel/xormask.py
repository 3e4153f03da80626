"""Masking: whole pieces as one number."""


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
        if not data:
            return b""
        data, start = bytes(data), self.at & 3
        key = (self.mask * (len(data) // 4 + 2))[start:start + len(data)]
        self.at += len(data)
        return ("%0*x" % (2 * len(data), int(data.encode("hex"), 16) ^ int(key.encode("hex"), 16))).decode("hex")


def createXorMasker(mask, length=None):
    return XorMasker(mask)
