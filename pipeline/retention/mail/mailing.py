"""Which mail is at its end: what the policy's mail rules are about, put down once its event and its wait are over.

Takes mails that were accepted, answered, filed, or whose contents were erased; leaves rows in `purges`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

from pipeline.edges import ledger
from pipeline.model import (
    IN_COURSE,
    OPENING,
    AttentionState,
    Kind,
    MailState,
    MessageState,
    ObligationState,
    PurgeState,
    Purpose,
)
from pipeline.policy.mailterms import MailLife, MailTerm, kinds_of, mail_term
from pipeline.policy.schema.mail import Deleted, MailKind
from pipeline.practice import Practice
from pipeline.retention.mail import proof

OPENED_BY = "('{}', '{}')".format(*OPENING)
COURSE = ", ".join(f"'{purpose}'" for purpose in IN_COURSE)
OF_COURSE = f"m.purpose IN ({COURSE})"
# A mail asks for what it carries, for her word on it, or, when it carries an invoice, for its payment. What asks
# nothing is answered by being accepted. What it carries is gone once the last of its documents was erased.
SENT = f"""
SELECT m.token, NULL AS mail, m.dossier, m.purpose, m.kinds, m.accepted_at,
    CASE WHEN m.purpose IN ('{Purpose.INVOICE}', '{Purpose.PAYMENT}') THEN
        (SELECT paid_on FROM invoices WHERE dossier = m.dossier AND version = m.round)
    WHEN {OF_COURSE} THEN
        (SELECT CASE WHEN count(*) = 0 THEN m.accepted_at WHEN sum(o.state = '{ObligationState.AWAITED}') = 0
            THEN max(coalesce(o.settled_at, o.asked_at)) END
         FROM obligations o WHERE o.dossier = m.dossier AND o.version = m.round AND o.party = m.party
         AND ',' || m.kinds || ',' LIKE '%,' || o.kind || ',%')
    WHEN m.kinds = '{Kind.APPROVAL}' THEN
        (SELECT CASE WHEN sum(o.state = '{ObligationState.AWAITED}') = 0 THEN max(coalesce(o.settled_at, o.asked_at))
            END FROM obligations o WHERE o.dossier = m.dossier AND o.kind = m.kinds)
    ELSE
        (SELECT CASE WHEN sum(o.state = '{ObligationState.AWAITED}') = 0 THEN max(coalesce(o.settled_at, o.asked_at))
            END FROM obligations o WHERE o.dossier = m.dossier AND o.version = m.revision AND o.kind IN {OPENED_BY}
         AND (o.party = m.party OR m.party NOT IN
            (SELECT party FROM obligations WHERE dossier = m.dossier AND kind IN {OPENED_BY}))) END AS answered_at,
    EXISTS (SELECT 1 FROM documents d WHERE d.dossier = m.dossier AND d.sha256 = ''
        AND ',' || m.kinds || ',' LIKE '%,' || d.kind || ',%' AND (m.kinds = '{Kind.APPROVAL}'
            OR d.version = CASE WHEN {OF_COURSE} THEN m.round ELSE m.revision END)) AS emptied
FROM messages m
WHERE m.state = '{MessageState.ACCEPTED}' AND NOT EXISTS (SELECT 1 FROM purges WHERE token = m.token)
"""  # noqa: S608 - only our own words are put in
RECEIVED = f"""
SELECT NULL AS token, number AS mail, dossier, state, stored_at,
    max(stored_at, coalesce((SELECT max(settled_at) FROM attention WHERE mail = mails.number), '')) AS filed_at
FROM mails
WHERE state IN ('{MailState.FILED}', '{MailState.LEFT}', '{MailState.SET_ASIDE}')
    AND NOT EXISTS (SELECT 1 FROM purges WHERE mail = mails.number)
    AND NOT EXISTS (SELECT 1 FROM attention WHERE mail = mails.number AND state = '{AttentionState.OPEN}')
"""  # noqa: S608 - only our own words are put in


def schedule(practice: Practice, now: datetime) -> int:
    """Put down every mail that is due by a rule for its kind; gives how many were not there yet."""
    if not practice.policy.mail:
        return 0
    with practice.database.transaction():
        found = (*_sent(practice, now), *_received(practice))
        return _put_down(practice, [(row, term) for row, term in found if term.due <= now], now)


def _sent(practice: Practice, now: datetime) -> Iterator[tuple[sqlite3.Row, MailTerm]]:
    for row in practice.database.rows(SENT):
        kinds = kinds_of(Purpose(row["purpose"]), (Kind(kind) for kind in row["kinds"].split(",") if kind))
        happened = _moments(row, {Deleted.ACCEPTED: "accepted_at", Deleted.ANSWERED: "answered_at"})
        if row["emptied"]:
            happened[Deleted.WITH_CONTENTS] = now  # this is the first look since they went
        term = mail_term(practice.policy.mail, MailLife(kinds, happened))
        if term is not None:
            yield row, term


def _received(practice: Practice) -> Iterator[tuple[sqlite3.Row, MailTerm]]:
    wanted = {kind for rule in practice.policy.mail for kind in rule.covers}
    if not wanted & {MailKind.INCOMING, MailKind.UNLINKED}:
        return
    for row in practice.database.rows(RECEIVED):
        if row["dossier"] is None:
            kind, moments = MailKind.UNLINKED, {Deleted.RECEIVED: "stored_at"}
        elif row["state"] == MailState.FILED:
            kind, moments = MailKind.INCOMING, {Deleted.RECEIVED: "stored_at", Deleted.FILED: "filed_at"}
        else:
            continue
        term = mail_term(practice.policy.mail, MailLife(frozenset({kind}), _moments(row, moments)))
        if term is not None:
            yield row, term


def _moments(row: sqlite3.Row, columns: dict[Deleted, str]) -> dict[Deleted, datetime]:
    return {event: _moment(row[column]) for event, column in columns.items() if row[column]}


def _moment(at: str) -> datetime:
    """Give a moment; a day that somebody told begins in UTC."""
    moment = datetime.fromisoformat(at)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _put_down(practice: Practice, due: list[tuple[sqlite3.Row, MailTerm]], now: datetime) -> int:
    practice.database.run_each(
        "INSERT INTO purges (token, mail, dossier, rule, clauses, due_at, gone_by, at_once, state, next_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (row["token"], row["mail"], row["dossier"], term.rule.id, _clauses(term), term.due.isoformat(),
             term.gone_by.isoformat(), int(term.at_once), PurgeState.DUE, now.isoformat())
            for row, term in due
        ),
    )  # fmt: skip
    told = ({"rules": term.rule.id, "clauses": _clauses(term), **proof.which(row)} for row, term in due)
    ledger.record_all(practice.database, now, "mail.due", told)
    return len(due)


def _clauses(term: MailTerm) -> str:
    return " ".join(term.rule.clauses)
