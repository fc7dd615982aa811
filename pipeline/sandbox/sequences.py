"""Sequence sets: ``1:4,7,9:*`` in, ranges of numbers out, and sorted numbers written back compactly.

Pure; takes in the text of a set and the numbers that exist, leaves nothing behind.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from pipeline.sandbox.wire import BadSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_NUMBER = 2**32 - 1
_RANGE = re.compile(r"(\d{1,10}|\*)(?::(\d{1,10}|\*))?")


def parse_set(text: str, highest: int) -> list[tuple[int, int]]:
    """Read a sequence set as (low, high) pairs, ``*`` standing for `highest` (RFC 3501 section 9).

    Raises BadSyntaxError when it is none, or when a number is 0 or above 2**32-1.
    """
    return [_parse_range(piece, highest) for piece in text.split(",")]


def _parse_range(piece: str, highest: int) -> tuple[int, int]:
    match = _RANGE.fullmatch(piece)
    if match is None:
        message = "Invalid messageset"
        raise BadSyntaxError(message)
    ends = [highest if end == "*" else int(end) for end in match.groups() if end is not None]
    if any(end != "*" and end is not None and not 0 < int(end) <= MAX_NUMBER for end in match.groups()):
        message = "Invalid messageset"
        raise BadSyntaxError(message)
    return min(ends), max(ends)


def pick(present: Sequence[int], ranges: Iterable[tuple[int, int]]) -> list[int]:
    """Give those of the sorted numbers `present` that lie in any range, once each and in order."""
    chosen: set[int] = set()
    for low, high in ranges:
        chosen.update(present[bisect_left(present, low) : bisect_right(present, high)])
    return sorted(chosen)


def compact(numbers: Sequence[int]) -> bytes:
    """Write numbers as a sequence set in the given order: ``[1, 2, 3, 7]`` becomes ``1:3,7``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return b",".join(b"%d" % low if low == high else b"%d:%d" % (low, high) for low, high in runs)
