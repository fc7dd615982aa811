"""Who waits for what: one look at the rows, for `status`, `show` and whatever face comes later."""

from __future__ import annotations

import re
import sqlite3
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from pipeline import attention
from pipeline.edges.folder import Unfit, shown
from pipeline.model import IN_COURSE, CopyState, Kind, MailState, MessageState, ObligationState, RequestState
from pipeline.outgoing.billing import invoices, payments
from pipeline.outgoing.sending import outbox
from pipeline.outgoing.values.base import money
from pipeline.practice import Practice
from pipeline.words import say

STUCK_AFTER = timedelta(hours=1)
SERVERS_NO = re.compile(r"[45]\d\d\b")


@dataclass(frozen=True)
class Line:
    """One thing: its dossier, what it is, how it stands, since when; `attention` when a person must act."""

    reference: str
    what: str
    state: str
    text: str
    since: str
    attention: bool


def everything(practice: Practice, now: datetime) -> list[Line]:
    """Give all that is under way, what needs attention first."""
    found = [
        *_dropped(practice, now), *_requests(practice), *_messages(practice, now), *_obligations(practice, now),
        *_unpaid(practice, now), *_waiting(practice), *_incoming(practice, now),
    ]  # fmt: skip
    return sorted(found, key=lambda line: (not line.attention, line.since, line.reference))


def as_data(lines: list[Line]) -> list[dict[str, Any]]:
    """Give the lines as plain data."""
    return [asdict(line) for line in lines]


def _dropped(practice: Practice, now: datetime) -> list[Line]:
    """Files that lie refused in the drop folders: those with a note beside them, and what cannot be taken at all."""
    at, language = now.isoformat(), practice.file.language
    lines = []
    for name, drop in practice.drops.items():
        for found in drop.found(settle=False):
            where = f"drop/{name}/{shown(found.where)}"
            if isinstance(found, Unfit):
                why = say(language, found.word, reason=found.reason)
                lines.append(Line(where, "file", "refused", why, at, attention=True))
            elif drop.has_note(found.where):
                lines.append(Line(where, "file", "refused", say(language, "see_note"), at, attention=True))
    return lines


def _requests(practice: Practice) -> list[Line]:
    rows = practice.database.rows(
        "SELECT * FROM requests WHERE state IN (?, ?, ?)",
        RequestState.ACCEPTED, RequestState.WRITTEN, RequestState.FAILED,
    )  # fmt: skip
    language = practice.file.language
    return [
        Line(
            row["dossier"], f"request v{row['revision']}", row["state"],
            row["reason"] or say(language, f"request_{row['state']}"), row["accepted_at"],
            attention=row["state"] == RequestState.FAILED,
        )
        for row in rows
    ]  # fmt: skip


def _messages(practice: Practice, now: datetime) -> list[Line]:
    rows = practice.database.rows(
        "SELECT * FROM messages WHERE state NOT IN (?, ?) OR copy_state IN (?, ?) AND state = ?",
        MessageState.ACCEPTED, MessageState.SUPERSEDED, CopyState.WANTED, CopyState.APPENDING, MessageState.ACCEPTED,
    )  # fmt: skip
    language, lines = practice.file.language, []
    for row in rows:
        late = now - datetime.fromisoformat(row["queued_at"]) > STUCK_AFTER
        bad = row["state"] in {MessageState.IN_DOUBT, MessageState.REFUSED}
        text = say(language, f"state_{row['state']}", reference=row["dossier"], reason=row["reason"] or "")
        if kept_in(row):
            text = say(language, "state_kept_in", reason=row["reason"] or "")
        elif row["state"] == MessageState.ACCEPTED:
            text = say(language, "copy_wanted")
        elif row["state"] == MessageState.QUEUED and row["reason"]:
            text = f"{text} ({row['reason']})"
        stuck = late and row["state"] != MessageState.HELD
        lines.append(
            Line(row["dossier"] or "-", mail(row), row["state"], text, row["queued_at"], attention=bad or stuck)
        )
    return lines


def kept_in(row: sqlite3.Row) -> bool:
    """Tell whether a refused mail was kept in by a gate of ours: no server has said no to it.

    A server says no with its number, or is given up when it has not said yes for days.
    """
    if row["state"] != MessageState.REFUSED or SERVERS_NO.match(row["reason"] or ""):
        return False
    tried, settled = (
        datetime.fromisoformat(row[column] or row["queued_at"]) for column in ("first_tried_at", "next_at")
    )
    return settled - tried <= outbox.GIVE_UP_AFTER


def mail(row: sqlite3.Row) -> str:
    """Name a mail by its version and for whom it is; one that is about no dossier by why it goes."""
    if row["purpose"] in IN_COURSE:
        return f"{row['purpose']} v{row['round']} to the {row['party']}"
    return f"mail v{row['revision']} to the {row['party']}" if row["dossier"] else f"{row['purpose']} note"


def _waiting(practice: Practice) -> list[Line]:
    """What waits for the coach, by its number."""
    return [
        Line(one.dossier or "-", f"attention {one.number}", one.what, "; ".join([one.title, *one.reasons]), one.since,
             attention=True)
        for one in attention.waiting(practice)
    ]  # fmt: skip


def _incoming(practice: Practice, now: datetime) -> list[Line]:
    """Mail that could not be fetched or understood for a while; it is tried again."""
    rows = practice.database.rows(
        "SELECT found_at AS at, 'fetch' AS step FROM arrivals WHERE mail IS NULL AND attempts > 0"
        " UNION ALL SELECT stored_at, 'understand' FROM mails WHERE state = ? AND attempts > 0",
        MailState.STORED,
    )  # fmt: skip
    language = practice.file.language
    return [
        Line("-", "incoming mail", row["step"], say(language, f"incoming_{row['step']}"), row["at"],
             attention=now - datetime.fromisoformat(row["at"]) > STUCK_AFTER)
        for row in rows
    ]  # fmt: skip


def _obligations(practice: Practice, now: datetime) -> list[Line]:
    rows = practice.database.rows("SELECT * FROM obligations WHERE state = ?", ObligationState.AWAITED)
    today, language = practice.today(now).isoformat(), practice.file.language
    return [
        Line(
            row["dossier"], f"{Kind(row['kind'])} v{row['version']} from the {row['party']}",
            "overdue" if row["due_at"] < today else "awaited",
            say(language, "awaited", due=row["due_at"]), row["asked_at"], attention=row["due_at"] < today,
        )
        for row in rows
    ]  # fmt: skip


def _unpaid(practice: Practice, now: datetime) -> list[Line]:
    """Invoices whose day is over: they are reminded of, and when that has ended it is for the coach."""
    language, lines = practice.file.language, []
    for row in payments.unpaid_ones(practice, now):
        amount, hers = money(invoices.read(row).totals.including, language), payments.is_the_coachs(practice, row, now)
        text = say(language, "unpaid_since", amount=amount, due=row["due_on"], count=row["reminders"])
        what_now = say(language, "unpaid_is_yours", number=row["number"]) if hers else ""
        what = f"invoice {row['number']}" + (f" to the {row['party']}" if row["party"] else "")
        lines.append(Line(row["dossier"], what, "overdue", f"{text}{what_now}", row["due_on"], hers))
    return lines
