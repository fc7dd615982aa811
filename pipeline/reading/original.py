"""The document as it was sent: the pages that returned ones are laid over, kept ready for the next file."""

from __future__ import annotations

import hashlib
import io
from collections import OrderedDict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property

import pikepdf

from pipeline.reading import active, objects
from pipeline.reading.grid import Box
from pipeline.reading.pages import Letter, PdfPages
from pipeline.reading.sent import Sent, Word

SIGNATURE = "signature"
KEPT_PAGES = 4  # 12 MB each; with what is kept to lay pages over them, some 150 MB stay between jobs


class Drawn:
    """The pages drawn last, of whichever documents."""

    def __init__(self) -> None:
        """Start with none."""
        self._kept: OrderedDict[tuple[bytes, int], Sent] = OrderedDict()

    def page(self, original: Original, number: int) -> Sent:
        """Give page `number` (from 1) of a document, drawn once."""
        key = original.digest, number
        if key not in self._kept:
            self._kept[key] = original.draw(number)
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT_PAGES:
            self._kept.popitem(last=False)
        return self._kept[key]


@dataclass(frozen=True)
class Original:
    """The PDF that was sent, and its boxes: name → page (from 1), left, top, width, height in mm."""

    data: bytes
    boxes: dict[str, tuple[int, Box]] = field(default_factory=dict)

    @cached_property
    def digest(self) -> bytes:
        """Give what tells it from other documents."""
        return hashlib.sha256(self.data + repr(sorted(self.boxes.items())).encode()).digest()

    @cached_property
    def pdf(self) -> pikepdf.Pdf:
        """Give its objects."""
        return pikepdf.Pdf.open(io.BytesIO(self.data))

    @cached_property
    def sizes(self) -> list[tuple[float, float]]:
        """Give width and height of each page in points."""
        with closing(PdfPages(self.data)) as drawn:
            return [drawn.size(at) for at in range(len(drawn))]

    @cached_property
    def active(self) -> frozenset[str]:
        """Give what in it can act: nothing, unless a template put it there."""
        return frozenset(active.active(self.pdf))

    def places(self, number: int) -> dict[str, Box]:
        """Give the signature box and the check boxes of one page; a field to write in is neither."""
        choices = objects.choices(self.pdf.pages[number - 1]) | {SIGNATURE}
        return {name: box for name, (page, box) in self.boxes.items() if page == number and name in choices}

    def draw(self, number: int) -> Sent:
        """Draw one page, with its words."""
        with closing(PdfPages(self.data)) as drawn:
            words = tuple(_words(drawn.letters(number - 1)))
            return Sent(drawn.picture(number - 1, exact=True), self.places(number), words)


def _words(letters: Iterable[Letter]) -> list[Word]:
    words: list[Word] = []
    together: list[Letter] = []
    for letter in [*letters, (" ", 0.0, 0.0, 0.0, 0.0)]:
        if letter[0].strip() and letter[0].isprintable():
            together.append(letter)
        elif together:
            words.append(_word(together))
            together = []
    return words


def _word(letters: list[Letter]) -> Word:
    left, top = min(each[1] for each in letters), min(each[2] for each in letters)
    right, bottom = max(each[1] + each[3] for each in letters), max(each[2] + each[4] for each in letters)
    text = "".join(each[0] for each in letters)
    return Word(text, left, top, right - left, bottom - top, tuple(letters))
