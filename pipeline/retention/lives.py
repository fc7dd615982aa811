"""Everything that is held, with what has happened to it: one pass over the tables, however many dossiers there are.

Takes what the other roads wrote; leaves `Held`, on which the plan decides without a database. A part is named when what
it holds goes as one; what was erased is not there any more and so is not named. A case to learn from belongs to its
dossier as long as the key to it lives, and goes with it; from then on it is held by itself, and names no dossier.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from pipeline.edges.database import Database
from pipeline.model import PAPER, AttentionState, Kind, MailState, Nature, ObligationState, Purpose, ReturnState
from pipeline.policy.plan import Held
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event
from pipeline.policy.terms import Life, book_year_end
from pipeline.retention import course

Day = Callable[[datetime], date]
"""Gives the date of a moment on the practice's calendar."""

CLIENT = ("name", "formerly", "email", "salutation", "phone")
KEEP_IN_TOUCH = "keep_in_touch"
"""The consent to keep name and address after all else has gone; for how long, the category of that name says."""
EMPLOYER = ("role", "organisation")
STATUTORY, REST = "statutory", "rest"
COLUMNS = {
    "quote": Category.QUOTE, "consent": Category.CONSENT, "signed_quote": Category.AGREEMENT,
    "signed_consent": Category.CONSENT, "mail_out": Category.MAIL_OUT, "mail_in": Category.MAIL_IN,
}  # fmt: skip
"""The parts that are rows and files of their own, each with the day on which it came as a column below."""

CONTACTS = (
    f"('{Purpose.DOCUMENTS}', '{Purpose.APPOINTMENT}', '{Purpose.INVITATION}', '{Purpose.PROFILE}', '{Purpose.REPORT}',"
    f" '{Purpose.INVOICE}')"
)
"""Why mail goes out that is contact; what only reminds or asks again by itself is none."""
FORMS = "approval"
"""The part to which her word on a report belongs, however it came in."""

# The agreement stands when a signed quote was booked, also when a newer version has taken its obligation's place. A
# quote has lapsed when its newest version has, and nothing of the dossier waits for the coach: a refusal in a mail that
# anybody can write, or a signature that came late, is hers to judge before anything is counted from it; paper that is
# still to be destroyed keeps nothing from going. Of a consent the last yes counts, and the no that came after it.
DOSSIERS = f"""
SELECT d.reference, d.opened_at, d.client_key,
    (SELECT json_group_array(json(facts)) FROM requests WHERE dossier = d.reference) AS facts,
    (SELECT json_group_object(event, day) FROM events WHERE dossier = d.reference) AS events,
    (SELECT json_group_array(rule) FROM extensions WHERE dossier = d.reference AND lifted_at IS NULL) AS extended,
    (SELECT max(came_at) FROM consents WHERE dossier = d.reference AND purpose = '{KEEP_IN_TOUCH}' AND given)
        AS consented,
    (SELECT came_at FROM standing_consents WHERE dossier = d.reference AND purpose = '{KEEP_IN_TOUCH}' AND NOT given)
        AS withdrawn,
    (SELECT json_group_array(json_object('number', number, 'issued_on', issued_on, 'rest', rest IS NOT NULL))
        FROM invoices WHERE dossier = d.reference) AS invoices,
    EXISTS (SELECT 1 FROM obligations WHERE dossier = d.reference AND kind = '{Kind.QUOTE}'
        AND state = '{ObligationState.FULFILLED}')
    OR EXISTS (SELECT 1 FROM returns WHERE dossier = d.reference AND kind = '{Kind.QUOTE}'
        AND state IN ('{ReturnState.BOOKED}', '{ReturnState.AGAIN}')) AS engaged,
    CASE WHEN d.reference NOT IN (SELECT dossier FROM attention WHERE state = '{AttentionState.OPEN}'
        AND what <> '{PAPER}' AND dossier IS NOT NULL) THEN
        (SELECT max(settled_at) FROM obligations WHERE dossier = d.reference AND kind = '{Kind.QUOTE}'
            AND state IN ('{ObligationState.EXPIRED}', '{ObligationState.DECLINED}')) END AS lapsed,
    (SELECT max(accepted_at) FROM messages WHERE dossier = d.reference AND purpose IN {CONTACTS}) AS went,
    (SELECT min(written_at) FROM documents WHERE dossier = d.reference AND kind = '{Kind.QUOTE}'
        AND sha256 <> '') AS quote,
    coalesce(
        (SELECT min(written_at) FROM documents WHERE dossier = d.reference AND kind = '{Kind.CONSENT}'
            AND sha256 <> ''),
        (SELECT min(at) FROM consents WHERE dossier = d.reference AND NOT (purpose = '{KEEP_IN_TOUCH}'
            AND EXISTS (SELECT 1 FROM events WHERE dossier = d.reference AND event = '{Event.CONSENTED}')))) AS consent,
    (SELECT min(read_at) FROM returns WHERE dossier = d.reference AND kind = '{Kind.QUOTE}') AS signed_quote,
    (SELECT min(read_at) FROM returns WHERE dossier = d.reference AND kind = '{Kind.CONSENT}') AS signed_consent,
    (SELECT min(queued_at) FROM messages WHERE dossier = d.reference AND recipient <> '') AS mail_out,
    {course.DOCUMENTS} AS documents, {course.RETURNS} AS returned,
    (SELECT min(at) FROM approvals WHERE dossier = d.reference) AS worded,
    m.mail_in, m.came
FROM dossiers d LEFT JOIN (
    SELECT dossier, min(CASE WHEN file <> '' THEN stored_at END) AS mail_in,
        max(CASE WHEN nature = '{Nature.LETTER}' AND number NOT IN
            (SELECT mail FROM attention WHERE what = 'request' AND mail IS NOT NULL)
            THEN coalesce(came_at, stored_at) END) AS came
    FROM mails WHERE dossier IS NOT NULL GROUP BY dossier) m ON m.dossier = d.reference
ORDER BY d.reference
"""  # noqa: S608 - only our own words are put in

