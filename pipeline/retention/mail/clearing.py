"""Clearing the mailbox of mails that are to go, and looking for them afterwards on a connection of its own.

What the server says it did is not believed: only what a fresh look through every folder does not find is gone.
"""

from __future__ import annotations

import hashlib
import itertools
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.edges import mailbox
from pipeline.model import PurgeState
from pipeline.practice import Practice
from pipeline.retention.mail import copies, identical
from pipeline.retention.mail.copies import Likeness

STAYS = {mailbox.Removal.IN_TRASH: "copy_in_trash", mailbox.Removal.CANNOT: "copy_cannot_go"}
OVER = {mailbox.Removal.REMOVED, mailbox.Removal.ABSENT, mailbox.Removal.FOREIGN}
COPIES = """
SELECT number, copies.token, folder, uidvalidity, uid, message_id FROM purges JOIN copies ON copies.token = purges.token
WHERE state = ? AND account = ? AND by_hand = 0
"""
Rows = list[sqlite3.Row]
Place = tuple[str, int, int, int, mailbox.Expected]
"""Folder, its numbering, UID, the number of the purge, and how the mail is recognised."""


@dataclass
class Outcome:
    """What became of the mails of one purge, by their numbers.

    `tokens` are those of ours that were begun, `mails` those that came in, `known` what is known by its bytes.
    `removed` counts the copies that were seen to go, `stays` says why one cannot.
    """

    tokens: dict[str, int] = field(default_factory=dict)
    mails: set[int] = field(default_factory=set)
    known: list[identical.Wanted] = field(default_factory=list)
    removed: Counter[int] = field(default_factory=Counter)
    stays: dict[int, str] = field(default_factory=dict)

    @property
    def begun(self) -> set[int]:
        """The numbers of all that was begun."""
        return {*self.tokens.values(), *self.mails}


@dataclass(frozen=True)
class Sight:
    """What the fresh look saw, by their numbers: those that are still `there`, and those that are `nowhere` at all.

    Of any other no copy was seen, but not everything was.
    """

    there: set[int]
    nowhere: set[int] = field(default_factory=set)


def _wanted(practice: Practice, account: str, rows: Rows) -> list[identical.Wanted]:
    """Give what is known by its bytes: mail that came in, and what the coach sent by hand."""
    found: list[identical.Wanted] = []
    for row in rows:
        if row["mail"]:
            file = practice.database.value("SELECT file FROM mails WHERE number = ?", row["mail"])
            data = _stored(practice, file)
            if data is not None:
                sha256 = hashlib.sha256(data).hexdigest()
                found.append(identical.Wanted(row["number"], identical.message_id(data), sha256))
    by_token = {row["token"]: row["number"] for row in rows if row["token"]}
    sent_by_hand = practice.database.rows(
        "SELECT DISTINCT token, message_id, sha256 FROM copies WHERE account = ? AND by_hand = 1", account
    )
    return found + [
        identical.Wanted(by_token[one["token"]], one["message_id"], one["sha256"])
        for one in sent_by_hand if one["token"] in by_token
    ]  # fmt: skip


def _stored(practice: Practice, file: str | None) -> bytes | None:
    try:
        return practice.storage.read(file) if file else None
    except FileNotFoundError:
        return None


def remove(practice: Practice, box: mailbox.Mailbox, account: str, rows: Rows, outcome: Outcome) -> None:
    """Remove every copy of these folder by folder, and note each batch before the next is taken up.

    What became of them is added to `outcome`. When the practice stops it ends after the batch at hand.
    """
    known = _wanted(practice, account, rows)
    outcome.known += known
    outcome.tokens |= {row["token"]: row["number"] for row in rows if row["token"]}
    outcome.mails |= {row["number"] for row in rows if row["mail"]}
    recognised = {one.number for one in known}
    outcome.stays |= {
        row["number"]: "copy_cannot_go" for row in rows if row["mail"] and row["number"] not in recognised
    }
    trash = box.only("\\Trash")
    for (folder, uidvalidity), lying in itertools.groupby(
        _places(practice, box, account, rows, known), lambda one: one[:2]
    ):
        to_go = {uid: (number, expected) for _, _, uid, number, expected in lying}
        _remove_from(practice, box, (account, folder, uidvalidity), to_go, trash, outcome)


