"""What a returned document is, from what was seen of it: pure; every doubt ends with the coach.

*Signed* is only what is whole, unchanged, current, and signed where it should be, with every question answered once.
What books itself must be read from intact form fields or a valid digital signature, and come from a sender whom our
own provider vouches for; what is read from pixels is a proposal, unless the practice chooses otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from unicodedata import combining, normalize

from pipeline.model import Reason, Verdict
from pipeline.reading.findings import Content, Findings, Ink, Tick, Way

SURE = frozenset({Way.FIELDS, Way.CERTIFICATE})
Answers = dict[str, bool]


@dataclass(frozen=True)
class Expected:
    """What we sent and how it stands: `purposes` are the consents asked, `newest` the dossier's newest version.

    `sender_sure` is that the mail is authenticated and from the address of who must sign; `expired` that the quote's
    last day has passed; `confirm` is the practice's choice: "pictures", "always" or "never"; `signer` is the name of
    who must sign, which a digital signature must bear.
    """

    version: int
    newest: int
    pages: int
    purposes: tuple[str, ...] = ()
    sender_sure: bool = False
    expired: bool = False
    confirm: str = "pictures"
    signer: str = ""


@dataclass(frozen=True)
class Judgement:
    """The verdict with its reasons; `answers` are the questions that were clearly answered."""

    verdict: Verdict
    reasons: tuple[Reason, ...]
    answers: Answers
    books_itself: bool = False


def judge(expected: Expected, found: Findings) -> Judgement:
    """Give the verdict on one document."""
    verdict, reasons = _verdict(expected, found)
    answers = {purpose: given for purpose in expected.purposes if (given := answer(found, purpose)) is not None}
    itself = verdict is Verdict.SIGNED and expected.sender_sure and _read_surely(expected, found)
    return Judgement(verdict, reasons, answers, itself)


def _verdict(expected: Expected, found: Findings) -> tuple[Verdict, tuple[Reason, ...]]:
    """Take the first kind of trouble that there is; its reasons and those of the milder kinds come along."""
    kinds = (
        (Verdict.NOT_SIGNED, tuple(_blank(found))),
        (Verdict.ALTERED, tuple(_altered(found))),
        (Verdict.INCOMPLETE, tuple(_missing(expected, found))),
        (Verdict.NOT_SIGNED, tuple(_unsigned(found))),
        (Verdict.LOOK, tuple(_doubts(expected, found))),
    )
    for at, (verdict, reasons) in enumerate(kinds):
        if reasons:
            return verdict, _unique(reason for _, further in kinds[at:] for reason in further)
    return Verdict.SIGNED, ()


def _unique(reasons: Iterator[Reason]) -> tuple[Reason, ...]:
    kept: list[Reason] = []
    for reason in reasons:
        if reason not in kept:
            kept.append(reason)
    return tuple(kept)


def _blank(found: Findings) -> Iterator[Reason]:
    if found.as_sent:
        yield "returned_as_sent", {}


def _altered(found: Findings) -> Iterator[Reason]:
    for page in found.pages:
        if page.content is Content.CHANGED:
            yield from page.reasons or (("page_changed", {"page": str(page.number)}),)
    if found.certificate and not found.certificate.intact:
        yield "certificate_broken", {"signer": found.certificate.signer}


def _missing(expected: Expected, found: Findings) -> Iterator[Reason]:
    there = {page.number for page in found.pages}
    missing = [str(number) for number in range(1, expected.pages + 1) if number not in there]
    if missing:
        yield "pages_missing", {"pages": ", ".join(missing), "of": str(expected.pages)}


def _unsigned(found: Findings) -> Iterator[Reason]:
    if found.signature is Ink.EMPTY and not found.as_sent:
        yield "box_empty", {}


def _doubts(expected: Expected, found: Findings) -> Iterator[Reason]:
    if expected.version != expected.newest:
        yield "superseded", {"version": str(expected.version), "newest": str(expected.newest)}
    if expected.expired:
        yield "quote_expired", {}
    if found.signature is Ink.UNSURE:
        yield "signature_unsure", {}
    for page in found.pages:
        if page.content is Content.UNSURE:
            yield from page.reasons or (("page_unsure", {"page": str(page.number)}),)
    for purpose in expected.purposes:
        if answer(found, purpose) is None:
            yield "question_open", {"purpose": purpose}
    yield from found.reasons


def answer(found: Findings, purpose: str) -> bool | None:
    """Give what was answered: yes or no, each only when the other box is clearly empty; None for anything else."""
    yes, no = (found.boxes.get(f"{purpose}-{word}", Tick.UNCLEAR) for word in ("yes", "no"))
    if (yes, no) == (Tick.TICKED, Tick.EMPTY):
        return True
    return False if (yes, no) == (Tick.EMPTY, Tick.TICKED) else None


def _read_surely(expected: Expected, found: Findings) -> bool:
    if expected.confirm != "pictures":
        return expected.confirm == "never"
    if found.certificate is None or not same_name(found.certificate.signer, expected.signer):
        return False
    boxes_sure = not expected.purposes or found.boxes_way in SURE
    return found.signature_way is Way.CERTIFICATE and boxes_sure


def same_name(one: str, other: str) -> bool:
    """Tell whether two names can be one person's: all words of the shorter, at least two, stand in the longer."""
    shorter, longer = sorted((_words(one), _words(other)), key=len)
    return len(shorter) > 1 and shorter <= longer


def _words(name: str) -> frozenset[str]:
    """Give the words of a name without capitals and accents."""
    plain = "".join(sign for sign in normalize("NFKD", name.casefold()) if not combining(sign))
    return frozenset(re.findall(r"\w+", plain))
