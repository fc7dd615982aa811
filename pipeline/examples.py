"""Example requests, to try a practice's templates on before a client waits for them."""

from __future__ import annotations

from datetime import date

from pipeline.config.client import ClientFile
from pipeline.outgoing.confirmation import Answer, Signed
from pipeline.outgoing.values import Revision
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
