"""The daily note: what happened, what waits, what will be erased, and the ledger's head, kept outside this machine.

Takes the ledger, as far as no note has told of it yet; leaves one mail to the practice's own address, queued like any
other. It tells of the days that are over, at the first pass of the next one, and there is at most one on a day. What
the notes themselves do in the ledger is no news, so that no note leads to another. Nobody is named: references only.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipeline import tokens
from pipeline.edges import ledger
from pipeline.model import CopyState, ErasureState, MessageState, Party, Purpose, message_file
from pipeline.outgoing import plan
from pipeline.outgoing.mail import letter
from pipeline.outgoing.mail.freezing import NotAsPlanned
from pipeline.outgoing.values.base import GREETINGS, day
from pipeline.policy.phrases import capital, category
from pipeline.policy.schema.base import Category
from pipeline.practice import Practice
from pipeline.press.stamp import fingerprint
from pipeline.words import say

Tell = Callable[[str], None]
Waits = Callable[[], list[str]]
SETTING = "daily note"
AHEAD = timedelta(days=14)
MOST_NAMED = 8
HEAD_DIGITS = 32
EVENTS = {
    "dossier.opened": "daily_opened", "request.accepted": "daily_requests", "message.accepted": "daily_sent",
    "message.refused": "daily_refused", "message.in_doubt": "daily_in_doubt", "message.bounced": "daily_bounced",
    "mail.filed": "daily_filed", "return.booked": "daily_booked", "consent.given": "daily_consents",
    "consent.refused": "daily_refusals", "consent.withdrawn": "daily_withdrawals", "quote.declined": "daily_declined",
    "obligation.reminded": "daily_reminded", "obligation.expired": "daily_expired",
    "attested": "daily_attested", "statement.activated": "daily_statement", "mail.deleted": "daily_mail_deleted",
    "mail.not_deleted": "daily_mail_kept", "erasure.planned": "daily_planned", "erasure.verified": "daily_erased",
    "dossier.ended": "daily_ended",
}  # fmt: skip
"""What is told, in this order, with the word for it; all else in the ledger is told as one number."""


@dataclass(frozen=True)
class Told:
    """How far the notes have told: up to which entry, and the day of the last note."""

    upto: int = 0
    on: str = ""


def write(practice: Practice, now: datetime, tell: Tell, waits: Waits) -> int:
    """Queue today's note when the days before it brought news; gives how many. `waits` gives what waits for the coach.

    Raises `PrintFailed` or `NotAsPlanned` when it cannot be made.
    """
    today, told = practice.today(now), _told(practice)
    if not practice.file.daily_note or told.on == today.isoformat():
        return 0
    delivery = plan.daily(practice.file.practice.email, today)
    planned = letter_plan(practice, delivery)
    if practice.database.value("SELECT 1 FROM messages WHERE token = ?", planned.token):
        return 0  # the clock was put back: what is frozen stays as it is
    news = _news(practice, told, today)
    if not news:
        return 0
    last = practice.database.row("SELECT number, hash FROM ledger ORDER BY number DESC LIMIT 1")
    assert last is not None, "there was news"
    texts = _texts(practice, planned.subject, _values(practice, news, waits(), last, today))
    data = letter.make(planned, practice.file.practice.name, now, texts, {})
    wrong = letter.differences(data, planned, fingerprint)
    if wrong:
        raise NotAsPlanned("; ".join(wrong))
    practice.storage.write(message_file(planned.token), data)
    queued = _queue(
        practice, delivery, planned, hashlib.sha256(data).hexdigest(), Told(last["number"], str(today)), now
    )
    if queued:
        tell("the daily note is composed")
    return queued


def delivery_of(practice: Practice, row: sqlite3.Row) -> plan.Delivery:
    """Give what the note in a row of messages is to be: for whom, and of which day."""
    return plan.daily(practice.file.practice.email, date.fromordinal(row["round"]))


def letter_plan(practice: Practice, delivery: plan.Delivery) -> letter.LetterPlan:
    """Give what the note of a day must be; its token follows from the day, so that a repeated step finds its own."""
    sender, on = practice.file.mail.sender, date.fromordinal(delivery.round)
    token = tokens.message_token(practice.key, "", 0, Party.COACH, Purpose.DAILY, delivery.round)
    language = practice.file.language
    return letter.LetterPlan(
        token=token,
        message_id=f"<{token}@{sender.rpartition('@')[2]}>",
        sender=sender,
        recipient=delivery.recipient,
        subject=say(language, "subject_daily", practice=practice.file.practice.name, date=day(on, language)),
    )


def _told(practice: Practice) -> Told:
    kept = practice.database.setting(SETTING)
    return Told(**json.loads(kept)) if kept else Told()


def _news(practice: Practice, told: Told, today: date) -> list[dict[str, Any]]:
    """Give the entries of the days before `today` that no note has told of, but for what the notes did themselves."""
    midnight = datetime.combine(today, time(), ZoneInfo(practice.file.timezone))
    rows = practice.database.rows(
        "SELECT entry FROM ledger WHERE number > ? AND json_extract(entry, '$.at') < ? ORDER BY number",
        told.upto, midnight.astimezone(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip
    entries = [json.loads(row["entry"]) for row in rows]
    own = _own_tokens(practice, entries) if entries else set()
    return [entry for entry in entries if entry.get("token") not in own]


def _own_tokens(practice: Practice, entries: Iterable[dict[str, Any]]) -> set[str]:
    """Give the tokens of the notes: of those there are, and of those that were queued and are gone again."""
    rows = practice.database.rows("SELECT token FROM messages WHERE purpose = ?", Purpose.DAILY)
    queued = {str(entry["token"]) for entry in entries if entry.get("purpose") == Purpose.DAILY}
    return {row["token"] for row in rows} | queued


def _values(
    practice: Practice, news: list[dict[str, Any]], waits: list[str], last: sqlite3.Row, today: date
) -> dict[str, Any]:
    """Give the values of the note's text."""
    file, language = practice.file, practice.file.language
    first = practice.day_of(news[0]["at"])
    return {
        "language": language,
        "greeting": f"{GREETINGS[language]} {file.practice.coach},",
        "practice": {name: "" if value is None else str(value) for name, value in file.practice.model_dump().items()},
        "since": day(first, language),
        "happened": list(_happened(practice, news)),
        "waits": waits,
        "erasures": _erasures(practice, today),
        "ledger": {"entries": str(last["number"]), "head": last["hash"][:HEAD_DIGITS]},
    }


