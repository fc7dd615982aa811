"""Copies that the coach sent herself: a mail from her own program that carries a document of ours.

It does not carry our header. It is known by the name inside the PDF, or, like a profile that somebody else made, by its
very bytes; it counts only when it went to nobody but the party that the document was for. Any other is shown to her,
once, and never touched. Only Sent is looked through.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.utils import getaddresses

from pipeline import questions
from pipeline.edges import mailbox
from pipeline.edges.mailbox.headers import batches
from pipeline.errors import ReadingFailed, ReadingNotInstalled
from pipeline.model import IN_COURSE, OPENING, OWN_HEADER, Kind, Purpose
from pipeline.practice import Practice
from pipeline.press.countersign import COUNTERSIGNED
from pipeline.retention.mail import identical

WHAT = "purge"
LARGEST = 40 << 20
MOST_PAPERS = 20
FINGERPRINT = re.compile(rf"([0-9A-Z]{{4}}-[0-9A-Z]{{4}})-([1-9]) v([1-9][0-9]{{0,3}})( {re.escape(COUNTERSIGNED)})?")
SENT = """
SELECT token, party FROM messages
WHERE dossier = ? AND revision = ? AND purpose = ? AND ',' || kinds || ',' LIKE '%,' || ? || ',%'
"""
IN_ITS_COURSE = f"""
SELECT token, party FROM messages
WHERE dossier = ? AND round = ? AND ',' || kinds || ',' LIKE '%,' || ? || ',%'
    AND purpose IN ({", ".join(f"'{purpose}'" for purpose in IN_COURSE)})
"""  # noqa: S608 - only our own words are put in


@dataclass(frozen=True)
class Written:
    """A mail that she wrote: to whom, with which PDFs, and the date that it bears."""

    recipients: set[str]
    papers: list[bytes]
    date: str


@dataclass(frozen=True)
class Carried:
    """A document of ours that a mail carries: its dossier and version, and the mails that brought it, by party."""

    dossier: str
    tokens: dict[str, str]


def look(practice: Practice, box: mailbox.Mailbox, account: str, folder: str, now: datetime) -> None:
    """Look through what is new in a folder for what was sent, and note what carries a document of ours.

    Raises `Withheld` when the folder cannot be read; what could not be looked at is looked at again.
    """
    since = practice.database.value("SELECT min(queued_at) FROM messages WHERE dossier IS NOT NULL")
    if since is None:
        return
    state = box.examine(folder)
    following = state.next_uid or 1
    ours = practice.database.rows(
        "SELECT uid FROM copies WHERE account = ? AND folder = ? AND uidvalidity = ?",
        account, folder, state.uidvalidity,
    )  # fmt: skip
    new = set(box.uids(_first(practice, account, folder, state), following)) - {row["uid"] for row in ours}
    for some in batches(sorted(new)):
        try:
            for uid in _suspect(practice, box, list(some), datetime.fromisoformat(since)):
                _judge(practice, box, (account, folder, state.uidvalidity, uid), now)
        except ReadingNotInstalled:
            return  # nobody can say what is in a paper; once it is installed, all are looked at
        _mark(practice, account, folder, state.uidvalidity, some[-1] + 1)
    _mark(practice, account, folder, state.uidvalidity, following)


def _first(practice: Practice, account: str, folder: str, state: mailbox.State) -> int:
    kept = practice.database.setting(_name(account, folder))
    numbered, following = json.loads(kept) if kept else (state.uidvalidity, 1)
    return int(following) if numbered == state.uidvalidity else 1


def _mark(practice: Practice, account: str, folder: str, uidvalidity: int, following: int) -> None:
    value = json.dumps([uidvalidity, following])
    practice.database.keep_setting(_name(account, folder), value)


def _name(account: str, folder: str) -> str:
    return f"by_hand {account} {folder}"


def _suspect(practice: Practice, box: mailbox.Mailbox, uids: list[int], since: datetime) -> list[int]:
    """Give the mails that she wrote since our first one, and that bring a PDF; nothing is downloaded for that."""
    sender = practice.file.mail.sender
    written = [
        one.uid for one in box.glimpses(uids)
        if one.headers and OWN_HEADER.lower() not in one.headers and one.size <= LARGEST
        and (one.internal_date is None or one.internal_date >= since)
        and _addresses(mailbox.decoded(one.headers.get("from", ""))) == {sender.lower()}
    ]  # fmt: skip
    told = box.parts(written) if written else {}
    return sorted(uid for uid, parts in told.items() if parts is None or any(map(_pdf, parts)))


def _pdf(part: mailbox.Part) -> bool:
    return part[0] == "application/pdf" or part[1].lower().endswith(".pdf")


def _judge(practice: Practice, box: mailbox.Mailbox, place: tuple[str, str, int, int], now: datetime) -> None:
    """Note one mail as a copy, or show it."""
    data = box.whole(place[3])
    found = _read(data) if data else None
    if not data or found is None:
        return
    recipients = found.recipients - {practice.file.mail.sender.lower()}
    for carried in _carried(practice, found.papers):
        theirs = (one for party, one in carried.tokens.items() if _theirs(practice, carried, party, recipients))
        token = next(theirs, "")
        with practice.database.transaction():
            if not token:
                _show(practice, carried, found.date, now)
                return
            practice.database.run(
                "INSERT OR REPLACE INTO copies VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?)",
                *place, token, identical.message_id(data), now.isoformat(), hashlib.sha256(data).hexdigest(),
            )  # fmt: skip


def _read(data: bytes) -> Written | None:
    """Take a mail apart; None for one that nothing can be made of: then it is none that her mail program made."""
    try:
        mail = message_from_bytes(data)
        papers = list(itertools.islice(_papers(mail), MOST_PAPERS))
        return Written(_recipients(mail), papers, str(mail.get("Date", "?"))[:40])
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def _recipients(mail: Message) -> set[str]:
    return set().union(*(_addresses(str(text)) for name in ("To", "Cc", "Bcc") for text in mail.get_all(name, [])))


def _addresses(text: str) -> set[str]:
    return {address.lower() for _, address in getaddresses([text]) if address}


def _theirs(practice: Practice, carried: Carried, party: str, recipients: set[str]) -> bool:
    """Tell whether a mail went to that party of the dossier and to nobody else."""
    rows = practice.database.rows(
        "SELECT recipient FROM messages WHERE dossier = ? AND party = ?", carried.dossier, party
    )
    return bool(recipients) and recipients <= {row["recipient"].lower() for row in rows}


def _carried(practice: Practice, papers: list[bytes]) -> Iterator[Carried]:
    """Give the documents of ours among these, as the confined reader sees them."""
    for data in papers:
        if (known := _by_its_bytes(practice, data)) is not None:
            yield known
            continue
        try:
            found = FINGERPRINT.fullmatch(practice.reader.recognise(data).fingerprint)
        except ReadingNotInstalled:
            raise
        except ReadingFailed:
            continue
        if found and (carried := _document(practice, found)) is not None:
            yield carried


def _papers(mail: Message) -> Iterator[bytes]:
    """Give the PDFs of the mail itself; a mail that it forwards is another's."""
    waiting: list[Message] = [mail]
    while waiting:
        part = waiting.pop(0)
        if part.get_content_maintype() == "message":
            continue
        inside = part.get_payload()
        if isinstance(inside, list):
            waiting += [one for one in inside if isinstance(one, Message)]
        elif part.get_content_type() == "application/pdf" or str(part.get_filename() or "").lower().endswith(".pdf"):
            data = part.get_payload(decode=True)
            if isinstance(data, bytes) and data:
                yield data


