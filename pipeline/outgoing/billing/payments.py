"""What was billed and is not paid: reminders on the practice's calendar, and the coach's word that it was paid.

Takes invoices whose mail was accepted and whose day is over; leaves the reminder queued, which carries the invoice once
more. A credit note, or the coach's word, ends it; however long the program was away, one reminder goes.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta

from pipeline.config.invoicing import PaymentReminders
from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.model import MessageState, Purpose
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.billing import invoices
from pipeline.outgoing.mail.freezing import each_made, enqueue, freeze
from pipeline.practice import Practice
from pipeline.words import say

Tell = Callable[[str], None]
UNPAID = """
SELECT i.*, (SELECT count(*) FROM messages WHERE dossier = i.dossier AND purpose = ?1
        AND round BETWEEN i.version * ?4 AND (i.version + 1) * ?4 - 1) AS reminders,
    (SELECT max(coalesce(accepted_at, queued_at)) FROM messages WHERE dossier = i.dossier AND purpose = ?1
        AND round BETWEEN i.version * ?4 AND (i.version + 1) * ?4 - 1) AS reminded_at,
    EXISTS (SELECT 1 FROM dossiers WHERE reference = i.dossier AND client_key <> '')
        AND EXISTS (SELECT 1 FROM messages WHERE dossier = i.dossier AND purpose = ?2 AND round = i.version
            AND state = ?5 AND bounced IS NULL) AS arrived,
    (SELECT party FROM messages WHERE dossier = i.dossier AND purpose = ?2 AND round = i.version) AS party
FROM invoices AS i
WHERE i.credits IS NULL AND i.paid_on IS NULL AND i.due_on < ?3
    AND NOT EXISTS (SELECT 1 FROM invoices WHERE credits = i.number)
ORDER BY i.number
"""


def unpaid_ones(practice: Practice, now: datetime) -> list[sqlite3.Row]:
    """Give the invoices that should have been paid by now, each with how often and when it was reminded of.

    `party` is to whom it went; `arrived` are those that can be reminded of: it came there, and is known to whom.
    """
    rows = practice.database.rows(
        UNPAID, Purpose.PAYMENT, Purpose.INVOICE, practice.today(now).isoformat(), plan.MOST_REMINDERS,
        MessageState.ACCEPTED,
    )  # fmt: skip
    return [row for row in rows if invoices.read(row).payable]


def owed(practice: Practice, now: datetime) -> list[sqlite3.Row]:
    """Give those of them that are reminded of."""
    return [row for row in unpaid_ones(practice, now) if row["arrived"]]


def is_the_coachs(practice: Practice, row: sqlite3.Row, now: datetime) -> bool:
    """Tell whether no reminder goes any more for an unpaid invoice: from the day on which another one would."""
    rules = practice.file.invoicing
    if rules is None or not row["arrived"]:
        return True
    return row["reminders"] >= rules.remind.at_most and practice.today(now) >= _next(practice, row, rules.remind)


def remind(practice: Practice, now: datetime, tell: Tell) -> int:
    """Queue the reminders that are due; gives how many. Raises `PrintFailed` or `NotAsPlanned`, after all others."""
    rules = practice.file.invoicing
    if rules is None:
        return 0
    return each_made(
        practice,
        [row for row in owed(practice, now) if _is_due(practice, row, now)],
        lambda row: _remind(practice, row, now, tell),
    )


def _is_due(practice: Practice, row: sqlite3.Row, now: datetime) -> bool:
    rules = practice.file.invoicing
    if rules is None or row["reminders"] >= rules.remind.at_most:
        return False
    return practice.today(now) >= _next(practice, row, rules.remind)


def _next(practice: Practice, row: sqlite3.Row, rules: PaymentReminders) -> date:
    """Give the day of the next reminder of an invoice, if there is to be one."""
    if row["reminded_at"] is None:
        return date.fromisoformat(row["due_on"]) + timedelta(rules.first_after_days)
    return practice.day_of(row["reminded_at"]) + timedelta(rules.every_days)


def _remind(practice: Practice, row: sqlite3.Row, now: datetime, tell: Tell) -> int:
    revision = recorded.revision(practice, row["dossier"], recorded.newest_revision(practice, row["dossier"]))
    number = plan.payment_round(row["version"], row["reminders"] + 1)
    (delivery,) = plan.in_course(revision.client, Purpose.PAYMENT, number)
    mail = freeze(practice, revision, delivery, now)
    with practice.database.transaction():
        if row["number"] not in {one["number"] for one in owed(practice, now)}:
            return 0
        enqueue(practice, revision, mail, now)
        ledger.record(
            practice.database, now, "invoice.reminded", dossier=row["dossier"], number=row["number"],
            times=row["reminders"] + 1, token=mail.planned.token,
        )  # fmt: skip
    tell(f"{row['dossier']} reminder of invoice {row['number']} composed")
    return 1


def paid(practice: Practice, typed: str, now: datetime, on: date | None = None) -> str:
    """Take the coach's word that an invoice was paid, by its number or the one that its dossier owes; gives its number.

    Raises `UsageError` when it is not clear which one she means.
    """
    day, language = on or practice.today(now), practice.file.language
    with practice.database.transaction():
        number = _meant(practice, typed, "paid_on IS NULL")
        issued = practice.database.value("SELECT issued_on FROM invoices WHERE number = ?", number)
        if not issued <= day.isoformat() <= practice.today(now).isoformat():
            raise UsageError(say(language, "paid_on_which_day", number=number, issued=issued))
        practice.database.run("UPDATE invoices SET paid_on = ? WHERE number = ?", day.isoformat(), number)
        practice.database.run(
            "UPDATE messages SET state = ? WHERE purpose = ? AND state IN (?, ?) AND EXISTS (SELECT 1 FROM invoices"
            " WHERE number = ? AND dossier = messages.dossier AND version = messages.round / ?)",
            MessageState.SUPERSEDED, Purpose.PAYMENT, MessageState.QUEUED, MessageState.HELD, number,
            plan.MOST_REMINDERS,
        )  # fmt: skip
        ledger.record(practice.database, now, "invoice.paid", number=number, day=day.isoformat())
    return number


def unpaid(practice: Practice, typed: str, now: datetime) -> str:
    """Take back that an invoice was paid; gives its number. Raises `UsageError`."""
    with practice.database.transaction():
        number = _meant(practice, typed, "paid_on IS NOT NULL")
        practice.database.run("UPDATE invoices SET paid_on = NULL WHERE number = ?", number)
        ledger.record(practice.database, now, "invoice.unpaid", number=number)
    return number


def _meant(practice: Practice, typed: str, state: str) -> str:
    """Give the one invoice, in a state, that has this number or belongs to this dossier."""
    name, language = typed.strip().upper(), practice.file.language
    rows = practice.database.rows(
        f"SELECT number FROM invoices AS i WHERE (number = ?1 OR dossier = ?1) AND credits IS NULL AND {state}"  # noqa: S608
        " AND NOT EXISTS (SELECT 1 FROM invoices WHERE credits = i.number) ORDER BY number",
        name,
    )
    numbers = [str(row["number"]) for row in rows]
    if not numbers:
        raise UsageError(say(language, "no_invoice_to_pay", value=typed))
    if len(numbers) > 1:
        raise UsageError(say(language, "which_invoice", value=typed, numbers=", ".join(numbers)))
    return numbers[0]
