"""What a person does with a paper: signs it, or beside it, or not; says yes or no, or something in between."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from tests.returns import hands
from tests.returns.hands import Hand, Pen
from tests.returns.papers import Paper
from tests.returns.sheet import Place, Sheet, Stroke
from tests.returns.truth import Box, DocumentTruth, Signed

Rng = np.random.Generator


@dataclass
class Answer:
    """A paper and what was done with it; `styles` says which mark was put at which box."""

    paper: Paper
    hand: Hand
    signature: Signed
    styles: dict[str, str] = field(default_factory=dict)
    written: bool = False
    altered: str = ""
    fields: bool = False
    certificate: bool = False
    unclear: set[str] = field(default_factory=set)

    def truth(self, pages: tuple[int, ...] | None = None) -> DocumentTruth:
        """Give the truth of it, as far as the pages that come back show it."""
        paper = self.paper
        present = pages or tuple(range(1, paper.printed.pages + 1))
        signed = self.signature if paper.signature[0] in present or self.certificate else Signed.NONE
        boxes = {name: self._box(name) for name, place in paper.boxes.items() if place[0] in present}
        return DocumentTruth(
            paper.dossier, paper.kind, paper.version, present, paper.printed.pages, signed, boxes, self.altered,
            self.fields, self.certificate, paper.version == paper.newest,
        )  # fmt: skip

    def _box(self, name: str) -> Box:
        if name in self.unclear or self.styles.get(name) in hands.AMBIGUOUS:
            return Box.AMBIGUOUS
        return Box.TICKED if name in self.styles else Box.EMPTY

    @property
    def ticked(self) -> list[str]:
        """The boxes with a clear tick."""
        return [name for name, style in self.styles.items() if style in hands.TICKS]


def decide(paper: Paper, hand: Hand, rng: Rng, *, odd: float = 0.035) -> Answer:
    """Decide what somebody does with a paper; `odd` is the chance of something unusual at each question."""
    signed = [Signed.IN_BOX, Signed.OUTSIDE, Signed.NONE][int(rng.choice(3, p=[0.84, 0.04, 0.12]))]
    answer = Answer(paper, hand, signed, written=bool(rng.random() < 0.8))
    style = str(rng.choice(list(hands.TICKS)))
    for name in sorted({box.rpartition("-")[0] for box in paper.boxes}):
        for box, mark in _choice(name, style if rng.random() < 0.8 else str(rng.choice(list(hands.TICKS))), odd, rng):
            answer.styles[box] = mark
    return answer


def _choice(name: str, style: str, odd: float, rng: Rng) -> list[tuple[str, str]]:
    """Answer one question: yes or no, and now and then both, neither, or a mark that leaves one guessing."""
    yes, no = (f"{name}-yes", f"{name}-no") if rng.random() < 0.6 else (f"{name}-no", f"{name}-yes")
    draw = rng.random()
    if draw < odd * 0.6:
        return []
    if draw < odd:
        return [(yes, style), (no, style)]
    if draw < odd * 1.5:
        return [(yes, "struck out"), (no, style)]
    if draw < odd * 2.2:
        return [(yes, str(rng.choice(["ring", "beside", "speck", "passing"])))]
    return [(yes, style)]


def without_oddities(answer: Answer) -> Answer:
    """Keep the clear ticks only: a form field knows no ring and no speck."""
    answer.styles = dict.fromkeys(answer.ticked, "check")
    return answer


def sign_strokes(answer: Answer, rng: Rng) -> list[Stroke]:
    """Give the strokes of the signature, in the box or beside it."""
    place: Place = answer.paper.signature[1:]
    if answer.signature is Signed.OUTSIDE:
        place = hands.beside(place, rng)
    return hands.signature(answer.hand, place, rng)


def rows(answer: Answer, rng: Rng) -> list[Stroke]:
    """Write name, town and date on the rows left of the box."""
    _, left, top, _, _ = answer.paper.signature
    said = [answer.hand.name, str(rng.choice(["Utrecht", "Waterrijk", "Breda"])), f"{int(rng.integers(1, 29))}-10-26"]
    bases = [top + offset for offset in (4.6, 16.6, 28.6)]
    strokes = []
    for text, base in zip(said, bases, strict=True):
        size = min(rng.uniform(3.2, 4.8), 58 / (0.62 * len(text)))
        strokes += hands.text_line(text, left - 70 + rng.uniform(0, 6), base, size, rng)
    return strokes


def by_hand(answer: Answer, page: int, sheet: Sheet, rng: Rng) -> None:
    """Put on one printed page what was done on it with a pen."""
    pen = answer.hand.pen
    for name, style in answer.styles.items():
        number, left, top, width, height = answer.paper.boxes[name]
        if number == page:
            hands.write(sheet, hands.mark(style, (left, top, width, height), rng), _fit(pen, style), rng)
    if answer.paper.signature[0] != page:
        if rng.random() < 0.03 and answer.signature is Signed.IN_BOX:  # initials in a corner, as some offices ask
            initials = "".join(word[0].upper() for word in answer.hand.name.split())
            hands.write(sheet, hands.text_line(initials, 168, 268, 4.5, rng), pen, rng)
        return
    if answer.written:
        hands.write(sheet, rows(answer, rng), pen, rng)
    if answer.signature is not Signed.NONE:
        hands.write(sheet, sign_strokes(answer, rng), pen, rng)


def _fit(pen: Pen, style: str) -> Pen:
    """Nobody leaves a mark with a marker that says nothing; a speck is a pen's."""
    return hands.PENS[0] if style in {"speck", "passing"} and pen.width > 1 else pen
