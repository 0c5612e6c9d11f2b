"""Read the text of a PDF that Chromium printed: by its fonts' own tables from glyphs to characters."""

from __future__ import annotations

import re
import unicodedata
import zlib

_OBJECT = re.compile(rb"(\d+) 0 obj\s(.*?)endobj", re.DOTALL)
_STREAM = re.compile(rb"stream\r?\n(.*?)\r?\nendstream", re.DOTALL)
_SHOWN = re.compile(rb"/(\w+) [\d.]+ Tf|<([0-9A-Fa-f]+)>|\b(T[dmD*]|BT)\b")


class Paper:
    """A printed document."""

    def __init__(self, pdf: bytes) -> None:
        """Take the document apart."""
        self._objects = {int(number): body for number, body in _OBJECT.findall(pdf)}
        self.pages = [body for body in self._objects.values() if re.search(rb"/Type\s*/Page\b", body)]

    @property
    def size(self) -> tuple[int, int]:
        """Give the size of the first page in millimetres."""
        found = re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", self.pages[0])
        assert found
        return round(float(found[1]) * 25.4 / 72), round(float(found[2]) * 25.4 / 72)

    def says(self, text: str) -> bool:
        """Say whether a text is there, in either direction; blanks do not count, for on paper they are gaps.

        A sign may stand for several letters; in a line that was drawn from its end, these are in their own order.
        """
        wanted, signs = plain(text), [sign for page in self.pages for sign in self._page(page)]
        return wanted in "".join(signs) or wanted[::-1] in "".join(sign[::-1] for sign in signs)

    def _page(self, page: bytes) -> list[str]:
        fonts = {
            name: self._letters(int(number)) for name, number in re.findall(rb"/(F\d+) (\d+) 0 R", self._all(page))
        }
        found = re.search(rb"/Contents (\d+) 0 R", page)
        assert found
        shown: list[str] = []
        letters: dict[int, str] = {}
        for font, glyphs, _ in _SHOWN.findall(self._stream(int(found[1]))):
            if font:
                letters = fonts[font]
            elif glyphs:
                codes = [int(glyphs[at : at + 4], 16) for at in range(0, len(glyphs), 4)]
                shown += [plain(letters.get(code, "")) for code in codes]
        return shown

    def _all(self, page: bytes) -> bytes:
        """Give a page with the resources it points to."""
        found = re.search(rb"/Resources (\d+) 0 R", page)
        return page + (self._objects[int(found[1])] if found else b"")

    def _letters(self, font: int) -> dict[int, str]:
        """Give a font's table from glyphs to characters."""
        found = re.search(rb"/ToUnicode (\d+) 0 R", self._objects[font])
        table = self._stream(int(found[1])).decode("latin-1") if found else ""
        letters: dict[int, str] = {}
        for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
            letters |= {int(a, 16): _character(b) for a, b in re.findall(r"<(\w+)>\s*<(\w+)>", block)}
        for block in re.findall(r"beginbfrange(.*?)endbfrange", table, re.DOTALL):
            for first, last, to in re.findall(r"<(\w+)>\s*<(\w+)>\s*<(\w+)>", block):
                for n in range(int(last, 16) - int(first, 16) + 1):
                    letters[int(first, 16) + n] = _character(f"{int(to, 16) + n:0{len(to)}x}")
        return letters

    def _stream(self, number: int) -> bytes:
        body = self._objects[number]
        found = _STREAM.search(body)
        assert found
        return zlib.decompress(found[1]) if b"FlateDecode" in body else found[1]


def plain(text: str) -> str:
    """Write a text without blanks, marks above letters, and shapes that letters take from their neighbours."""
    spread = unicodedata.normalize("NFKD", text)
    return "".join(
        c for c in spread if not unicodedata.combining(c) and not c.isspace() and unicodedata.category(c) != "Cf"
    )


def _character(code: str) -> str:
    return bytes.fromhex(code).decode("utf-16-be")