def _by_its_bytes(practice: Practice, data: bytes) -> Carried | None:
    """Give the document in the course of a coaching that these bytes are."""
    row = practice.database.row(
        "SELECT dossier, kind, version FROM documents WHERE sha256 = ? AND kind NOT IN (?, ?)",
        hashlib.sha256(data).hexdigest(), *OPENING,
    )  # fmt: skip
    return _in_its_course(practice, row["dossier"], Kind(row["kind"]), row["version"]) if row else None


def _document(practice: Practice, found: re.Match[str]) -> Carried | None:
    dossier, number, version, countersigned = found.groups()
    kind = next((one for one in Kind if one.number == int(number)), None)
    if kind is not None and kind not in OPENING:
        return _in_its_course(practice, dossier, kind, int(version))
    purpose = Purpose.COUNTERSIGNED if countersigned else Purpose.DOCUMENTS
    rows = practice.database.rows(SENT, dossier, int(version), purpose, kind)
    return Carried(dossier, {row["party"]: row["token"] for row in rows}) if rows else None


def _in_its_course(practice: Practice, dossier: str, kind: Kind, version: int) -> Carried | None:
    """Give a document by whom a mail of ours is for: before her yes a report is for nobody but the client."""
    there = practice.database.value(
        "SELECT 1 FROM documents WHERE dossier = ? AND kind = ? AND version = ?", dossier, kind, version
    )
    rows = practice.database.rows(IN_ITS_COURSE, dossier, version, kind)
    return Carried(dossier, {row["party"]: row["token"] for row in rows}) if there else None


def _show(practice: Practice, carried: Carried, date: str, now: datetime) -> None:
    questions.ask(practice, WHAT, now, [("sent_to_another", {"reference": carried.dossier, "date": date})])
