"""Examples of all that templates are filled with, to try those of a practice on before somebody waits for them."""

from __future__ import annotations

from datetime import date
from typing import Any

from pipeline.config.client import ClientFile
from pipeline.config.practice import PracticeFile
from pipeline.outgoing.confirmation import Answer, Signed
from pipeline.outgoing.values import GREETINGS, Revision
from pipeline.policy.schema.base import Grade
from pipeline.reading.findings import Findings, Ink

BARE = {
    "client": {"name": "S. Jansen", "email": "s@client.example"},
    "lines": [{"description": "Coaching", "unit_price": "165.00", "vat": "21"}],
}
FULL = {
    "client": {
        "name": "Sanne Jansen", "email": "sanne@client.example", "salutation": "Sanne", "phone": "06 5555 0142",
        "role": "Lead", "organisation": "Waterrijk",
    },
    "sponsor": {
        "organisation": "Waterrijk", "contact": "Peter de Vries", "email": "peter@sponsor.example",
        "address": "Plein 1\nWaterrijk", "kvk": "87654321", "purchase_order": "INK-1",
    },
    "goal": "Rust\nen overzicht",
    "lines": [
        {"description": "Coaching", "quantity": "6", "unit": "x", "unit_price": "165.00", "vat": "21"},
        {"description": "Training", "unit_price": "90.00", "vat": "exempt"},
    ],
    "receives": {"quote": "both"},
}  # fmt: skip


def revisions(language: str) -> list[Revision]:
    """Give requests that together reach every branch of a sensible template: with and without each optional value."""
    bare, full = (ClientFile.model_validate(facts | {"language": language}) for facts in (BARE, FULL))
    on = date(2026, 1, 31)
    return [
        Revision("K7Q4-MX2P", 1, "2026-0001", on, bare),
        Revision("K7Q4-MX2P", 2, "2026-0001", on, full, date(2026, 1, 1)),
    ]


DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)


def signed(revision: Revision) -> Signed:
    """Give what is known of a document that came back: of the first revision all there can be, of the second little."""
    if revision.number > 1:
        return Signed(date(2026, 2, 3), Findings())
    by_hand = Findings(signature=Ink.SIGNED)
    return Signed(date(2026, 2, 3), by_hand, date(2026, 2, 4), {"coaching": Answer.YES}, DOT)


def daily(file: PracticeFile, language: str) -> dict[str, Any]:
    """Give what a daily note tells when all of it has something to tell."""
    return {
        "language": language,
        "greeting": f"{GREETINGS[language]} {file.practice.coach},",
        "practice": {name: "" if value is None else str(value) for name, value in file.practice.model_dump().items()},
        "since": "31 januari 2026",
        "happened": ["1 (K7Q4-MX2P)"],
        "waits": ["K7Q4-MX2P"],
        "erasures": ["K7Q4-MX2P (K-12)"],
        "ledger": {"entries": "31", "head": "0" * 32},
    }


def clauses(language: str) -> dict[str, Any]:
    """Give what the table of clauses shows: one that is kept, one that is not."""
    shown = {"clause": "K-12", "says": "…", "rules": ["general"], "proof": ["1 x", "…"]}
    return {
        "language": language,
        "title": "…",
        "heads": ["…"] * 4,
        "rows": [shown | {"kept": True}, shown | {"kept": False}],
        "closing": ["…"],
        "grades": "…",
    }


def receipt() -> dict[str, Any]:
    """Give the receipt of a dossier of which the law still keeps an invoice; each part was proved in another way."""
    erased = {"event": "erasure.verified", "at": "2031-11-20T09:00:00+00:00", "rules": "law.fiscal", "clauses": "K-12"}
    parts = zip(("client", "employer", "sponsor", "goal", "quote", "mail_out"), Grade, strict=True)
    return {
        "reference": "K7Q4-MX2P",
        "entries": [
            {"number": number, "entry": erased | {"part": part, "grade": str(grade)}, "hash": "0" * 64}
            for number, (part, grade) in enumerate(parts, 31)
        ],
        "kept": [{"part": "statutory 2026-0001", "until": "2034-01-01", "rules": ["law.fiscal"]}],
    }
