"""What the last page of a countersigned copy says: who signed what, when it came, how, and what was chosen.

Pure; `countersigned` looks the facts up.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from pipeline.config.practice import PracticeFile
from pipeline.model import Kind, Party
from pipeline.outgoing import plan
from pipeline.outgoing.values.base import Revision, Values, day, document_values
from pipeline.policy.policy import Policy, questions
from pipeline.reading.findings import Findings, Ink, Way
from pipeline.words import say

PNG = b"\x89PNG\r\n\x1a\n"
MOST_OF_A_PICTURE = 2 << 20
LONGEST_NAME = 120


class Answer(StrEnum):
    """How a consent stands."""

    YES = "yes"
    NO = "no"
    WITHDRAWN = "withdrawn"
    OPEN = "open"


ANSWERED = {
    Answer.YES: "answer_yes", Answer.NO: "answer_no", Answer.WITHDRAWN: "answer_withdrawn", Answer.OPEN: "answer_open",
}  # fmt: skip


@dataclass(frozen=True)
class Signed:
    """What is known of a document that came back signed.

    `confirmed` is the day on which the coach said so, None where that was not asked; `picture` is a PNG made by our own
    reader, or empty.
    """

    received: date
    findings: Findings
    confirmed: date | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    picture: bytes = b""


def confirmation_values(
    revision: Revision, kind: Kind, signed: Signed, on: date, file: PracticeFile, policy: Policy
) -> Values:
    """Give the values of a confirmation; choices are there for the consent declaration alone."""
    language = revision.language(file)
    return document_values(revision, kind, file, policy) | {
        "confirmation": {
            "title": say(language, f"document_{kind}", number=revision.quote_number),
            "signer": _signer(revision, kind),
            "received": day(signed.received, language),
            "how": _how(signed, file.practice.coach, language),
            "date": day(on, language),
            "picture": _embedded(signed.picture),
        },
        "answers": _answers(revision, signed, policy, language) if kind is Kind.CONSENT else [],
    }


def _signer(revision: Revision, kind: Kind) -> str:
    sponsor = revision.client.sponsor
    if plan.signer(revision.client, kind) is Party.SPONSOR and sponsor is not None:
        return f"{sponsor.contact}, {sponsor.organisation}"
    return revision.client.client.name


def _how(signed: Signed, coach: str, language: str) -> str:
    """Say how it was signed, no more than was seen, and who confirmed it."""
    found = signed.findings
    if found.certificate is not None and found.certificate.intact and found.certificate.signer:
        how = say(language, "signed_by_certificate", name=found.certificate.signer[:LONGEST_NAME])
    elif found.signature is not Ink.SIGNED:
        how = say(language, "signed_otherwise")
    elif found.signature_way is Way.PIXELS:
        how = say(language, "signed_by_hand")
    else:
        how = say(language, "signed_in_fields")
    if signed.confirmed is None:
        return how
    return f"{how}; {say(language, 'signed_confirmed', coach=coach, date=day(signed.confirmed, language))}"


def _answers(revision: Revision, signed: Signed, policy: Policy, language: str) -> list[Values]:
    asked = questions(policy, sponsored=revision.client.sponsor is not None)
    return [
        {
            "text": question.text.in_language(language),
            "answer": say(language, ANSWERED[signed.answers.get(question.purpose, Answer.OPEN)]),
        }
        for question in asked
    ]


def _embedded(picture: bytes) -> str:
    """Give a picture as an address that holds it, so that the press need not look outside; empty for anything else."""
    if not picture.startswith(PNG) or len(picture) > MOST_OF_A_PICTURE:
        return ""
    return f"data:image/png;base64,{base64.b64encode(picture).decode()}"
