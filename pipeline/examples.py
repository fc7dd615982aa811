"""Examples of all that templates are filled with, to try those of a practice on before somebody waits for them."""

from __future__ import annotations

from datetime import date
from typing import Any

from pipeline.config.client import ClientFile
from pipeline.config.practice import PracticeFile
from pipeline.config.report import report_of
from pipeline.model import Kind, document_file
from pipeline.outgoing.plan import Document
from pipeline.outgoing.values.base import GREETINGS, Revision
from pipeline.outgoing.values.confirmation import Answer, Signed
from pipeline.outgoing.values.report import Issue, Offered, approval_values, questions_values, report_values
from pipeline.policy.policy import Policy
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


def at_the_end(revision: Revision, file: PracticeFile, policy: Policy) -> dict[str, dict[str, Any]]:
    """Give what the papers of the end of a coaching are filled with, by their templates; some get no form."""
    language, issue = revision.language(file), Issue(2, date(2026, 6, 30))
    report = report_of("report.md", b"# Report\n\nText", language=language)
    papers = {"report": report_values(revision, issue, report, file, policy)}
    if revision.client.sponsor is not None:
        papers["approval"] = approval_values(revision, issue, Offered(issue, "Report", "0" * 64), file, policy)
    papers["questions"] = questions_values(revision, issue, file, policy)
    return {f"{language}/{name}.html": values for name, values in papers.items()}


ABOUT: dict[Kind, tuple[dict[str, Any], ...]] = {
    Kind.INVOICE: (
        {"number": "F2026-0001", "due": "2026-07-14", "credits": None},
        {"number": "F2026-0002", "due": None, "credits": "F2026-0001"},
        {"number": "F2026-0003", "due": None, "credits": None},
    ),
    Kind.APPOINTMENT: tuple(
        {"appointment": 1, "sequence": sequence, "starts_at": "2026-06-30T14:00:00+02:00", "zone": "Europe/Amsterdam",
         "minutes": 90, "where": "Lindelaan 12", "link": "https://overleg.example/1", "reminder": 1440,
         "cancelled": cancelled}
        for sequence, cancelled in ((0, False), (1, False), (2, True))
    ),
    Kind.INVITATION: tuple({"link": "https://questionnaire.example/abc123", "code": code} for code in ("4711", None)),
    Kind.REPORT: tuple({"again": again, "form": form} for again in (False, True) for form in (False, True)),
    Kind.QUESTIONS: ({"until": "2026-07-07"}, {"until": ""}),
    Kind.PROFILE: tuple({"asks": asks, "chosen": "file", "file": "profile.pdf"} for asks in (False, True)),
}  # fmt: skip
"""What is known of the documents in the course of a coaching, such that each branch of a mail about them is reached."""


def in_course(revision: Revision, kind: Kind) -> list[Document]:
    """Give documents of one kind, as the mails about them need them."""
    file = document_file(revision.reference, kind, 1)
    return [Document(revision.reference, kind, 1, file, "0" * 64, about) for about in ABOUT.get(kind, ({},))]


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