def _happened(practice: Practice, news: list[dict[str, Any]]) -> Iterator[str]:
    """Count what happened by its kind, with the dossiers it was about."""
    language = practice.file.language
    for event, word in EVENTS.items():
        found = [entry for entry in news if entry["event"] == event]
        if found:
            yield say(language, "daily_line", what=say(language, word), count=len(found), about=_about(practice, found))
    other = sum(entry["event"] not in EVENTS for entry in news)
    if other:
        yield say(language, "daily_line", what=say(language, "daily_other"), count=other, about="")


def _about(practice: Practice, entries: list[dict[str, Any]]) -> str:
    """Give the references of the dossiers that some entries are about, each once."""
    found = list(dict.fromkeys(name for entry in entries if (name := _reference(practice, entry))))
    more = ", …" if len(found) > MOST_NAMED else ""
    return f" ({', '.join(found[:MOST_NAMED])}{more})" if found else ""


def _reference(practice: Practice, entry: dict[str, Any]) -> str | None:
    """Give the dossier of an entry: it names it, or one of its documents, or a mail about it."""
    if entry.get("dossier"):
        return str(entry["dossier"])
    if entry.get("document"):
        return "-".join(str(entry["document"]).split("-")[:2])
    found = practice.database.value("SELECT dossier FROM messages WHERE token = ?", entry.get("token"))
    return str(found) if found else None


def _erasures(practice: Practice, today: date) -> list[str]:
    """Give what will be erased within two weeks: when, of which dossier, what, and by which clause."""
    language = practice.file.language
    rows = practice.database.rows(
        "SELECT * FROM erasures WHERE state = ? AND due <= ? ORDER BY due, dossier, number",
        ErasureState.PLANNED, (today + AHEAD).isoformat(),
    )  # fmt: skip
    return [
        say(
            language, "daily_erasure", date=day(date.fromisoformat(row["due"][:10]), language),
            dossier=row["dossier"] or "-", what=capital(category(Category(row["category"]), language)),
            clauses=row["clauses"] or row["rules"],
        )
        for row in rows
    ]  # fmt: skip


def _texts(practice: Practice, subject: str, values: dict[str, Any]) -> tuple[str, str]:
    plain = practice.press.write(f"{values['language']}/mail/daily.txt", values, escape=False).strip() + "\n"
    paragraphs = [block.split("\n") for block in plain.strip().split("\n\n")]
    rich = practice.press.write("mail.html", values | {"paragraphs": paragraphs, "subject": subject}, escape=True)
    return plain, rich


def _queue(
    practice: Practice, delivery: plan.Delivery, planned: letter.LetterPlan, sha256: str, told: Told, now: datetime
) -> int:
    """Queue the note and remember how far it told, in one transaction; nothing when there is one of that day.

    An earlier one that may not have arrived is let go: nobody needs to look into it, and this one has a later head.
    """
    at = now.isoformat()
    with practice.database.transaction():
        if not practice.database.run(
            "INSERT OR IGNORE INTO messages (token, party, kinds, recipient, message_id, sha256, state, next_at,"
            " queued_at, copy_state, purpose, round) VALUES (?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            planned.token, delivery.party, delivery.recipient, planned.message_id, sha256, MessageState.QUEUED, at, at,
            CopyState.NONE, delivery.purpose, delivery.round,
        ):  # fmt: skip
            return 0
        practice.database.run(
            "UPDATE messages SET state = ? WHERE purpose = ? AND state IN (?, ?) AND token != ?",
            MessageState.SUPERSEDED, Purpose.DAILY, MessageState.IN_DOUBT, MessageState.REFUSED, planned.token,
        )  # fmt: skip
        practice.database.keep_setting(SETTING, json.dumps(vars(told)))
        ledger.record(
            practice.database, now, f"message.{MessageState.QUEUED}", party=delivery.party, purpose=delivery.purpose,
            token=planned.token,
        )  # fmt: skip
    return 1
