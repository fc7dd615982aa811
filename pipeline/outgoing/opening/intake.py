"""From a file in the drop folder to an accepted request, or a note beside the file that says what to mend.

Takes what lies settled in `drop/clients/`; leaves one row in state accepted, with the file's bytes in the dossier, and
only then lets the file leave. The same file twice is one request; an edited file is a new revision that supersedes the
earlier one. Whose dossier it is follows from the key `dossier`, else from the client's name and address together; once
that one is closed, a second coaching is a dossier of its own, and the bytes of the first never begin it. A file that
only says when a coaching is over, or what invoices show of an accepted quote, changes nothing else: that is noted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pipeline import notes, tokens
from pipeline.config.client import ClientFile, read_client_file
from pipeline.config.problems import Disagreement
from pipeline.config.source import Tree
from pipeline.dossiers import closed_on
from pipeline.edges import ledger
from pipeline.edges.folder import Dropped, Unfit, shown
from pipeline.errors import FileProblems
from pipeline.model import MessageState, ObligationState, RequestState
from pipeline.outgoing.opening import again
from pipeline.outgoing.opening.asking import denied_by, filled, said
from pipeline.policy.collecting import Refused, taken_by
from pipeline.policy.deeds import citing
from pipeline.practice import Practice
from pipeline.steps import each
from pipeline.words import say

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Request:
    """One revision to record: `client` is the checked file."""

    dossier: str
    revision: int
    client_key: str
    sha256: str
    client: ClientFile


def take_in(practice: Practice, now: datetime, tell: Tell) -> int:
    """Accept or refuse everything that lies settled in the drop folder; gives how many requests were accepted."""
    accepted = each(practice, practice.drop.look(), lambda found: _take(practice, found, now, tell))
    practice.drop.drop_old_notes()
    return accepted


def _take(practice: Practice, found: Dropped | Unfit, now: datetime, tell: Tell) -> int:
    if isinstance(found, Unfit):
        _note(practice, found, [], tell)
        return 0
    denied: list[Refused] = []
    try:
        accepted = _accept(practice, found, denied, now, tell)
    except FileProblems as refusal:
        problems = [f"{shown(found.name)}:{p.line}:{p.column}: {p.text}" for p in refusal.problems]
        if _note(practice, found, problems, tell) and denied:
            _deny(practice, denied, now)
        return 0
    practice.drop.take_away(found)
    return accepted


def _accept(practice: Practice, found: Dropped, denied: list[Refused], now: datetime, tell: Tell) -> int:
    """Accept one file; `denied` takes the fields that the policy does not let in."""
    language, catalogue = practice.file.language, tuple(practice.file.programmes)

    def also(tree: Tree) -> Iterator[Disagreement]:
        yield from _foreign(practice, tree)
        denied.extend(denied_by(practice.policy, tree))
        yield from said(denied, language)

    client = read_client_file(found.data, found.name, language=language, catalogue=catalogue, also=also)
    own = tokens.client_key(practice.key, client.client.name, client.client.email)
    known = client.dossier or _newest_of(practice, own)
    one = again.compared(practice, found, client, known)
    if problem := again.after_the_end(practice, one):
        raise FileProblems(shown(found.name), [problem])
    if known is not None and one.only_closes:
        return _note_closing(practice, known, client, now, tell)
    if known is not None and again.is_about_invoices(practice, one):
        practice.storage.write(again.kept_as(practice, one), found.data)
        tell(again.amend(practice, one, now))
        return _note_closing(practice, known, client, now, tell)
    dossier, revision = _place(practice, found, known)
    if revision == 0:
        return _note_closing(practice, dossier, client, now, tell)
    if revision == 1 and client.closed is not None and client.closed < practice.today(now):
        raise FileProblems(shown(found.name), [again.said_at(found, again.CLOSES, say(language, "closed_before_new"))])
    practice.storage.write(f"dossiers/{dossier}/{dossier}-client-v{revision}.yaml", found.data)
    request = Request(dossier, revision, own, found.sha256, client)
    _commit(practice, request, now)
    _note_closing(practice, dossier, client, now, tell)
    tell(f"{dossier} request v{revision} accepted")
    return 1


def _newest_of(practice: Practice, own: str) -> str | None:
    """Give the newest dossier of a client."""
    found = practice.database.value(
        "SELECT reference FROM dossiers WHERE client_key = ? ORDER BY opened_at DESC, rowid DESC LIMIT 1", own
    )
    return str(found) if found else None


def _place(practice: Practice, found: Dropped, known: str | None) -> tuple[str, int]:
    """Give the dossier and the revision that this file becomes; revision 0 when it is already there.

    What would be for a dossier that is closed opens another: a second coaching.
    """
    if known is None:
        return _free_reference(practice, found.sha256), 1
    last = again.last(practice, known)
    if last["sha256"] == found.sha256:
        return known, 0
    if closed_on(practice, known):
        return _free_reference(practice, found.sha256), 1
    return known, last["revision"] + 1


def _note_closing(practice: Practice, dossier: str, client: ClientFile, now: datetime, tell: Tell) -> int:
    """Note the day on which the coaching is over, or that the file does not say so any more; no request comes of it."""
    with practice.database.transaction():
        practice.database.run("DELETE FROM closings WHERE dossier = ?", dossier)
        if client.closed is None:
            return 0
        day = client.closed.isoformat()
        practice.database.run("INSERT INTO closings VALUES (?, ?, ?)", dossier, day, now.isoformat())
        ledger.record(practice.database, now, "dossier.closes", dossier=dossier, day=day)
    tell(f"{dossier} is closed on {day}, says its file")
    return 0


def _foreign(practice: Practice, tree: Tree) -> Iterator[Disagreement]:
    """Tell when the file names a dossier that does not exist, or that is not clearly the same person's.

    The name must be the same, or the earlier one must stand in the file: an address alone is shared by couples.
    """
    client = tree.get("client") if isinstance(tree, dict) else None
    reference = str(tree.get("dossier") or "").strip().upper() if isinstance(tree, dict) else ""
    if not reference or not isinstance(client, dict):
        return
    facts = practice.database.value(
        "SELECT facts FROM requests WHERE dossier = ? ORDER BY revision DESC LIMIT 1", reference
    )
    if facts is None:
        rows = practice.database.rows("SELECT reference FROM dossiers ORDER BY opened_at DESC LIMIT 20")
        known = ", ".join(row["reference"] for row in rows) or say(practice.file.language, "none")
        yield ("dossier",), "unknown_dossier", {"value": reference[:20], "known": known}
        return
    earlier = (json.loads(facts).get("client") or {}).get("name")
    if not earlier:  # erased, so that nobody can tell whose it was
        yield ("dossier",), "erased_client", {"value": reference}
        return
    named = {tokens.folded(str(client.get(key) or "")) for key in ("name", "formerly")}
    if tokens.folded(earlier) not in named:
        yield ("dossier",), "other_client", {"value": reference}


def _free_reference(practice: Practice, sha256: str) -> str:
    attempt = 0
    while True:
        reference = tokens.reference(practice.key, sha256, attempt)
        if not practice.database.value("SELECT 1 FROM dossiers WHERE reference = ?", reference):
            return reference
        attempt += 1


def _commit(practice: Practice, request: Request, now: datetime) -> None:
    """Make the request, and what it supersedes, durable in one transaction."""
    database, at = practice.database, now.isoformat()
    with database.transaction():
        if request.revision == 1:
            number = _next_number(practice, now)
            database.run("INSERT INTO dossiers VALUES (?, ?, ?, ?)", request.dossier, request.client_key, number, at)
            ledger.record(database, now, "dossier.opened", dossier=request.dossier, quote=number)
        else:
            database.run("UPDATE dossiers SET client_key = ? WHERE reference = ?", request.client_key, request.dossier)
        database.run(
            "INSERT INTO requests VALUES (?, ?, ?, ?, ?, NULL, ?)",
            request.dossier, request.revision, request.sha256, request.client.model_dump_json(),
            RequestState.ACCEPTED, at,
        )  # fmt: skip
        supersede(practice, request.dossier, request.revision)
        ledger.record(
            database,
            now,
            "request.accepted",
            dossier=request.dossier,
            revision=request.revision,
            seal=tokens.seal(practice.key, request.sha256),
            **citing(*taken_by(practice.policy, filled(request.client.model_dump(exclude_none=True)))),
        )


def supersede(practice: Practice, dossier: str, revision: int) -> None:
    """Let everything of earlier revisions that has not left yet lapse; inside the caller's transaction."""
    database = practice.database
    unfinished = (RequestState.ACCEPTED, RequestState.WRITTEN, RequestState.FAILED)
    unsent = (MessageState.HELD, MessageState.QUEUED, MessageState.REFUSED)
    database.run(
        "UPDATE requests SET state = ? WHERE dossier = ? AND revision < ? AND state IN (?, ?, ?)",
        RequestState.SUPERSEDED, dossier, revision, *unfinished,
    )  # fmt: skip
    database.run(
        "UPDATE messages SET state = ? WHERE dossier = ? AND revision < ? AND state IN (?, ?, ?)",
        MessageState.SUPERSEDED, dossier, revision, *unsent,
    )  # fmt: skip
    database.run(
        "UPDATE obligations SET state = ? WHERE dossier = ? AND version < ?",
        ObligationState.SUPERSEDED, dossier, revision,
    )  # fmt: skip


