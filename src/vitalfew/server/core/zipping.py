"""Zips of very many small files, written with little memory: of each only some bytes wait for the end.

The standard library's `zipfile` keeps an object of half a kilobyte for each file until it is closed.
"""

from __future__ import annotations

import shutil
import struct
import zlib
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO

from vitalfew.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

# PKWARE's APPNOTE.TXT, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16.
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_VERSION, _VERSION_64, _UNIX, _UTF_8 = 20, 45, 3 << 8, 1 << 11
_FIRST_DAY = (0, 1 << 5 | 1)
"""Midnight of 1 January 1980, so that the same files are the same bytes."""
_STORED, _DEFLATED = 0, 8
_WORTH = 512
"""Bytes below which a file is stored as it is: to begin shrinking takes longer than it gains."""
_MOST, _LARGEST = 0xFFFF, 0xFFFF_FFFF
_IN_MEMORY = 4_000_000


def write_zip(file: BinaryIO, files: Iterable[tuple[str, Iterable[bytes]]], *, shrunk: bool = True) -> None:
    """Write files into a zip.

    Args:
        file: where to, from its beginning; it can be sought in.
        files: names, and contents in parts.
        shrunk: whether they are made smaller.

    Raises:
        UsageError: together they are more than 4 GB.
    """
    count = 0
    with SpooledTemporaryFile(_IN_MEMORY) as listed:
        for name, parts in files:
            listed.write(_written(file, name.encode(), parts, shrunk=shrunk))
            count += 1
        begun, size = _small(file.tell()), listed.tell()
        listed.seek(0)
        shutil.copyfileobj(listed, file)
    file.write(_end(count, size, begun))


def _written(file: BinaryIO, name: bytes, parts: Iterable[bytes], *, shrunk: bool) -> bytes:
    """Write one file; gives its entry in the list at the end."""
    begun, checked, size = _small(file.tell()), 0, 0
    file.seek(_LOCAL.size + len(name), 1)
    waiting, packer = b"", None
    for part in parts:
        checked, size, waiting = zlib.crc32(part, checked), size + len(part), waiting + part
        if shrunk and packer is None and size >= _WORTH:
            packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        if packer is not None:
            waiting = packer.compress(waiting)
        if packer is not None or not shrunk:
            file.write(waiting)
            waiting = b""
    file.write(waiting if packer is None else packer.flush())
    end = _small(file.tell())
    method = _STORED if packer is None else _DEFLATED
    about = (_UTF_8, method, *_FIRST_DAY, checked, end - begun - _LOCAL.size - len(name), _small(size), len(name), 0)
    file.seek(begun)
    file.write(_LOCAL.pack(b"PK\x03\x04", _VERSION, *about) + name)
    file.seek(end)
    return _CENTRAL.pack(b"PK\x01\x02", _UNIX | _VERSION, _VERSION, *about, 0, 0, 0, 0, begun) + name


def _end(count: int, size: int, begun: int) -> bytes:
    many = count >= _MOST
    told = min(count, _MOST)
    last = _END.pack(b"PK\x05\x06", 0, 0, told, told, size, begun, 0)
    if not many:
        return last
    versions = (_UNIX | _VERSION_64, _VERSION_64, 0, 0)
    whole = _END_64.pack(b"PK\x06\x06", _END_64.size - 12, *versions, count, count, size, begun)
    return whole + _LOCATOR.pack(b"PK\x06\x07", 0, begun + size, 1) + last


def _small(number: int) -> int:
    if number >= _LARGEST:
        raise UsageError("this is too much for one zip", expected="4 GB at most", hint="vitalfew manage export")
    return number
