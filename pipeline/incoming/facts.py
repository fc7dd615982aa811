"""What is known when a mail comes in: the mails of ours that can be answered, and who has which address.

Takes the tables of the road out; leaves `Known`, on which matching and the rules decide without a database.
"""

from __future__ import annotations

import json
import sqlite3

from pipeline.incoming import nature, sender
from pipeline.incoming.conditions import Facts
from pipeline.incoming.mail import Correspondent, Known, Mail, Sent
from pipeline.incoming.match import answered
from pipeline.model import Party, Purpose
from pipeline.practice import Practice
from pipeline.subjects import subject


def known(practice: Practice) -> Known:
    """Read our mails by token, and the addresses in the newest version of every dossier."""
    return Known(_sent(practice), _addresses(practice))


def seen(practice: Practice, mail: Mail, known: Known) -> Facts:
    """Give what the rules look at of a mail: the same for deciding and for `pipeline rules test`."""
    return Facts(
        mail, nature.of(mail, practice.file.mail.sender), sender.standing(mail, practice.file.mail.provider),
        known_sender=mail.sender in known.addresses, reply_to_us=reply_to_us(mail, known),
    )  # fmt: skip


def reply_to_us(mail: Mail, known: Known) -> bool:
    """Tell whether a mail answers one of ours: In-Reply-To is enough, References only under the same subject.

    Mail programs keep References when somebody takes an old mail to write about something new.
    """
    return bool(answered(mail, known))


def _sent(practice: Practice) -> dict[str, Sent]:
    """Give every mail that went to a party; a note to the coach herself is nothing to answer."""
    rows = practice.database.rows(
        "SELECT m.token, m.message_id, m.dossier, m.revision, m.party, m.recipient, m.purpose, m.round, r.facts"
        " FROM messages m"
        " JOIN requests r ON r.dossier = m.dossier AND r.revision = m.revision WHERE m.purpose <> ?",
        Purpose.NOTE,
    )
    return {
        row["token"]: Sent(
            row["token"], row["message_id"], row["dossier"], row["revision"], row["party"], row["recipient"],
            _subject(practice, row, json.loads(row["facts"]).get("language")), row["purpose"], row["round"],
        )
        for row in rows
    }  # fmt: skip


def _subject(practice: Practice, row: sqlite3.Row, language: str | None) -> str:
    """Give the subject of a mail as it was composed; it is not kept, because it follows from the dossier."""
    file = practice.file
    return subject(file.practice.name, row["dossier"], Purpose(row["purpose"]), language or file.language)


def _addresses(practice: Practice) -> dict[str, tuple[Correspondent, ...]]:
    rows = practice.database.rows(
        "SELECT dossier, facts FROM requests r"
        " WHERE revision = (SELECT max(revision) FROM requests WHERE dossier = r.dossier) ORDER BY dossier"
    )
    found: dict[str, tuple[Correspondent, ...]] = {}
    for row in rows:
        facts = json.loads(row["facts"])
        for party in (Party.CLIENT, Party.SPONSOR):
            address = ((facts.get(party) or {}).get("email") or "").lower()
            if address:
                found[address] = (*found.get(address, ()), Correspondent(row["dossier"], party))
    return found
