"""A client file of somebody who has a dossier already: what it says anew, and whether that coaching can go on with it.

Takes a checked file and the dossier that it would go on with; leaves a sentence for the note beside it where that
coaching is over, or, of an accepted quote, what only invoices show taken over without anything being sent anew.
"""

from __future__ import annotations

import json
import re
import sqlite3
from dataclasses import dataclass
from datetime import datetime

from pipeline import questions, tokens
from pipeline.config.client import INVOICED, ClientFile, changed
from pipeline.dossiers import closed_on, ended_with
from pipeline.edges import ledger
from pipeline.edges.folder import Dropped
from pipeline.errors import Problem
from pipeline.model import Kind, ObligationState
from pipeline.outgoing.opening.asking import filled
from pipeline.policy.collecting import taken_by
from pipeline.policy.deeds import citing
from pipeline.practice import Practice
from pipeline.words import say

AGREED = (
    "SELECT 1 FROM obligations WHERE dossier = ?1 AND kind = ?2 AND state = ?3"
    " AND version = (SELECT max(revision) FROM requests WHERE dossier = ?1)"
)
UNPAID = (
    "SELECT number FROM invoices AS i WHERE dossier = ? AND credits IS NULL AND paid_on IS NULL"
    " AND NOT EXISTS (SELECT 1 FROM invoices WHERE credits = i.number) ORDER BY number"
)
CLOSES = re.compile(r"\s*(closed|gesloten|afgesloten)\s*:", re.IGNORECASE)
NAMES = re.compile(r"\s*(dossier|kenmerk)\s*:", re.IGNORECASE)
QUESTION = "invoice"


@dataclass(frozen=True)
class Again:
    """A checked file, the dossier that it would go on with, and what differs from what is known there.

    Without a dossier it is the first of its client.
    """

    found: Dropped
    client: ClientFile
    dossier: str | None
    changes: frozenset[str]

    @property
    def only_closes(self) -> bool:
        """Whether it says nothing new but when the coaching is over."""
        return self.dossier is not None and not self.changes and self.client.closed is not None


def compared(practice: Practice, found: Dropped, client: ClientFile, dossier: str | None) -> Again:
    """Compare a file with what is known in the dossier that it would go on with."""
    if dossier is None:
        return Again(found, client, None, frozenset())
    before, after = json.loads(last(practice, dossier)["facts"]), json.loads(client.model_dump_json())
    return Again(found, client, dossier, changed(before, after))


def last(practice: Practice, dossier: str) -> sqlite3.Row:
    """Give the newest revision of a dossier."""
    row = practice.database.row("SELECT * FROM requests WHERE dossier = ? ORDER BY revision DESC LIMIT 1", dossier)
    assert row is not None, dossier
    return row


def after_the_end(practice: Practice, one: Again) -> Problem | None:
    """Say what to do with a file that would go on with a coaching that is over: a second one must differ from it.

    The bytes of the first are known for good, so that what lies there still, or comes back by itself, begins nothing.
    """
    closed = closed_on(practice, one.dossier) if one.dossier else None
    reference, word = one.dossier, ""
    if one.only_closes:
        word = "closed_on_that_day" if closed == one.client.closed else ""
    elif closed and is_about_invoices(practice, one):
        word = "" if one.client.dossier else "closed_or_second"
    elif closed and one.client.dossier:
        word = "closed_is_named"
    elif reference := ended_with(practice, one.found.sha256):
        word = "closed_same_file"
    key = CLOSES if one.only_closes else NAMES
    return said_at(one.found, key, say(practice.file.language, word, reference=reference)) if word else None


def said_at(found: Dropped, key: re.Pattern[str], text: str) -> Problem:
    """Say something of a file at the line with a key, or at its beginning."""
    lines = found.data.decode("utf-8", "replace").splitlines()
    return Problem(next((number for number, line in enumerate(lines, 1) if key.match(line)), 1), 1, text)


def is_about_invoices(practice: Practice, one: Again) -> bool:
    """Tell whether a file says nothing new but what invoices show, of a quote that was accepted.

    Before that it is a new version of the quote, which shows it too.
    """
    if not one.changes or not one.changes <= INVOICED:
        return False
    return bool(practice.database.value(AGREED, one.dossier, Kind.QUOTE, ObligationState.FULFILLED))


def kept_as(practice: Practice, one: Again) -> str:
    """Give where the file is kept that amends a request, beside the one that it amends; the same bytes, the same."""
    revision, sealed = last(practice, str(one.dossier))["revision"], tokens.seal(practice.key, one.found.sha256)
    return f"dossiers/{one.dossier}/{one.dossier}-client-v{revision}-{sealed[:8]}.yaml"


def amend(practice: Practice, one: Again, now: datetime) -> str:
    """Take over what invoices show, in the request that was agreed to, once its file is kept; gives what to tell.

    What was sent stays as it is and nothing goes out; of invoices that are not paid yet the coach is told.
    """
    dossier, database = str(one.dossier), practice.database
    revision, sealed = last(practice, dossier)["revision"], tokens.seal(practice.key, one.found.sha256)
    with database.transaction():
        database.run(
            "UPDATE requests SET facts = ?, sha256 = ? WHERE dossier = ? AND revision = ?",
            one.client.model_dump_json(), one.found.sha256, dossier, revision,
        )  # fmt: skip
        rules = taken_by(practice.policy, filled(one.client.model_dump(exclude_none=True)))
        ledger.record(
            database, now, "request.amended", dossier=dossier, revision=revision, seal=sealed,
            fields=" ".join(sorted(one.changes)), **citing(*rules),
        )  # fmt: skip
        if unpaid := [row["number"] for row in database.rows(UNPAID, dossier)]:
            reason = ("invoice_sent_before", {"numbers": ", ".join(unpaid)})
            questions.ask(practice, QUESTION, now, [reason], dossier=dossier)
    return f"{dossier} request v{revision}: its next invoice shows what the file says now"
