"""Finding mail of ours: folders are read through header by header, some hundred mails at a time; nothing is changed.

What a server only searched for is not believed: the index that it searches may lag, and a copy that it forgets would be
called gone. Reading a mailbox through costs 25 microseconds a mail, and a later look reads only what is new.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pipeline.edges.mailbox.answers import folder, header_fields
from pipeline.edges.mailbox.box import Mailbox
from pipeline.edges.mailbox.connection import Withheld
from pipeline.edges.mailbox.headers import AT_ONCE, Told, batches, header_items, read, uids_in
from pipeline.model import OWN_HEADER

SPAN = 50_000
GROUP = 10 * AT_ONCE
LONGEST_TEXT = 500
ROUNDS = 3
TOKEN = re.compile(r"[!-~]{1,100}")
OWN = OWN_HEADER.lower()
ORIGINAL_ID = "X-Google-Original-Message-ID"
RESENT = ("Resent-From", "Resent-To", "Resent-Date", "Resent-Message-ID")
DELIVERED = ("Return-Path", "Delivered-To")
BY_DELIVERY, SENT_ON = ([name.lower() for name in names] for names in (DELIVERED, RESENT))
LOOK = header_items("", OWN_HEADER, "Message-ID", ORIGINAL_ID, *DELIVERED, *RESENT)
TOKENS = header_items("", OWN_HEADER)


@dataclass(frozen=True)
class Copy:
    """A mail in a folder that carries our header; its texts are bounded, and anybody's.

    `delivered` when it came to this mailbox by delivery and was not filed, `resent` when somebody sent it on as it was.
    """

    uid: int
    token: str
    message_id: str
    delivered: bool
    resent: bool


class Batch(NamedTuple):
    """What was found up to `next_uid`; `unread` are mails that are there and that the server does not give."""

    uidvalidity: int
    next_uid: int
    copies: tuple[Copy, ...]
    unread: tuple[int, ...]


@dataclass(frozen=True)
class Absence:
    """What a look for the tokens `asked` saw: those `found`, by folder, and the folders not wholly looked into."""

    asked: frozenset[str]
    found: dict[str, set[str]]
    unseen: frozenset[str]

    def gone(self) -> frozenset[str]:
        """Give the tokens of which no mail is left; none while there is a folder that was not seen."""
        return frozenset() if self.unseen else self.asked.difference(*self.found.values())


class _Opened(NamedTuple):
    uidvalidity: int
    next_uid: int
    exists: int


def ours(box: Mailbox, folder: str, first_uid: int = 1, uidvalidity: int | None = None) -> Iterator[Batch]:
    """Give the mails from `first_uid` on that carry our header, some thousand UIDs at a time; at least one batch.

    All are looked at when the folder's numbering is not the one of `uidvalidity`. After each batch the mailbox may be
    used for something else. Raises `Withheld` when the folder cannot be read, or was numbered anew meanwhile.
    """
    opened = _opened(box, folder)
    known = uidvalidity in (None, opened.uidvalidity) and first_uid <= opened.next_uid
    for uids in _groups(box, folder, opened, first_uid if known else 1):
        found = [told for some in batches(uids) for told in read(box.connection, some, LOOK).items()]
        copies = [copy_of(uid, told) for uid, told in found if told is not None]
        unread = [uid for uid, told in found if told is None]
        yield Batch(opened.uidvalidity, uids[-1] + 1, tuple(filter(None, copies)), tuple(unread))
    yield Batch(opened.uidvalidity, opened.next_uid, (), ())


def copy_of(uid: int, told: Told) -> Copy | None:
    """Read the headers of one mail; None when it does not carry our header, once and whole."""
    if OWN.encode() not in told.headers.lower():
        return None
    headers = header_fields(told.headers)
    token = headers.get(OWN, "")
    if told.cut or not TOKEN.fullmatch(token):
        return None
    delivered, resent = (any(name in headers for name in names) for names in (BY_DELIVERY, SENT_ON))
    return Copy(uid, token, message_ids(headers)[-1][:LONGEST_TEXT], delivered, resent)


def message_ids(headers: dict[str, str]) -> tuple[str, ...]:
    """Give the names that a mail has: the Message-ID, and last the one that it had before Gmail gave it another."""
    original = headers.get(ORIGINAL_ID.lower())
    return (headers.get("message-id", ""), *([original] if original else []))


def absent(box: Mailbox, tokens: Collection[str]) -> Absence:
    """Look in every folder for mail of ours with one of `tokens`; each folder is read once, and once more its news.

    Raises `NotReachable` when the connection breaks, or when the server does not list its folders: nothing was seen.
    """
    search = _Search(box, frozenset(tokens))
    names = search.folders()
    for _ in range(ROUNDS):  # what is moved while we look comes to lie where we have looked already
        if not sum(search.look(name) for name in names):
            break
    found = {name: there for name, there in search.found.items() if there}
    return Absence(search.tokens, found, frozenset(search.unseen))


class _Search:
    """One look for tokens; `reached` is how far each folder was read."""

    def __init__(self, box: Mailbox, tokens: frozenset[str]) -> None:
        self.box, self.tokens = box, tokens
        self.found: dict[str, set[str]] = {}
        self.unseen: set[str] = set()
        self.reached: dict[str, _Opened] = {}

    def folders(self) -> list[str]:
        with self.box.connection.asking():
            listed = [(line, folder(*line)) for line in self.box.connection.named()]
        self.unseen |= {_unnameable(line[2]) for line, one in listed if one is None}
        names = [one.name for _, one in listed if one is not None and one.can_be_opened]
        if not any(name.upper() == "INBOX" for name in names):  # every account has one
            raise Withheld(f"{self.box.connection.place} does not list all its folders")
        return names

    def look(self, name: str) -> bool:
        """Look at what is new in a folder; tells whether there was anything."""
        if name in self.unseen:
            return False
        before = self.reached.get(name)
        try:
            self.reached[name] = self._look(name, before)
        except Withheld:
            self.unseen.add(name)
            return False
        return self.reached[name].next_uid > (before.next_uid if before else 1)

    def _look(self, name: str, before: _Opened | None) -> _Opened:
        opened = _opened(self.box, name)
        if before is not None and before.uidvalidity != opened.uidvalidity:
            raise Withheld(f"{self.box.connection.place} numbers a folder anew while it is read")
        seen = sum(self._read(name, uids) for uids in _groups(self.box, name, opened, before.next_uid if before else 1))
        if before is None and seen < opened.exists:
            raise Withheld(f"{self.box.connection.place} does not show all that a folder holds")
        return opened

    def _read(self, name: str, uids: Sequence[int]) -> int:
        there = self.found.setdefault(name, set())
        for some in batches(uids):
            for told in read(self.box.connection, some, TOKENS).values():
                if told is None:
                    self.unseen.add(name)
                elif OWN.encode() in told.headers.lower():
                    there |= self.tokens.intersection(header_fields(told.headers).get(OWN, "").split())
        return len(uids)


def _opened(box: Mailbox, name: str) -> _Opened:
    """Open a folder for reading only."""
    client = box.connection
    with client.asking():
        told = client.select_folder(name, readonly=True)
        validity, following, exists = (int(told.get(key) or 0) for key in (b"UIDVALIDITY", b"UIDNEXT", b"EXISTS"))
    return _Opened(validity, following or box.examine(name).next_uid or 1, exists)


def _groups(box: Mailbox, name: str, opened: _Opened, first: int) -> Iterator[list[int]]:
    """Give the UIDs from `first` on, some thousand at a time, each time with the folder open.

    Of a large folder the numbers too are asked piece by piece; where they lie far apart the pieces grow.
    """
    at, width, here = first, SPAN if opened.exists > SPAN else opened.next_uid, True
    while at < opened.next_uid:
        end = min(at + width, opened.next_uid)
        here = here or _again(box, name, opened)
        there = sorted(uid for uid in uids_in(box.connection, f"{at}:{end - 1}") if at <= uid < end)
        at, width = end, SPAN if there else 10 * width
        for some in batches(there, GROUP):
            here = here or _again(box, name, opened)
            yield list(some)
            here = False


def _again(box: Mailbox, name: str, opened: _Opened) -> bool:
    if _opened(box, name).uidvalidity != opened.uidvalidity:
        raise Withheld(f"{box.connection.place} numbers a folder anew while it is read")
    return True


def _unnameable(raw: Any) -> str:
    return raw.decode("ascii", "replace") if isinstance(raw, bytes) else str(raw)
