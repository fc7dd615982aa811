"""Whether the text of a returned page is the one that was sent: word by word, and figure by figure.

A word that is less like its own rendering than the words around it are, a figure that another figure explains better,
and anything written where nothing was to be written: each is a reason. Writing in its own places is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from pipeline.model import Reason
from pipeline.reading import ink
from pipeline.reading.findings import Content
from pipeline.reading.grid import Box, Mask
from pipeline.reading.letters import Doubt, Letters
from pipeline.reading.notes import ROWS
from pipeline.reading.printed import Likeness, Print
from pipeline.reading.sent import Sent, Word
from pipeline.reading.signing import SIGNATURE, Zone, cut, zone

WORD_CHANGED, WORD_UNSURE = 0.35, 0.15  # how far a word lies below the page's usual likeness
SUSPECT, OTHER_LETTER = 0.03, 0.1  # from here on its letters are held against others; how sure (-1 to 1) one of them is
EXACT_CHANGED, EXACT_UNSURE = 0.08, 0.06  # the same for a page that was never on paper
PALE, PALER, FEW = 0.72, 0.15, 4  # darkness of pale print, how much less like it may be, of how many words that is told
FIGURE_CHANGED, FIGURE_UNSURE = 0.3, -0.15  # between 1 (another figure for sure) and -1 (its own for sure)
FIGURE_MARGIN = 0.12  # moreover, another figure must be this much more like what is seen
BESIDE = 5.0  # mm; a word that begins so near to a check box says what a tick means
LABEL = 2.0  # mm around a label within which writing may touch it
POOR, FIGURE_POOR = 0.22, -0.4  # a figure this unlike its own needs less doubt than another
FADED = 0.4  # print that is at least this part as dark as it was sent is there
STILL_THERE = 0.85  # part of a word's print that is there still, under what was written over it
DOUBTFUL = 3  # with so many words in doubt the page is a poor one, and none of them is surely changed
COVERED = 0.03  # part of a word under pen ink: somebody wrote over it
MANY, TOGETHER = 6, 25.0  # more bad words than this within so many mm: a part that cannot be read


@dataclass(frozen=True)
class Finding:
    """What is wrong with one word."""

    word: Word
    content: Content
    reason: Reason


def judged(
    page: ink.Page, seen: Mask, sent: Sent, strange: Sequence[ink.Mark], *, digital: bool
) -> tuple[Content, tuple[Reason, ...]]:
    """Say whether the text is the one that was sent, and why not; `strange` are the notes written beside it."""
    reasons: list[Reason] = [("written_beside", {})] if strange else []
    bad = findings(page, seen, sent, digital=digital)
    if crowded(bad) and not digital:
        return Content.UNSURE, (*reasons, ("part_unreadable", {}))
    reasons += [finding.reason for finding in bad]
    doubtful = sum(finding.content is Content.UNSURE for finding in bad)
    if (digital or doubtful < DOUBTFUL) and any(finding.content is Content.CHANGED for finding in bad):
        return Content.CHANGED, tuple(reasons)
    return (Content.UNSURE if reasons else Content.UNCHANGED), tuple(reasons)


def findings(page: ink.Page, seen: Mask, sent: Sent, *, digital: bool) -> list[Finding]:
    """Give every word that is not as it was sent, or may not be."""
    words = [word for word in sent.words if any(letter[0].isalnum() for letter in word.letters)]
    there = Print(page, words, digital=digital)
    looks = [there.likeness(word) for word in words]
    usual = usual_likeness(page, looks)
    letters = Letters(page.sent, words)
    found = []
    for index, look in enumerate(looks):
        figure = _figure(look, usual[index], letters.figures(page.ink, index, look.aside, look.blur))
        finding = _word(look, usual[index], page, digital=digital)
        if finding is None and not digital and usual[index] - look.part > SUSPECT:
            finding = _letter(look, letters.letters(page.ink, index, look.aside, look.blur))
        if not cut(seen, _place(look.word, page, 1.0)).all():
            finding = Finding(look.word, Content.UNSURE, ("text_unsure", {"word": look.word.text}))
        elif figure and (finding is None or figure.content is Content.CHANGED):
            finding = figure
        if finding and not (_is_label(look.word, sent.boxes) and _is_touched(page, look)):
            found.append(finding)
    return found


def usual_likeness(page: ink.Page, looks: Sequence[Likeness]) -> list[float]:
    """Give for each word how like its own rendering words of its darkness are on this page.

    Pale print suffers more from a scan in black and white; but never so much that all of it may be unlike.
    """
    if not looks:
        return []
    parts = np.array([look.part for look in looks])
    pale = np.array([_darkness(page, look.word) < PALE for look in looks])
    usual = float(np.median(parts))
    of_pale = max(float(np.median(parts[pale])), usual - PALER) if pale.sum() >= FEW else usual
    of_dark = float(np.median(parts[~pale])) if (~pale).sum() >= FEW else usual
    return [of_pale if each else of_dark for each in pale]


def _darkness(page: ink.Page, word: Word) -> float:
    printed = cut(page.sent, _place(word, page))
    return float(np.percentile(printed, 95)) if printed.size else 0.0


def _word(look: Likeness, usual: float, page: ink.Page, *, digital: bool) -> Finding | None:
    changed, unsure = (EXACT_CHANGED, EXACT_UNSURE) if digital else (WORD_CHANGED, WORD_UNSURE)
    drop, values = usual - look.part, {"word": look.word.text}
    if drop <= unsure:
        return None
    if _ink_near(page, look.word, 0.6) > COVERED and _kept(page, look) > STILL_THERE:
        return Finding(look.word, Content.UNSURE, ("written_over", values))
    if drop > changed:
        return Finding(look.word, Content.CHANGED, ("text_changed", values))
    return Finding(look.word, Content.UNSURE, ("text_unsure", values))


def _letter(look: Likeness, doubts: Sequence[Doubt]) -> Finding | None:
    """Doubt a word of which another letter of this page explains one better than its own."""
    if any(doubt.share > OTHER_LETTER for doubt in doubts):
        return Finding(look.word, Content.UNSURE, ("text_unsure", {"word": look.word.text}))
    return None


def _kept(page: ink.Page, look: Likeness) -> float:
    """Give which part of a word's own print is still dark: all of it when somebody only wrote over it."""
    left, top, right, bottom = _place(look.word, page)
    x, y = look.aside
    there = cut(page.ink, (max(left + x, 0), max(top + y, 0), right + x, bottom + y))
    core = cut(page.sent, (left, top, right, bottom))[: there.shape[0], : there.shape[1]]
    dark = cv2.dilate(there, np.ones((3, 3), np.uint8)) > max(2 * page.threshold, core.max() * FADED)
    strokes = core > 0.7 * core.max()
    return float(dark[: core.shape[0], : core.shape[1]][strokes].mean())


