"""Addresses as QR codes (ISO/IEC 18004, model 2): bytes, error correction M, up to 213 bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from vitalfew.errors import UsageError
from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

type Modules = list[list[bool]]

_BLOCKS: tuple[tuple[int, tuple[int, ...]], ...] = (
    (10, (16,)),
    (16, (28,)),
    (26, (44,)),
    (18, (32, 32)),
    (24, (43, 43)),
    (16, (27,) * 4),
    (18, (31,) * 4),
    (22, (38, 38, 39, 39)),
    (22, (36, 36, 36, 37, 37)),
    (26, (43, 43, 43, 43, 44)),
)
"""By version, from 1: check bytes of a block, and data bytes of each block (table 9, level M)."""
_ALIGNED = ((), (18,), (22,), (26,), (30,), (34,), (22, 38), (24, 42), (26, 46), (28, 50))
"""By version: where alignment patterns stand besides 6 (annex E)."""
_LONG = 10
"""Version from which the length takes two bytes."""
_QUIET = 4
_NAMED = 7
"""Version from which the code says its version."""
_MASKS = 8
_FINDER = (True, False, True, True, True, False, True, False, False, False, False)


def qr_code(text: str, title: str, width: int = 240) -> Markup:
    """A QR code as a picture, with its quiet zone, black on white in every palette.

    Args:
        text: what it says.
        title: the text alternative.
        width: pixels.

    Raises:
        UsageError: the text is too long.
    """
    code = modules(text)
    size = len(code) + 2 * _QUIET
    path = "".join(
        f"M{x + _QUIET} {y + _QUIET}h1v1h-1z" for y, row in enumerate(code) for x, dark in enumerate(row) if dark
    )
    drawn = [tag("rect", width=size, height=size, fill="#fff"), tag("path", d=path, fill="#000")]
    found = picture(title, drawn, width=size, height=size, class_="qr")
    return Markup(found.replace(f'width="{size}" height="{size}" role', f'width="{width}" height="{width}" role', 1))


def modules(text: str) -> Modules:
    """The dark modules of the code of a text, row by row, without the quiet zone."""
    content = text.encode()
    version = next((v for v in range(1, len(_BLOCKS) + 1) if len(content) <= _room(v)), None)
    if version is None:
        raise UsageError("this is too long for a QR code", expected=f"{_room(len(_BLOCKS))} bytes at most")
    codewords = _interleaved(_data(content, version), version)
    best = min((_drawn(version, codewords, mask) for mask in range(_MASKS)), key=_penalty)
    return best.dark


def _room(version: int) -> int:
    return sum(_BLOCKS[version - 1][1]) - (3 if version >= _LONG else 2)


def _data(content: bytes, version: int) -> list[int]:
    """The data bytes: mode 4, length, content, end, and padding."""
    length = 16 if version >= _LONG else 8
    bits = f"0100{len(content):0{length}b}" + "".join(f"{byte:08b}" for byte in content) + "0000"
    found = [int(bits[at : at + 8].ljust(8, "0"), 2) for at in range(0, len(bits), 8)]
    whole = sum(_BLOCKS[version - 1][1])
    padding = (0xEC, 0x11)
    return [*found, *(padding[at % 2] for at in range(whole - len(found)))][:whole]


def _interleaved(data: Sequence[int], version: int) -> list[int]:
    checks, sizes = _BLOCKS[version - 1]
    blocks, start = [], 0
    for size in sizes:
        blocks.append(list(data[start : start + size]))
        start += size
    sums = [_remainder(block, checks) for block in blocks]
    mixed = [block[at] for at in range(max(sizes)) for block in blocks if at < len(block)]
    return mixed + [each[at] for at in range(checks) for each in sums]


# Reed and Solomon over GF(256), polynomial 0x11D ----------------------------------------------------------------------


@cache
def _powers() -> tuple[tuple[int, ...], tuple[int, ...]]:
    power, log, value = [0] * 512, [0] * 256, 1
    for at in range(255):
        power[at], log[value] = value, at
        value = (value << 1) ^ (0x11D if value & 0x80 else 0)
    power[255:510] = power[:255]
    return tuple(power), tuple(log)


def _times(a: int, b: int) -> int:
    power, log = _powers()
    return power[log[a] + log[b]] if a and b else 0


@cache
def _generator(degree: int) -> tuple[int, ...]:
    power, _ = _powers()
    found = [1]
    for at in range(degree):
        raised = [*found, 0]
        for place, value in enumerate(found):
            raised[place + 1] ^= _times(value, power[at])
        found = raised
    return tuple(found)


def _remainder(block: Sequence[int], degree: int) -> list[int]:
    generator, rest = _generator(degree), [*block, *([0] * degree)]
    for at in range(len(block)):
        lead = rest[at]
        for place, value in enumerate(generator):
            rest[at + place] ^= _times(value, lead)
    return rest[len(block) :]


# Where modules stand --------------------------------------------------------------------------------------------------


@dataclass
class _Grid:
    """A square of modules; `fixed` are those that no data fill."""

    size: int
    dark: Modules = field(init=False)
    fixed: Modules = field(init=False)

    def __post_init__(self) -> None:
        self.dark = [[False] * self.size for _ in range(self.size)]
        self.fixed = [[False] * self.size for _ in range(self.size)]

    def fix(self, x: int, y: int, dark: bool) -> None:
        self.dark[y][x], self.fixed[y][x] = dark, True


def _drawn(version: int, codewords: Sequence[int], mask: int) -> _Grid:
    grid = _Grid(17 + 4 * version)
    _patterns(grid, version)
    _format(grid, mask)
    if version >= _NAMED:
        _version(grid, version)
    bits = iter([bool(byte >> shift & 1) for byte in codewords for shift in range(7, -1, -1)])
    for x, y in _zigzag(grid.size):
        if not grid.fixed[y][x]:
            grid.dark[y][x] = next(bits, False) ^ _masked(mask, x, y)
    return grid


def _patterns(grid: _Grid, version: int) -> None:
    last = grid.size - 1
    for at in range(grid.size):
        grid.fix(6, at, at % 2 == 0)
        grid.fix(at, 6, at % 2 == 0)
    for middle_x, middle_y in ((3, 3), (last - 3, 3), (3, last - 3)):
        for dy in range(-4, 5):
            for dx in range(-4, 5):
                x, y = middle_x + dx, middle_y + dy
                if 0 <= x <= last and 0 <= y <= last:
                    grid.fix(x, y, max(abs(dx), abs(dy)) not in (2, 4))
    places = (6, *_ALIGNED[version - 1]) if version > 1 else ()
    corners = {(6, 6), (6, places[-1]), (places[-1], 6)} if places else set()
    for x, y in ((x, y) for x in places for y in places if (x, y) not in corners):
        for dy in range(-2, 3):
            for dx in range(-2, 3):
                grid.fix(x + dx, y + dy, max(abs(dx), abs(dy)) != 1)


def _format(grid: _Grid, mask: int) -> None:
    """Level M (00) and the mask, twice, with ten check bits."""
    bits = _checked(mask, 10, 0x537) ^ 0x5412
    last = grid.size - 1
    first = [*((8, y) for y in (0, 1, 2, 3, 4, 5, 7, 8)), *((x, 8) for x in (7, 5, 4, 3, 2, 1, 0))]
    second = [*((last - at, 8) for at in range(8)), *((8, last - 6 + at) for at in range(7))]
    for at in range(15):
        for x, y in (first[at], second[at]):
            grid.fix(x, y, bool(bits >> at & 1))
    grid.fix(8, last - 7, dark=True)


def _version(grid: _Grid, version: int) -> None:
    bits = _checked(version, 12, 0x1F25)
    for at in range(18):
        x, y, dark = grid.size - 11 + at % 3, at // 3, bool(bits >> at & 1)
        grid.fix(x, y, dark)
        grid.fix(y, x, dark)


def _checked(value: int, checks: int, generator: int) -> int:
    """A value with check bits behind it (a cyclic code)."""
    rest = value
    for _ in range(checks):
        rest = (rest << 1) ^ ((rest >> (checks - 1)) * generator)
    return value << checks | rest


def _zigzag(size: int) -> Iterator[tuple[int, int]]:
    """Places of data in order: two columns at a time from the right, up and down in turn, past the timing column."""
    for right in range(size - 1, 0, -2):
        column = right if right > 6 else right - 1  # noqa: PLR2004 - the timing column
        upwards = (column + 1) & 2 == 0
        for step in range(size):
            y = size - 1 - step if upwards else step
            yield column, y
            yield column - 1, y


def _masked(mask: int, x: int, y: int) -> bool:
    return (
        (x + y) % 2,
        y % 2,
        x % 3,
        (x + y) % 3,
        (x // 3 + y // 2) % 2,
        x * y % 2 + x * y % 3,
        (x * y % 2 + x * y % 3) % 2,
        ((x + y) % 2 + x * y % 3) % 2,
    )[mask] == 0


def _penalty(grid: _Grid) -> int:
    """How hard a code is to read: runs, blocks, what looks like a finder, and too much of one colour (7.8.3.1)."""
    rows = grid.dark
    columns = [list(column) for column in zip(*rows, strict=True)]
    found = sum(_runs(line) + _finders(line) for line in (*rows, *columns))
    for upper, lower in pairwise(rows):
        squares = zip(pairwise(upper), pairwise(lower), strict=True)
        found += 3 * sum(a == b == c == d for (a, b), (c, d) in squares)
    share = sum(map(sum, rows)) / grid.size**2
    return found + 10 * int(abs(share - 0.5) * 20)


def _runs(line: Sequence[bool]) -> int:
    found, length = 0, 1
    for one, other in zip(line, [*line[1:], None], strict=True):
        if one == other:
            length += 1
            continue
        found += length - 2 if length >= 5 else 0  # noqa: PLR2004 - modules of a run that counts
        length = 1
    return found


def _finders(line: Sequence[bool]) -> int:
    known = (_FINDER, _FINDER[::-1])
    return 40 * sum(tuple(line[at : at + len(_FINDER)]) in known for at in range(len(line) - len(_FINDER) + 1))
