r"""Removing exactly those mails that are named: each is compared just before, and no other is touched.

Only UID STORE, UID EXPUNGE (RFC 4315) and UID MOVE (RFC 6851) change anything; never EXPUNGE, never CLOSE, which would
take what a person marked. Where an account has one mail under several labels (Gmail), expunging it in one folder only
takes that label: there it is moved to the trash and expunged in it. Begun again after a cut, it carries on.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from imapclient.exceptions import IMAPClientReadOnlyError

from pipeline.edges.mailbox.answers import State
from pipeline.edges.mailbox.box import Mailbox, ranges
from pipeline.edges.mailbox.comparing import COMPARED, Expected, Mail, Outcomes, Removal, compared
from pipeline.edges.mailbox.connection import CannotMove, Connection, Withheld
from pipeline.edges.mailbox.headers import batches, present, read, uids_in

DELETED = b"\\Deleted"


class Way(Enum):
    """How an account removes a mail from one of its folders."""

    EXPUNGE = auto()
    THROUGH_TRASH = auto()
    TO_TRASH = auto()
    STAY_IN_TRASH = auto()
    NONE = auto()


BY_TRASH = {Way.THROUGH_TRASH, Way.TO_TRASH}
READ_ONLY = {Way.STAY_IN_TRASH: Removal.IN_TRASH, Way.NONE: Removal.CANNOT}


@dataclass(frozen=True)
class _Means:
    """What mail is removed with: the mailbox, how, and the name of its trash where the way leads through it."""

    box: Mailbox
    way: Way
    trash: str


def remove(
    box: Mailbox, folder: str, uidvalidity: int, expected: Mapping[int, Expected], trash: str | None
) -> Outcomes:
    """Remove from `folder` the mails with these UIDs, if they are what is `expected`; gives what became of each.

    `trash` is the account's trash, None where it is not known. Raises `Withheld` when `folder` cannot be opened, and
    `NotReachable` when the connection breaks: what was done is then found by doing it again.
    """
    found: Outcomes = {}
    for some in removals(box, folder, uidvalidity, expected, trash):
        found |= some
    return found


def removals(
    box: Mailbox, folder: str, uidvalidity: int, expected: Mapping[int, Expected], trash: str | None
) -> Iterator[Outcomes]:
    """Do the same some hundred mails at a time, so that what was done can be noted before the next."""
    by = _Means(box, way_of(box, folder, trash), trash or "")
    lost: dict[int, Expected] = {}
    for some in batches(sorted(expected)):
        outcomes = _batch(by, folder, uidvalidity, {uid: expected[uid] for uid in some})
        if by.way in BY_TRASH:
            # What is not there may have been moved by us, before a connection broke.
            lost |= {uid: expected[uid] for uid, outcome in outcomes.items() if outcome is Removal.ABSENT}
        yield {uid: outcome for uid, outcome in outcomes.items() if uid not in lost}
    if lost:
        yield dict.fromkeys(lost, Removal.ABSENT) | _in_trash(by, None, _Sought(lost, {}))


def way_of(box: Mailbox, folder: str, trash: str | None) -> Way:
    """Tell how mail can be removed from `folder` without endangering other mail, as the server announces."""
    client = box.connection
    with client.asking():
        expunges, moves, gmail = map(client.has_capability, ("UIDPLUS", "MOVE", "X-GM-EXT-1"))
    if folder == trash:
        return Way.EXPUNGE if expunges else Way.STAY_IN_TRASH
    labels = gmail or any("\\all" in one.uses for one in box.folders())
    if expunges and not labels:
        return Way.EXPUNGE
    if not moves or trash is None:
        return Way.NONE
    return Way.THROUGH_TRASH if expunges else Way.TO_TRASH


def _open(client: Connection, folder: str, *, readonly: bool) -> int:
    """Open a folder and give its numbering; raises `CannotMove` when it can only be read."""
    with client.asking():
        try:
            return int(client.select_folder(folder, readonly=readonly).get(b"UIDVALIDITY") or 0)
        except IMAPClientReadOnlyError:
            raise CannotMove(f"{client.place} lets a folder only be read") from None


def _batch(by: _Means, folder: str, uidvalidity: int, wanted: Mapping[int, Expected]) -> Outcomes:
    """Open the folder, compare and remove."""
    try:
        numbered = _open(by.box.connection, folder, readonly=by.way in READ_ONLY)
    except CannotMove:
        return dict.fromkeys(wanted, Removal.CANNOT)
    if numbered != uidvalidity:
        return dict.fromkeys(wanted, Removal.RENUMBERED)
    outcomes, agreed = compared(by.box, wanted)
    if by.way in READ_ONLY:
        return outcomes | dict.fromkeys(agreed, READ_ONLY[by.way])
    if by.way is Way.EXPUNGE:
        return outcomes | _expunge(by.box.connection, agreed)
    return outcomes | _by_trash(by, wanted, agreed)


def _by_trash(by: _Means, wanted: Mapping[int, Expected], agreed: Mapping[int, Mail]) -> Outcomes:
    """Move to the trash, and if possible expunge there."""
    try:
        before = by.box.status(by.trash)
    except Withheld:
        return dict.fromkeys(agreed, Removal.CANNOT)
    moved = _moved(by.box.connection, agreed, by.trash)
    sought = _Sought({uid: wanted[uid] for uid in moved}, {uid: agreed[uid].names for uid in moved})
    outcomes = {uid: Removal.IN_TRASH if uid in moved else Removal.CANNOT for uid in agreed}
    return outcomes | _in_trash(by, before, sought)


def _expunge(client: Connection, mails: Mapping[int, Mail]) -> Outcomes:
    """Mark and expunge these, and see that they are gone; what stays gets back the flags that it had."""
    if not mails:
        return {}
    ours = [uid for uid, mail in mails.items() if not mail.told.deleted]
    with contextlib.suppress(Withheld), client.asking():
        if ours:
            client.add_flags(ranges(ours), [DELETED], silent=True)
        client.uid_expunge(ranges(list(mails)))
    left = _left(client, mails)
    again = [uid for uid in ours if uid in left]
    if again:
        with contextlib.suppress(Withheld), client.asking():
            client.remove_flags(ranges(again), [DELETED], silent=True)
    return {uid: Removal.CANNOT if uid in left else Removal.REMOVED for uid in mails}


def _moved(client: Connection, mails: Mapping[int, Mail], trash: str) -> list[int]:
    """Move these to the trash; gives those that are not where they were any more."""
    if not mails:
        return []
    with contextlib.suppress(Withheld), client.asking():
        client.move(ranges(list(mails)), trash)
    left = _left(client, mails)
    return [uid for uid in mails if uid not in left]


def _left(client: Connection, uids: Collection[int]) -> set[int]:
    """Give those that are still there; all of them when the server does not say."""
    try:
        return present(client, uids)
    except Withheld:
        return set(uids)


class _Sought:
    """Mails that are sought in the trash, by the UIDs that they had."""

    def __init__(self, expected: Mapping[int, Expected], names: Mapping[int, tuple[str, ...]]) -> None:
        """Seek what is `expected`; `names` are the Message-IDs of those that were seen before."""
        self.expected = dict(expected)
        self._waiting: dict[str, list[int]] = {}
        for uid, one in expected.items():
            for name in names.get(uid, (one.message_id,)):
                self._waiting.setdefault(name, []).append(uid)

    def take(self, mail: Mail) -> int | None:
        """Give the UID that a mail in the trash had, each once; None when it is none of those sought."""
        for uid in [uid for name in mail.names for uid in self._waiting.get(name, ())]:
            if uid in self.expected and mail.unless(self.expected[uid]) is None:
                del self.expected[uid]
                return uid
        return None


def _in_trash(by: _Means, since: State | None, sought: _Sought) -> Outcomes:
    """Find in the trash what is sought, among what came `since`, and expunge it if the server can."""
    outcomes: Outcomes = {}
    client = by.box.connection
    if not sought.expected:
        return outcomes
    with contextlib.suppress(Withheld, CannotMove):  # then it lies there, as far as is known
        numbered = _open(client, by.trash, readonly=by.way is Way.TO_TRASH)
        first = (since.next_uid or 1) if since and since.uidvalidity == numbered else 1
        there = sorted(uid for uid in uids_in(client, f"{first}:*") if uid >= first)
        for some in batches(there):
            outcomes |= _taken(by, some, sought)
    return outcomes


def _taken(by: _Means, uids: Sequence[int], sought: _Sought) -> Outcomes:
    """Expunge those of `uids` in the trash that are sought; gives what became of them by the UIDs that they had."""
    client = by.box.connection
    mails = [Mail(by.box, uid, told) for uid, told in read(client, uids, COMPARED).items() if told]
    had = {mail.uid: uid for mail in mails if (uid := sought.take(mail)) is not None}
    if by.way is Way.TO_TRASH:
        return dict.fromkeys(had.values(), Removal.IN_TRASH)
    done = _expunge(client, {mail.uid: mail for mail in mails if mail.uid in had})
    return {had[at]: Removal.REMOVED if one is Removal.REMOVED else Removal.IN_TRASH for at, one in done.items()}