LONE_INVOICES = """
SELECT number, issued_on, dossier, rest IS NOT NULL AS rest FROM invoices
WHERE NOT EXISTS (SELECT 1 FROM dossiers WHERE reference = invoices.dossier) ORDER BY number
"""


def held(database: Database, day: Day, last_month: int) -> Iterator[Held]:
    """Give every part of what is held; `last_month` is the one that ends the book year."""
    for row in database.each(DOSSIERS):
        yield from _of_dossier(row, day, last_month)
    for row in database.each(LONE_INVOICES):
        yield from _invoice(row["dossier"], dict(row), {}, last_month)
    yield from _unfiled(database, day)
    yield from cases(database)


def _of_dossier(row: sqlite3.Row, day: Day, last_month: int) -> Iterator[Held]:
    reference, events = row["reference"], _events(row, day)
    opened, engaged = _day(row["opened_at"], day), bool(row["engaged"])
    extended = frozenset[str](json.loads(row["extended"]))
    in_touch = Event.CONSENTED in json.loads(row["events"])
    for category, name in _facts(json.loads(row["facts"])):
        if category is Category.CONTACT and in_touch and not row["client_key"]:
            since = Life(events[Event.CONSENTED], engaged, events, extended)
            yield Held(reference, Category.KEEP_IN_TOUCH, name, since)
        else:
            yield Held(reference, category, name, Life(opened, engaged, events, extended))
    for name, category in COLUMNS.items():
        if row[name]:
            yield Held(reference, category, name, Life(_day(row[name], day), engaged, events, extended))
    for name, at in _in_course(row).items():
        yield Held(reference, course.CATEGORIES[name], name, Life(_day(at, day), engaged, events, extended))
    for invoice in json.loads(row["invoices"]):
        yield from _invoice(reference, invoice, events, last_month, extended)


def _in_course(row: sqlite3.Row) -> dict[str, str]:
    """Give the parts that came in the course of the coaching, each with when the first of it did."""
    found = course.first_days(json.loads(row["documents"]), json.loads(row["returned"]))
    if row["worded"]:
        found[FORMS] = min(row["worded"], found.get(FORMS, row["worded"]))
    return found


