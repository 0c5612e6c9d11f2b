"""Take a workbook's package apart, part by part and never more than fits: what is handed on is what was looked at.

A package is a ZIP archive, and whoever made it may have lied about what is in it. So no part is taken by what the
archive says of its size: it is inflated here up to a limit, and a new archive is made of what came out.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from prep_tracker.imports.table import refuse

if TYPE_CHECKING:
    from prep_tracker.domain.errors import InvalidError

MOST_INFLATED = 64 * 1024 * 1024
"""Bytes that all parts may have together: six times what 20,000 bookings need."""
MOST_PARTS = 2_000
_CHUNK = 256 * 1024
_STORED, _DEFLATED = 0, 8
_HEAD = 30
_ENCRYPTED = 1


class Package:
    """The parts of a workbook, inflated one by one when they are asked for."""

    def __init__(self, data: bytes) -> None:
        """Read the list of parts. Raises ``InvalidError`` for what is no archive."""
        self._data, self._left = data, MOST_INFLATED
        self._taken: dict[str, bytes] = {}
        try:
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                self._parts = {info.filename.lower(): info for info in archive.infolist()}
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            raise damaged() from None
        if len(self._parts) > MOST_PARTS:
            raise damaged()

    def __contains__(self, name: str) -> bool:
        """Say whether there is a part with this name, however it is spelled."""
        return name.lower() in self._parts

    def take(self, name: str, watch: Callable[[bytes], None] | None = None) -> bytes:
        """Inflate a part. Raises ``InvalidError`` where that gives more than fits, or nothing sensible.

        ``watch`` sees it piece by piece, and may refuse it before it is inflated to its end.
        """
        info = self._parts.get(name.lower())
        if info is None:
            raise damaged()
        if info.flag_bits & _ENCRYPTED:
            raise locked()
        head = self._data[info.header_offset : info.header_offset + _HEAD]
        names = int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        start = info.header_offset + _HEAD + names
        packed = self._data[start : start + info.compress_size]
        pieces = []
        for piece in _pieces(packed, info.compress_type):
            self._left -= len(piece)
            if self._left < 0:
                message = "The workbook is too large when unpacked. Copy the bookings into a new workbook of their own."
                raise refuse("too-large", message)
            if b"\0" in piece:  # UTF-16, which nobody writes here, and in which nothing below would be found
                raise damaged()
            if watch is not None:
                watch(piece)
            pieces.append(piece)
        content = b"".join(pieces)
        if zlib.crc32(content) != info.CRC:
            raise damaged()
        if b"<!DOCTYPE" in content:  # no workbook has one, and it could make much of little
            raise damaged()
        self._taken[info.filename] = content
        return content

    def xml(self, name: str) -> ET.Element:
        """Read a small part as XML."""
        try:
            return ET.fromstring(self.take(name))  # noqa: S314 - bounded, and without a DOCTYPE
        except ET.ParseError:
            raise damaged() from None

    def again(self) -> bytes:
        """Make an archive of the parts that were taken, and of nothing else."""
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
            for name, content in self._taken.items():
                archive.writestr(name, content)
        return made.getvalue()


def _pieces(packed: bytes, method: int) -> Iterator[bytes]:
    """Inflate piece by piece, so that a bomb is noticed while it is small."""
    if method == _STORED:
        yield packed
        return
    if method != _DEFLATED:
        raise damaged()
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    while not inflate.eof:
        try:
            piece = inflate.decompress(packed, _CHUNK)
        except zlib.error:
            raise damaged() from None
        packed = inflate.unconsumed_tail
        if not piece and not inflate.eof:
            raise damaged()
        yield piece


def damaged() -> InvalidError:
    """Refuse what says that it is a workbook and cannot be read as one."""
    return refuse(
        "damaged", "The workbook is damaged. Open it in Excel or LibreOffice, save it as .xlsx, and send that."
    )


def locked() -> InvalidError:
    """Refuse a workbook with a password."""
    return refuse("password", "The workbook is protected by a password. Save a copy without one, and send that.")
