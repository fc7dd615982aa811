"""What came in the course of a coaching, as parts of its dossier: profile, report and drafts, appointments, forms.

For each part its category, its files and what empties its rows. Of a report the version that she approved, or that went
to who pays, is the report; other versions, and all that it was made from, are drafts. No mail leaves any more about
what was erased, and the bytes of a mail that had not left go with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipeline.edges.database import Database
from pipeline.edges.storage import Storage
from pipeline.model import (
    AttentionState,
    Kind,
    MessageState,
    ObligationState,
    Party,
    Purpose,
    document_code,
    message_file,
)
from pipeline.policy.schema.base import Category

REPORT, DRAFTS, RETURNED_INVOICE = "report", "drafts", "returned_invoice"
WHOLE = {
    "profile": (Category.PROFILE, Kind.PROFILE), "invitation": (Category.PROFILE_INTAKE, Kind.INVITATION),
    "appointment": (Category.APPOINTMENT, Kind.APPOINTMENT), "approval": (Category.CONSENT, Kind.APPROVAL),
    "questions": (Category.CONSENT, Kind.QUESTIONS),
}  # fmt: skip
"""The parts that are all documents of one kind, with what came back of them."""
CATEGORIES = {
    **{part: category for part, (category, _) in WHOLE.items()},
    REPORT: Category.REPORT, DRAFTS: Category.DRAFT, RETURNED_INVOICE: Category.AGREEMENT,
}  # fmt: skip
"""Of which category each part is."""
PART_OF = {kind: part for part, (_, kind) in WHOLE.items()}
BACK = {**PART_OF, Kind.REPORT: DRAFTS, Kind.INVOICE: RETURNED_INVOICE}
"""The part of a paper that came back: a report with remarks written on it is a draft."""

KEPT = f"""(own.kind = '{Kind.REPORT}' AND (
    EXISTS (SELECT 1 FROM messages WHERE dossier = own.dossier AND purpose = '{Purpose.REPORT}'
        AND round = own.version AND party = '{Party.SPONSOR}' AND state = '{MessageState.ACCEPTED}')
    OR own.version = (SELECT max(version) FROM documents WHERE dossier = own.dossier AND kind = '{Kind.REPORT}') AND (
        EXISTS (SELECT 1 FROM obligations WHERE dossier = own.dossier AND kind = '{Kind.APPROVAL}'
            AND version = own.version AND state = '{ObligationState.FULFILLED}')
        OR NOT EXISTS (SELECT 1 FROM documents WHERE dossier = own.dossier AND kind = '{Kind.APPROVAL}'
            AND version = own.version))))"""  # noqa: S608 - only our own words are put in
"""Whether a document `own` is the report that is kept; where nobody is to receive it but she, that is the newest."""
DOCUMENTS = f"""
    (SELECT json_group_array(json_object('kind', kind, 'at', written_at, 'there', sha256 <> '', 'source',
        source IS NOT NULL, 'kept', CASE WHEN kind = '{Kind.REPORT}' THEN {KEPT} END)) FROM documents AS own
        WHERE dossier = d.reference AND kind NOT IN ('{Kind.QUOTE}', '{Kind.CONSENT}', '{Kind.INVOICE}'))
"""  # noqa: S608 - only our own words are put in
"""Asks for every document of a dossier `d` that came in its course, with what is there of it."""
RETURNS = f"""
    (SELECT json_group_array(json_object('kind', kind, 'at', read_at)) FROM returns
        WHERE dossier = d.reference AND kind NOT IN ('{Kind.QUOTE}', '{Kind.CONSENT}'))
"""  # noqa: S608 - only our own words are put in
"""Asks for what came back of those."""

EMPTY = "sha256 = '', boxes = '{}', about = '{}', dropped = NULL"
NOT_LEFT = f"('{MessageState.HELD}', '{MessageState.QUEUED}', '{MessageState.REFUSED}', '{MessageState.SUPERSEDED}')"
"""The states of mail that has not left; what may have left is evidence, and is let alone until that is known."""
UNASKED = f"state = '{AttentionState.SETTLED}', settled_at = opened_at, decision = 'erased'"
DRAFT = f"SELECT version FROM documents AS own WHERE dossier = ?1 AND kind = '{Kind.REPORT}' AND NOT {KEPT}"  # noqa: S608 - our own words


def first_days(documents: Iterable[Mapping[str, Any]], returns: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Give each part that is there with the moment at which the first of it came."""
    found: dict[str, str] = {}
    for part, at in [*_there(documents), *((BACK[Kind(row["kind"])], row["at"]) for row in returns)]:
        found[part] = min(at, found.get(part, at))
    return found