def _figure(look: Likeness, usual: float, doubts: Sequence[Doubt]) -> Finding | None:
    worst = max(doubts, key=lambda doubt: doubt.share, default=None)
    if worst is None:
        return None
    poor = worst.own < usual - POOR and worst.share > FIGURE_POOR
    if worst.share <= FIGURE_UNSURE and not poor:
        return None
    letters = [letter[0] for letter in look.word.letters]
    letters[worst.at] = worst.seen
    changed = worst.share > FIGURE_CHANGED and worst.margin > FIGURE_MARGIN
    values = {"word": look.word.text, "seen": "".join(letters)}
    if changed:
        return Finding(look.word, Content.CHANGED, ("figure_changed", values))
    return Finding(look.word, Content.UNSURE, ("figure_unsure", values))


def crowded(bad: Sequence[Finding]) -> bool:
    """Tell whether many bad words stand together: then a part of the page cannot be read."""
    centres = np.array([(f.word.left + f.word.width / 2, f.word.top + f.word.height / 2) for f in bad]).reshape(-1, 2)
    return any(int((np.abs(centres - centre).max(axis=1) < TOGETHER).sum()) > MANY for centre in centres)


def _ink_near(page: ink.Page, word: Word, grow: float) -> float:
    """Give which part of a word and `grow` mm around it is under pen ink."""
    return float(cut(page.extra, _place(word, page, grow)).mean())


def _place(word: Word, page: ink.Page, grow: float = 0.0) -> Zone:
    return zone((word.left, word.top, word.width, word.height), page.ink.shape, grow)


def _is_touched(page: ink.Page, look: Likeness) -> bool:
    """Tell whether there is writing at a word, and the word's own print still under it."""
    return _ink_near(page, look.word, LABEL) > 0 and _kept(page, look) > STILL_THERE


def _is_label(word: Word, boxes: dict[str, Box]) -> bool:
    """Tell whether a word is one over which people write: of the rows, of the signature box, beside a check box."""
    middle = word.top + word.height / 2
    for name, (left, top, width, height) in boxes.items():
        if name == SIGNATURE and left - ROWS < word.left < left + width and top - 5 < word.top < top + height:
            return True
        if name != SIGNATURE and 0 < word.left - left - width < BESIDE and top < middle < top + height:
            return True
    return False
