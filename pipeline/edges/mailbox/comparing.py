"""Whether a mail in the open folder is the one that was meant: what is known of it, what it is, what becomes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from pipeline.edges.mailbox.answers import header_fields
from pipeline.edges.mailbox.box import Mailbox
from pipeline.edges.mailbox.connection import LARGEST_ANSWER, Withheld
from pipeline.edges.mailbox.finding import ORIGINAL_ID, OWN, message_ids
from pipeline.edges.mailbox.headers import Told, header_items, read
from pipeline.model import OWN_HEADER

LARGEST = LARGEST_ANSWER - (1 << 20)
COMPARED = header_items("FLAGS RFC822.SIZE", OWN_HEADER, "Message-ID", ORIGINAL_ID)


class Removal(StrEnum):
    """What became of one mail that was to be removed.

    removed: it was there, and it is gone; absent: nothing has that number; foreign: another mail has it, not touched;
    renumbered: the folder's numbers mean other mails now, nothing touched; in trash: it lies there, and this server
    does not let us remove it from it; cannot: the server does not show it, or cannot remove it safely, so it stays.
    """

    REMOVED = "removed"
    ABSENT = "absent"
    FOREIGN = "foreign"
    RENUMBERED = "renumbered"
    IN_TRASH = "in_trash"
    CANNOT = "cannot"


Outcomes = dict[int, Removal]


@dataclass(frozen=True)
class Expected:
    """How a mail is recognised: one of ours by Message-ID and our header, another's by the hash of its bytes.

    Anybody can write a header, so of another's mail it proves nothing; its Message-ID then only helps to find it in the
    trash. Raises `ValueError` for what any mail could be.
    """

    message_id: str
    token: str | None
    sha256: str | None = None

    def __post_init__(self) -> None:
        """Refuse what proves nothing."""
        if not (self.token and self.message_id) and not self.sha256:
            raise ValueError("a mail to remove is known by its Message-ID and our header, or by the hash of its bytes")


@dataclass
class Mail:
    """One mail in the open folder."""

    box: Mailbox
    uid: int
    told: Told

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The Message-IDs that it goes by."""
        return message_ids(self._headers)

    @cached_property
    def _headers(self) -> dict[str, str]:
        return header_fields(self.told.headers)

    @cached_property
    def _sha256(self) -> str | None:
        """The hash of its bytes; None when it is gone, empty when it is larger than anything that we keep."""
        if self.told.size > LARGEST:
            return ""
        data = self.box.whole(self.uid)
        return None if data is None else hashlib.sha256(data).hexdigest()

    def unless(self, expected: Expected) -> Removal | None:
        """Tell why it cannot be taken for the expected mail; None when it is that one."""
        if expected.token is not None and not self._carries(expected):
            return Removal.FOREIGN
        try:
            sha256 = expected.sha256 and self._sha256
        except Withheld:
            return Removal.CANNOT
        if sha256 == expected.sha256:
            return None
        return Removal.ABSENT if sha256 is None else Removal.FOREIGN

    def _carries(self, expected: Expected) -> bool:
        return not self.told.cut and self._headers.get(OWN) == expected.token and expected.message_id in self.names


def compared(box: Mailbox, wanted: Mapping[int, Expected]) -> tuple[Outcomes, dict[int, Mail]]:
    """Look at these mails in the open folder: gives what will not be removed and why, and those that are as expected.

    Raises `Withheld` when the server shows none of several.
    """
    outcomes: Outcomes = {}
    agreed: dict[int, Mail] = {}
    there = read(box.connection, list(wanted), COMPARED)
    for uid, expected in wanted.items():
        told = there.get(uid)
        if told is None:
            outcomes[uid] = Removal.CANNOT if uid in there else Removal.ABSENT
            continue
        mail = Mail(box, uid, told)
        reason = mail.unless(expected)
        if reason is None:
            agreed[uid] = mail
        else:
            outcomes[uid] = reason
    return outcomes, agreed
