"""UTF-8 by the codec of Python, which takes surrogates: these are looked for."""
import codecs
import re

SURROGATE = re.compile(b"\xed[\xa0-\xbf]")


class Utf8Validator(object):
    def __init__(self):
        self.reset()

    def reset(self):
        self.pending, self.total = b"", 0

    def validate(self, data):
        """Valid so far, ends with a character, the index of the fault in this piece, and in all."""
        text = self.pending + bytes(data)
        before, self.total = self.total, self.total + len(data)
        found = SURROGATE.search(text)
        try:
            _, count = codecs.utf_8_decode(text, "strict", False)
        except UnicodeDecodeError as error:
            return False, False, error.start, before + error.start
        if found:
            return False, False, found.start(), before + found.start()
        self.pending = text[count:]
        return True, not self.pending, len(data), self.total
