"""Where a mail lies that does not carry our header: found by its Message-ID, and sure only by the hash of its bytes.

Folders are read through, header by header; what a server only searched for is not believed. Nothing is changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.edges import mailbox
from pipeline.edges.mailbox.answers import header_fields
from pipeline.edges.mailbox.comparing import LARGEST
from pipeline.edges.mailbox.finding import ORIGINAL_ID, message_ids
from pipeline.edges.mailbox.headers import batches, header_items, read

NAMED = header_items("RFC822.SIZE", "Message-ID", ORIGINAL_ID)


class Wanted(NamedTuple):
    """One mail: the number of its purge, its Message-ID as it stands in it, and the hash of its bytes."""

    number: int
    message_id: str
    sha256: str


class Lying(NamedTuple):
    """One place where a wanted mail lies."""

    folder: str
    uidvalidity: int
    uid: int
    wanted: Wanted


@dataclass
class Found:
    """What a look saw: where wanted mails lie, and the folders of which something was not shown."""

    lying: list[Lying] = field(default_factory=list)
    unseen: set[str] = field(default_factory=set)


def look(box: mailbox.Mailbox, wanted: Iterable[Wanted]) -> Found:
    """Look through every folder for these very bytes."""
    by_name: dict[str, list[Wanted]] = {}
    for one in wanted:
        by_name.setdefault(one.message_id, []).append(one)
    found = Found()
    for name in [one.name for one in box.folders() if one.can_be_opened] if by_name else []:
        try:
            _look(box, name, by_name, found)
        except mailbox.Withheld:
            found.unseen.add(name)
    return found


def _look(box: mailbox.Mailbox, folder: str, by_name: dict[str, list[Wanted]], found: Found) -> None:
    state = box.examine(folder)
    for some in batches(box.uids(1, state.next_uid or 1)):
        for uid, told in read(box.connection, some, NAMED).items():
            if told is None:
                found.unseen.add(folder)
                continue
            named = [one for name in set(message_ids(header_fields(told.headers))) for one in by_name.get(name, ())]
            if not named or told.size > LARGEST:
                continue
            data = box.whole(uid)
            sha256 = hashlib.sha256(data).hexdigest() if data else ""
            found.lying += [Lying(folder, state.uidvalidity, uid, one) for one in named if one.sha256 == sha256]


def message_id(data: bytes) -> str:
    """Give the Message-ID of a mail as it is read in a folder."""
    head = data.partition(b"\r\n\r\n")[0]
    return header_fields(head).get("message-id", "")
