"""One returned page against the page that was sent: what its objects say where they are intact, else what is seen.

A page that draws what was sent is unchanged, and fields that stand where they stood say what was ticked, if they
show it. What was put on it since (ink, a stamp, typed words) is looked at as a picture, and so is every page that is
not the one sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property

import cv2
import pikepdf

from pipeline.model import Reason
from pipeline.reading import active, compare, evidence, looks, objects
from pipeline.reading.findings import Content, Ink, PageFinding, Tick
from pipeline.reading.grid import DPI, Box, Picture
from pipeline.reading.objects import Added, PageFacts
from pipeline.reading.original import SIGNATURE, Drawn, Original
from pipeline.reading.pages import Pages, PdfPages
from pipeline.reading.sent import Sent, Word
from pipeline.reading.sheet import NotTheSame

NEAR, SAME_SIZE = 2.0, 1.0  # mm around a box that belong to it; points by which a page may differ in size
COVERED, FEW_WORDS, SHOWN = 0.6, 0.2, 80
FAINT, MM = 40, DPI / 25.4
HIDING = {"FreeText", "Stamp", "Square", "Circle", "Polygon", "Redact", "Widget", "Image"}  # what can hide a word

Place = tuple[int, int, int]
"""Page number from 1 in the document as sent, file and page in it from 0."""


@dataclass(frozen=True)
class Returned:
    """A returned file, open; `pdf` is None for a picture, and for a PDF that only pdfium can read."""

    paper: Pages
    pdf: pikepdf.Pdf | None

    @cached_property
    def as_brought(self) -> bytes | None:
        """Give the file with its own appearances, if it asks its reader to draw others."""
        return looks.as_brought(self.pdf) if self.pdf is not None and looks.drawn_anew(self.pdf) else None


@dataclass(frozen=True)
class Looked:
    """What was seen of one page, and whether its objects say so; `untouched` when nothing was done to it.

    `written` is that more was put on it than signing puts there: then a certificate does not say what was meant.
    """

    finding: PageFinding
    signature: Ink | None = None
    signature_sure: bool = False
    boxes: dict[str, Tick] = field(default_factory=dict)
    boxes_sure: bool = False
    untouched: bool = False
    picture: Picture | None = None
    fields_gone: bool = False
    written: bool = False


def look(original: Original, back: Returned, place: Place, drawn: Drawn) -> Looked:
    """Judge one page; whatever it breaks, the answer is a finding that says so."""
    number, _, at = place
    if not (1 <= number <= len(original.sizes) and 0 <= at < len(back.paper)):
        return unseen(place, "page_extra")
    try:
        told = _told(original, back, number, at)
        written = told is not None and any(not one.signs for one in told.added)
        if told and told.same:
            told = _as_drawn(told, back, at, drawn.page(original, number))
            written = written or not told.same
        if told and told.same and told.ticks is not None and not (told.added or told.doubted):
            return _by_objects(original, back, place, told.ticks)
        return replace(_by_sight(original, back, place, told, drawn), written=written)
    except MemoryError:
        raise
    except NotTheSame:
        return replace(unseen(place, "cannot_compare", original.places(number)), picture=_picture(back.paper, at))
    except Exception as error:  # a stranger made it; that it cannot be judged is the finding
        if isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem:
            raise MemoryError from error
        return unseen(place, "page_unreadable", original.places(number))


def unseen(place: Place, why: str, boxes: Iterable[str] = ()) -> Looked:
    """Give the finding of a page that could not be judged, `why` in words."""
    finding = PageFinding(*place, Content.UNSURE, ((why, {"page": str(place[0])}),))
    names = set(boxes)
    return Looked(
        finding, Ink.UNSURE if SIGNATURE in names else None, boxes=dict.fromkeys(names - {SIGNATURE}, Tick.UNCLEAR)
    )


def _told(original: Original, back: Returned, number: int, at: int) -> PageFacts | None:
    """Give what the objects say; nothing where qpdf and pdfium do not count the same pages."""
    if back.pdf is None or len(back.pdf.pages) != len(back.paper):
        return None
    told = objects.facts(original.pdf.pages[number - 1], back.pdf.pages[at])
    layers = active.layered(back.pdf) and not active.layered(original.pdf)
    return replace(told, doubted=frozenset(original.places(number)) - {SIGNATURE}) if layers else told


def _as_drawn(told: PageFacts, back: Returned, at: int, sent: Sent) -> PageFacts:
    """Give what the objects of a page with the content that was sent tell, as far as it is drawn so."""
    picture = back.paper.picture(at, exact=True)
    if not _drawn_alike(picture, sent, told.added):
        return replace(told, same=False)
    untouched = {name for name, box in sent.boxes.items() if not _touched(told.added, {name: box})}
    ticks = {name: tick for name, tick in (told.ticks or {}).items() if name in untouched}
    if not ticks:
        return told
    pictures = [picture]
    if back.as_brought is not None:
        with closing(PdfPages(back.as_brought)) as paper:
            pictures.append(paper.picture(at, exact=True))
    return replace(told, doubted=told.doubted | looks.unlike(ticks, sent, pictures))


def _drawn_alike(picture: Picture, sent: Sent, added: Iterable[Added]) -> bool:
    """Tell whether a page with the objects that were sent is drawn so too: two readers may differ on a crooked file."""
    if picture.shape != sent.picture.shape:
        return False
    differs = cv2.absdiff(picture, sent.picture).max(axis=2) > FAINT
    for left, top, width, height in [*sent.boxes.values(), *(one.box for one in added)]:
        across = slice(max(0, round((left - NEAR) * MM)), max(0, round((left + width + NEAR) * MM)))
        differs[max(0, round((top - NEAR) * MM)) : max(0, round((top + height + NEAR) * MM)), across] = False
    return not differs.any()


def _by_objects(original: Original, back: Returned, place: Place, ticks: dict[str, Tick]) -> Looked:
    boxes = original.places(place[0])
    shown = {name: tick for name, tick in ticks.items() if name in boxes}
    return Looked(
        PageFinding(*place, Content.UNCHANGED),
        Ink.EMPTY if SIGNATURE in boxes else None, signature_sure=True,
        boxes=shown, boxes_sure=True,
        untouched=all(tick is Tick.EMPTY for tick in ticks.values()),
        picture=evidence.band(back.paper.picture(place[2], exact=True), boxes.values()) if boxes else None,
    )  # fmt: skip


def _by_sight(original: Original, back: Returned, place: Place, told: PageFacts | None, drawn: Drawn) -> Looked:
    number, _, at = place
    sent, boxes = drawn.page(original, number), original.places(number)
    level = _level(original, back.paper, number, at)
    digital = level and not _scanned(back.paper, at)
    seen = compare.page(_picture(back.paper, at, exact=level), sent, digital=digital)
    content, reasons = _content(seen, sent, told)
    if digital and not (told and told.same):
        content, reasons = _with_text(content, reasons, _missing(sent, back.paper, at))
    ticks, doubted = (told.ticks, told.doubted) if told else (None, frozenset[str]())
    sure = told is not None and told.same and not doubted and ticks is not None and not _touched(told.added, boxes)
    return Looked(
        PageFinding(*place, content, tuple((word, {**values, "page": str(number)}) for word, values in reasons)),
        seen.signature,
        boxes={name: ticks[name] if sure and ticks and name in ticks else _agreed(ticks, name, tick)
               for name, tick in seen.boxes.items()} | dict.fromkeys(doubted, Tick.UNCLEAR),
        boxes_sure=sure,
        picture=seen.picture,
        fields_gone=told is not None and told.same and (ticks is None or bool(doubted)),
    )  # fmt: skip


def _content(seen: compare.Seen, sent: Sent, told: PageFacts | None) -> tuple[Content, tuple[Reason, ...]]:
    """Say whether the text is as sent: the objects know it when nothing was put outside the signature box."""
    if told is None or not told.same:
        return seen.content, seen.reasons
    outside = [one for one in told.added if not _inside(one.box, sent.boxes.get(SIGNATURE))]
    if not outside:
        return Content.UNCHANGED, ()
    hidden = next((word.text for one in outside for word in sent.words if _hides(one, word)), None)
    if hidden is None:
        return seen.content, seen.reasons
    reason: Reason = ("covered", {"text": hidden[:SHOWN]})
    return (Content.CHANGED if seen.content is Content.CHANGED else Content.UNSURE), (reason, *seen.reasons)


def _hides(one: Added, word: Word) -> bool:
    if one.kind not in HIDING or not word.width * word.height:
        return False
    left, top, width, height = one.box
    across = min(left + width, word.left + word.width) - max(left, word.left)
    down = min(top + height, word.top + word.height) - max(top, word.top)
    return across > 0 and down > 0 and across * down > COVERED * word.width * word.height


def _with_text(content: Content, reasons: tuple[Reason, ...], missing: list[str]) -> tuple[Content, tuple[Reason, ...]]:
    if not missing:
        return content, reasons
    reason: Reason = ("words_missing", {"text": " ".join(missing)[:SHOWN]})
    return (Content.CHANGED if content is Content.CHANGED else Content.UNSURE), (reason, *reasons)


def _missing(sent: Sent, paper: Pages, at: int) -> list[str]:
    """Give the words that were sent and that the page's own text lacks; nothing when it has no text worth the name."""
    assert isinstance(paper, PdfPages)
    ours = Counter(word.text for word in sent.words)
    missing = list((ours - Counter(paper.text(at).split())).elements())
    return missing if len(missing) <= FEW_WORDS * ours.total() else []