def _next_number(practice: Practice, now: datetime) -> str:
    """Take the next quote number of this year; without gaps, since it is taken where it is used."""
    year = practice.today(now).year
    series = f"quote-{year}"
    practice.database.run(
        "INSERT INTO numbers VALUES (?, 1) ON CONFLICT (series) DO UPDATE SET last = last + 1", series
    )
    number = practice.database.value("SELECT last FROM numbers WHERE series = ?", series)
    return f"{year}-{number:04d}"


def _deny(practice: Practice, denied: list[Refused], now: datetime) -> None:
    """Record that the policy kept fields out: which, by the words of the form and never what stood in them."""
    with practice.database.transaction():
        ledger.record(
            practice.database, now, "gate.denied", act="collect",
            fields=" ".join(f"{one.whose}.{one.field}" for one in denied),
            clauses=" ".join(dict.fromkeys(clause for one in denied for clause in one.clauses)),
        )  # fmt: skip


def _note(practice: Practice, found: Dropped | Unfit, problems: list[str], tell: Tell) -> bool:
    """Write the note beside a file; tells whether it says something new."""
    written = notes.refuse(practice, practice.drop, found, problems)
    if written:
        tell(f"a dropped file was refused ({len(problems) or 1} to mend); see the note beside it")
    return written