def _remove_from(
    practice: Practice, box: mailbox.Mailbox, where: tuple[str, str, int],
    to_go: dict[int, tuple[int, mailbox.Expected]], trash: str | None, outcome: Outcome,
) -> None:  # fmt: skip
    account, folder, uidvalidity = where
    expected = {uid: what for uid, (_, what) in to_go.items()}
    try:
        for batch in mailbox.removals(box, folder, uidvalidity, expected, trash):
            _note(practice, account, (folder, uidvalidity), batch)
            for uid, removal in batch.items():
                outcome.removed[to_go[uid][0]] += removal is mailbox.Removal.REMOVED
                if removal in STAYS:
                    outcome.stays[to_go[uid][0]] = STAYS[removal]
            if practice.stopping.is_set():
                return
    except mailbox.Withheld:
        outcome.stays |= dict.fromkeys((number for number, _ in to_go.values()), "folder_closed")


def _places(
    practice: Practice, box: mailbox.Mailbox, account: str, rows: Rows, known: list[identical.Wanted]
) -> list[Place]:
    """Give where everything lies that is to go, by folder; last where all mail of the account is shown again."""
    found = list(_copies(practice, account, numbers(rows)))
    found += [
        (one.folder, one.uidvalidity, one.uid, one.wanted.number,
         mailbox.Expected(one.wanted.message_id, None, one.wanted.sha256))
        for one in identical.look(box, known).lying
    ]  # fmt: skip
    shown_again = {one.name for one in box.folders() if "\\all" in one.uses}
    return sorted(found, key=lambda place: (place[0] in shown_again, *place[:3]))


def _copies(practice: Practice, account: str, these: set[int]) -> Iterator[Place]:
    lying = practice.database.each(COPIES, PurgeState.REMOVING, account)
    for one in lying:
        if one["number"] in these:
            expected = mailbox.Expected(one["message_id"], one["token"])
            yield one["folder"], one["uidvalidity"], one["uid"], one["number"], expected


def _note(practice: Practice, account: str, where: tuple[str, int], batch: dict[int, mailbox.Removal]) -> None:
    """Forget the places where nothing of ours lies any more; what was sent by hand is still sought by its bytes."""
    with practice.database.transaction():
        over = (uid for uid, removal in batch.items() if removal in OVER)
        copies.forget(practice, (account, where[0]), where[1], over)


def look_for(
    practice: Practice, box: mailbox.Mailbox, account: str, outcome: Outcome, now: datetime
) -> Sight:  # fmt: skip
    """Look everywhere for what was removed, and note what is found; nothing is said of what cannot be looked into.

    Raises `NotReachable` when the server does not list its folders.
    """
    by_token = outcome.tokens
    absence = mailbox.absent(box, by_token)
    there, doubtful = _alike(practice, box, account, absence.found, now)
    again = identical.look(box, outcome.known)
    found = {by_token[token] for token in there} | {one.wanted.number for one in again.lying}
    if absence.unseen or again.unseen:
        return Sight(found)
    return Sight(found, outcome.begun - found - {by_token[token] for token in doubtful})


def _alike(
    practice: Practice, box: mailbox.Mailbox, account: str, found: dict[str, set[str]], now: datetime
) -> tuple[set[str], set[str]]:
    """Tell, of the tokens that were found, of which a copy of ours is there, and of which only one that came back.

    A copy is noted where it lies: the next try begins there.
    """
    seen: dict[Likeness, set[str]] = {like: set() for like in Likeness}
    sent = copies.sent_folders(practice, box)
    for folder, tokens in found.items():
        for batch in mailbox.ours(box, folder):
            meant = [copy for copy in batch.copies if copy.token in tokens]
            alike = list(copies.likenesses(practice, meant, filed=folder in sent))
            for copy, like in alike:
                seen[like].add(copy.token)
            ours = [copy for copy, like in alike if like is Likeness.OURS]
            copies.note(practice, (account, folder), batch.uidvalidity, ours, now)
    return seen[Likeness.OURS], seen[Likeness.CAME_BACK]


def numbers(rows: Iterable[sqlite3.Row]) -> set[int]:
    """Give the numbers of these purges."""
    return {row["number"] for row in rows}
