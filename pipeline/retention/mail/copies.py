"""Where copies of our own mail lie: every folder is read on from where the last look ended, what is ours is noted.

Only mail that was filed counts as a copy: one that was delivered to this mailbox came from somebody, unless it lies in
Sent, where a provider files by delivering, or is a note of ours to the coach herself.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from enum import Enum, auto

from pipeline.edges import mailbox
from pipeline.edges.mailbox.headers import batches, present
from pipeline.model import Party
from pipeline.practice import Practice
from pipeline.retention.mail import by_hand


class Likeness(Enum):
    """Whether a mail that carries our header is a copy of ours, is one that came back to us, or only looks like it."""

    OURS = auto()
    CAME_BACK = auto()
    ANOTHER = auto()


def look(practice: Practice, box: mailbox.Mailbox, account: str, now: datetime) -> set[str]:
    """Look through every folder for copies that are not noted yet; gives the folders that could not be read."""
    closed: set[str] = set()
    names = [one.name for one in box.folders() if one.can_be_opened]
    sent = sent_folders(practice, box)
    _forget(practice, account, names)
    for name in names:
        try:
            _look(practice, box, (account, name), now, filed=name in sent)
            _forget_absent(practice, box, (account, name), now)
            if name in sent:
                by_hand.look(practice, box, account, name, now)
        except mailbox.Withheld:
            closed.add(name)
    return closed


def sent_folders(practice: Practice, box: mailbox.Mailbox) -> set[str]:
    """Give the folders for what was sent, as the server or the coach calls them."""
    told = {one.name for one in box.folders() if "\\sent" in one.uses}
    return told | ({practice.file.mail.sent_folder} if practice.file.mail.sent_folder else set())


def likenesses(
    practice: Practice, copies: Sequence[mailbox.Copy], *, filed: bool
) -> Iterator[tuple[mailbox.Copy, Likeness]]:
    """Tell what each mail with our header is; `filed`: they lie in Sent, where nothing comes but what was sent."""
    for some in batches(copies):
        sent = {
            row["token"]: row for row in practice.database.rows(
                f"SELECT token, party, message_id FROM messages WHERE token IN ({','.join('?' * len(some))})",  # noqa: S608 - question marks
                *(copy.token for copy in some),
            )
        }  # fmt: skip
        for copy in some:
            yield copy, _likeness(copy, sent.get(copy.token), filed=filed)


def _likeness(copy: mailbox.Copy, sent: sqlite3.Row | None, *, filed: bool) -> Likeness:
    if sent is None or copy.message_id != sent["message_id"]:
        return Likeness.ANOTHER
    if copy.resent or (copy.delivered and not filed and sent["party"] != Party.COACH):
        return Likeness.CAME_BACK
    return Likeness.OURS


def _look(practice: Practice, box: mailbox.Mailbox, place: tuple[str, str], now: datetime, *, filed: bool) -> None:
    kept = practice.database.row("SELECT uidvalidity, next_uid FROM sweeps WHERE account = ? AND folder = ?", *place)
    first, numbered = (kept["next_uid"], kept["uidvalidity"]) if kept else (1, None)
    unread: list[int] = []
    for batch in mailbox.ours(box, place[1], first, numbered):
        unread += batch.unread
        with practice.database.transaction():
            if numbered is not None and numbered != batch.uidvalidity:
                practice.database.run(
                    "DELETE FROM copies WHERE account = ? AND folder = ? AND uidvalidity <> ?",
                    *place, batch.uidvalidity,
                )  # fmt: skip
            alike = likenesses(practice, batch.copies, filed=filed)
            note(practice, place, batch.uidvalidity, [copy for copy, like in alike if like is Likeness.OURS], now)
            # What the server does not give today may be ours: the next look begins with it.
            practice.database.run(
                "INSERT OR REPLACE INTO sweeps VALUES (?, ?, ?, ?)",
                *place, batch.uidvalidity, min([batch.next_uid, *unread]),
            )  # fmt: skip
        numbered = batch.uidvalidity


def note(
    practice: Practice, place: tuple[str, str], uidvalidity: int, copies: Iterable[mailbox.Copy], now: datetime
) -> None:
    """Note where copies lie."""
    at = now.isoformat()
    practice.database.run_each(
        "INSERT OR REPLACE INTO copies (account, folder, uidvalidity, uid, token, message_id, found_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((*place, uidvalidity, copy.uid, copy.token, copy.message_id, at) for copy in copies),
    )


def _forget_absent(practice: Practice, box: mailbox.Mailbox, place: tuple[str, str], now: datetime) -> None:
    """Forget the copies noted before that a person has taken away, so that what is noted is what lies there."""
    noted = practice.database.rows(
        "SELECT uidvalidity, uid FROM copies WHERE account = ? AND folder = ? AND found_at <> ? ORDER BY uid",
        *place, now.isoformat(),
    )  # fmt: skip
    if not noted:
        return
    numbered = box.examine(place[1]).uidvalidity
    for some in batches([row["uid"] for row in noted if row["uidvalidity"] == numbered]):
        absent = set(some) - present(box.connection, some)
        with practice.database.transaction():
            forget(practice, place, numbered, absent)


def forget(practice: Practice, place: tuple[str, str], uidvalidity: int, uids: Iterable[int]) -> None:
    """Forget copies where nothing of ours lies any more."""
    practice.database.run_each(
        "DELETE FROM copies WHERE account = ? AND folder = ? AND uidvalidity = ? AND uid = ?",
        ((*place, uidvalidity, uid) for uid in uids),
    )


def _forget(practice: Practice, account: str, names: Collection[str]) -> None:
    """Forget what lay in folders that are not there any more."""
    if not any(name.upper() == "INBOX" for name in names):
        return  # every account has one: this is not the whole list
    known = practice.database.rows("SELECT folder FROM sweeps WHERE account = ?", account)
    for folder in {row["folder"] for row in known} - set(names):
        with practice.database.transaction():
            practice.database.run("DELETE FROM copies WHERE account = ? AND folder = ?", account, folder)
            practice.database.run("DELETE FROM sweeps WHERE account = ? AND folder = ?", account, folder)