def _there(documents: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for row in documents:
        part = PART_OF.get(Kind(row["kind"]))
        if row["there"]:
            yield part or (REPORT if row["kept"] else DRAFTS), row["at"]
        if row["source"]:
            yield part or DRAFTS, row["at"]


def carries(kind: Kind) -> str:
    """Give the condition by which a mail carries a document of a kind."""
    return f"',' || kinds || ',' LIKE '%,{kind},%'"


def no_more_mail(which: str) -> tuple[str, ...]:
    """Give what lets no mail leave any more of those for which a condition holds, nor be asked about."""
    of = f"token IN (SELECT token FROM messages WHERE {which})"  # noqa: S608 - our own words
    return (
        f"UPDATE attention SET {UNASKED} WHERE state = '{AttentionState.OPEN}' AND {of}",  # noqa: S608 - our own words
        f"UPDATE attention SET reasons = '[]' WHERE {of}",  # noqa: S608 - our own words
        f"UPDATE messages SET state = '{MessageState.SUPERSEDED}' WHERE {which} AND state IN {NOT_LEFT}",  # noqa: S608
    )


def not_awaited(kind: Kind) -> str:
    """Give what lets no word on a kind of document be awaited any more."""
    return (
        f"UPDATE obligations SET state = '{ObligationState.SUPERSEDED}' WHERE dossier = ?1 AND kind = '{kind}'"  # noqa: S608
        f" AND state = '{ObligationState.AWAITED}'"
    )


def whole_rows(kind: Kind) -> tuple[str, ...]:
    """Give what empties every document of a kind."""
    return (
        *no_more_mail(f"dossier = ?1 AND {carries(kind)}"), not_awaited(kind),
        f"UPDATE documents SET {EMPTY}, source = NULL WHERE dossier = ?1 AND kind = '{kind}'",  # noqa: S608 - our own
    )  # fmt: skip


REPORT_ROWS = (
    *no_more_mail(f"dossier = ?1 AND {carries(Kind.REPORT)} AND round NOT IN ({DRAFT})"),
    f"UPDATE documents AS own SET {EMPTY} WHERE dossier = ?1 AND {KEPT}",  # noqa: S608 - our own words
)
DRAFTS_ROWS = (
    *no_more_mail(f"dossier = ?1 AND {carries(Kind.REPORT)} AND round IN ({DRAFT})"),
    f"UPDATE documents AS own SET {EMPTY} WHERE dossier = ?1 AND kind = '{Kind.REPORT}' AND NOT {KEPT}",  # noqa: S608
    f"UPDATE documents SET source = NULL WHERE dossier = ?1 AND kind = '{Kind.REPORT}'",  # noqa: S608 - our own words
)


def whole_files(database: Database, storage: Storage, dossier: str, kind: Kind) -> list[str]:
    """Give the files of every document of a kind, by their names, and of the mails about them that never left."""
    folder = storage.path(f"dossiers/{dossier}")
    found = [path for path in folder.glob(f"{document_code(dossier, kind)}-v*") if path.is_file()]
    return [*sorted(str(path.relative_to(storage.root)) for path in found), *_unsent(database, dossier, carries(kind))]


def report_files(database: Database, storage: Storage, dossier: str) -> list[str]:
    """Give the files of the report that is kept, and of the mails about it that never left."""
    rows = database.rows(f"SELECT file FROM documents AS own WHERE dossier = ?1 AND {KEPT}", dossier)  # noqa: S608 - our own words
    files = [f"dossiers/{dossier}/{row['file']}" for row in rows]
    unsent = _unsent(database, dossier, f"{carries(Kind.REPORT)} AND round NOT IN ({DRAFT})")
    return [*(name for name in files if storage.path(name).is_file()), *unsent]


def draft_files(database: Database, storage: Storage, dossier: str) -> list[str]:
    """Give the files of every other version of a report, of what each was made from, and of mails that never left."""
    kept = set(report_files(database, storage, dossier))
    every = whole_files(database, storage, dossier, Kind.REPORT)
    drafted = f"{carries(Kind.REPORT)} AND round IN ({DRAFT})"
    sent = set(_unsent(database, dossier, carries(Kind.REPORT))) - set(_unsent(database, dossier, drafted))
    return [name for name in every if name not in kept | sent]


def _unsent(database: Database, dossier: str, which: str) -> list[str]:
    rows = database.rows(
        f"SELECT token FROM messages WHERE dossier = ?1 AND {which} AND state IN {NOT_LEFT} ORDER BY token", dossier  # noqa: S608 - our own words
    )  # fmt: skip
    return [message_file(row["token"]) for row in rows]