def _facts(revisions: list[dict[str, Any]]) -> Iterator[tuple[Category, str]]:
    """Give the parts of a client file that are there in any of its revisions: each revision is kept."""
    clients = [facts.get("client") or {} for facts in revisions]
    if any(client.get(field) for client in clients for field in CLIENT):
        yield Category.CONTACT, "client"
    if any(client.get(field) for client in clients for field in EMPLOYER):
        yield Category.EMPLOYER, "employer"
    if any(facts.get("sponsor") for facts in revisions):
        yield Category.SPONSOR, "sponsor"
    if any(facts.get("goal") for facts in revisions):
        yield Category.GOAL, "goal"
    if any(facts.get("programme") or facts.get("lines") for facts in revisions):
        yield Category.AGREEMENT, "offer"


def _events(row: sqlite3.Row, day: Day) -> dict[Event, date]:
    """Give the days that are known: those that a person told, and those that follow from what went and came."""
    told = {Event(event): date.fromisoformat(on) for event, on in json.loads(row["events"]).items()}
    opened = _day(row["opened_at"], day)
    contacts = [_day(row[column], day) for column in ("came", "went") if row[column]]
    last = max([opened, *contacts, *told.values()])
    found = {Event.OPENED: opened, Event.FIRST_CONTACT: opened, Event.LAST_CONTACT: last, Event.LAST_ACTIVITY: last}
    if row["lapsed"] and not row["engaged"]:
        found[Event.LAPSED] = _day(row["lapsed"], day)
    if row["consented"]:
        found[Event.CONSENTED] = _day(row["consented"], day)
        if row["withdrawn"]:
            found[Event.WITHDRAWN] = _day(row["withdrawn"], day)
    return found | told


def _invoice(
    dossier: str, invoice: Mapping[str, Any], events: Mapping[Event, date], last_month: int,
    extended: frozenset[str] = frozenset(),
) -> Iterator[Held]:  # fmt: skip
    """Give an invoice in two: what the law names, and the rest, which goes on its own time."""
    issued = date.fromisoformat(invoice["issued_on"])
    known = {Event.ISSUED: issued, Event.BOOK_YEAR_ENDED: book_year_end(issued, last_month)}
    life = Life(issued, engaged=True, events={**events, **known}, extended=extended)
    yield Held(dossier, Category.INVOICE, f"{STATUTORY} {invoice['number']}", life, named="number")
    if invoice["rest"]:
        yield Held(dossier, Category.INVOICE, f"{REST} {invoice['number']}", life)


def _unfiled(database: Database, day: Day) -> Iterator[Held]:
    """Give the mails that belong to no dossier and wait for nobody."""
    rows = database.each(
        "SELECT number, stored_at FROM mails WHERE dossier IS NULL AND file <> '' AND state IN (?, ?, ?)"
        " AND number NOT IN (SELECT mail FROM attention WHERE state = ? AND mail IS NOT NULL) ORDER BY number",
        MailState.LEFT, MailState.SET_ASIDE, MailState.FILED, AttentionState.OPEN,
    )  # fmt: skip
    for row in rows:
        stored = _day(row["stored_at"], day)
        events = {Event.RECEIVED: stored}
        yield Held("", Category.UNFILED, f"mail {row['number']}", Life(stored, engaged=False, events=events))


def cases(database: Database) -> Iterator[Held]:
    """Give the cases whose key is gone; of their closing only the month is known, and its first day counts."""
    rows = database.each("SELECT code, marked_in, closed_in FROM cases WHERE closed_in IS NOT NULL ORDER BY code")
    for row in rows:
        marked, closed = (date.fromisoformat(f"{row[column]}-01") for column in ("marked_in", "closed_in"))
        life = Life(marked, engaged=True, events={Event.CLOSED: closed})
        yield Held("", Category.LEARNING, f"case {row['code']}", life)


def _day(at: str, day: Day) -> date:
    return day(datetime.fromisoformat(at))
