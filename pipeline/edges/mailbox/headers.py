"""A few headers of many mails at once, read without a trace; a mail that the server withholds is told from one gone.

The usual shape of an answer is read directly, at half the cost; any other shape by imapclient. Of each mail's headers a
bounded part is asked, so that no mail of a stranger can make an answer too large for the connection.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from imapclient.exceptions import IMAPClientError
from imapclient.response_parser import parse_fetch_response

from pipeline.edges.mailbox.box import UID, ranges
from pipeline.edges.mailbox.connection import GARBLED, Connection, Withheld

T = TypeVar("T")
AT_ONCE = 500
LONGEST = 20_000
USUAL = re.compile(
    rb"\d+ \(UID (\d+)(?: FLAGS \(([^()]*)\))?(?: RFC822\.SIZE (\d+))?"
    rb" BODY\[HEADER\.FIELDS \([^()\[\]]*\)\]<0> \{\d+\}"
)


class Told(NamedTuple):
    r"""What the server tells of a mail: `headers` as they came, `deleted` its flag `\Deleted`.

    What was not asked is empty.
    """

    headers: bytes
    deleted: bool
    size: int

    @property
    def cut(self) -> bool:
        """Whether the headers go on behind what was read."""
        return len(self.headers) >= LONGEST


def header_items(more: str, *names: str) -> str:
    """Write the question for the headers with these names, and for `more`."""
    return " ".join(f"(UID {more} BODY.PEEK[HEADER.FIELDS ({' '.join(names).upper()})]<0.{LONGEST}>)".split())


def batches(several: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """Give UIDs, or what else one command is to carry, in pieces that it can."""
    return (several[at : at + size] for at in range(0, len(several), size))


def present(client: Connection, uids: Collection[int]) -> set[int]:
    """Give those of `uids` that are in the open folder."""
    return uids_in(client, ranges(sorted(uids))).intersection(uids) if uids else set()


def uids_in(client: Connection, among: str) -> set[int]:
    """Give the UIDs in the open folder among such as "3:9"; fetched, not searched for."""
    lines = (line[0] if isinstance(line, tuple) else line for line in client.answered(among, "(UID)"))
    return {int(uid) for line in lines if line for uid in UID.findall(line)}


def read(client: Connection, uids: Sequence[int], items: str) -> dict[int, Told | None]:
    """Give what is told of the mails that are in the open folder; None for one that the server does not give.

    Raises `Withheld` when it gives none of several.
    """
    found = _halved(client, uids, items)
    missing = [uid for uid in uids if uid not in found]
    if missing:
        found |= dict.fromkeys(present(client, missing))
    if len(found) > 1 and not any(found.values()):
        raise Withheld(f"{client.place} does not give a message")  # it is the folder, not a mail
    return found


def _halved(client: Connection, uids: Sequence[int], items: str) -> dict[int, Told | None]:
    """Read all, or where that fails each half on its own, down to the mail that cannot be read."""
    try:
        answer = client.answered(ranges(uids), items)
        found = _usual(answer) or _taken_apart(client, answer)
        return {uid: found[uid] for uid in uids if uid in found}
    except Withheld:
        if len(uids) == 1:
            return {uids[0]: None}
    middle = len(uids) // 2
    return _halved(client, uids[:middle], items) | _halved(client, uids[middle:], items)


def _usual(answer: list[Any]) -> dict[int, Told] | None:
    """Read an answer in which each mail has one line and its headers; None for any other."""
    found = {}
    for mail, end in zip(answer[::2], answer[1::2], strict=False):
        shape = USUAL.fullmatch(mail[0]) if isinstance(mail, tuple) and end == b")" else None
        if shape is None:
            return None
        uid, flags, size = shape.groups()
        deleted = b"\\deleted" in flags.lower().split() if flags else False
        found[int(uid)] = Told(mail[1], deleted, int(size or 0))
    return found if 2 * len(found) == len(answer) else None


def _taken_apart(client: Connection, answer: list[Any]) -> dict[int, Told]:
    """Read any answer; by sequence numbers, since news of a mail (its flags changed) may come without its UID."""
    try:
        told = parse_fetch_response(answer, normalise_times=False, uid_is_key=False)
        return {one[b"UID"]: _told(one) for one in told.values() if _headers(one) is not None and b"UID" in one}
    except (*GARBLED, IMAPClientError) as error:
        raise Withheld(f"{client.place} gives an answer that cannot be read: {type(error).__name__}") from None


def _told(one: dict[bytes, Any]) -> Told:
    deleted = b"\\deleted" in [bytes(flag).lower() for flag in one.get(b"FLAGS") or ()]
    return Told(_headers(one) or b"", deleted, int(one.get(b"RFC822.SIZE") or 0))


def _headers(one: dict[bytes, Any]) -> bytes | None:
    found = next((value for key, value in one.items() if key.startswith(b"BODY[HEADER")), None)
    return found if isinstance(found, bytes) else None