def _agreed(ticks: dict[str, Tick] | None, name: str, seen: Tick) -> Tick:
    """Give what a field says and what is seen in its box, where they agree; a field left empty may be ticked by pen."""
    told = (ticks or {}).get(name, Tick.EMPTY)
    return seen if told in {Tick.EMPTY, seen} else Tick.UNCLEAR


def _touched(added: Iterable[Added], boxes: dict[str, Box]) -> bool:
    """Tell whether something was put on or beside a check box."""
    choices = [box for name, box in boxes.items() if name != SIGNATURE]
    return any(_apart(one.box, box) < NEAR for one in added for box in choices)


def _apart(one: Box, other: Box) -> float:
    across = max(one[0] - other[0] - other[2], other[0] - one[0] - one[2])
    down = max(one[1] - other[1] - other[3], other[1] - one[1] - one[3])
    return max(across, down)


def _inside(box: Box, around: Box | None) -> bool:
    if around is None:
        return False
    left, top, width, height = around
    return (
        box[0] >= left - NEAR and box[1] >= top - NEAR
        and box[0] + box[2] <= left + width + NEAR and box[1] + box[3] <= top + height + NEAR
    )  # fmt: skip


def _level(original: Original, paper: Pages, number: int, at: int) -> bool:
    """Tell whether a page has the size of the one that was sent."""
    if not isinstance(paper, PdfPages):
        return False
    sizes = zip(paper.size(at), original.sizes[number - 1], strict=True)
    return all(abs(theirs - ours) <= SAME_SIZE for theirs, ours in sizes)


def _scanned(paper: Pages, at: int) -> bool:
    return isinstance(paper, PdfPages) and paper.full_picture(at)


def _picture(paper: Pages, at: int, *, exact: bool = False) -> Picture:
    return paper.picture(at, exact=exact)
