"""The mailbox itself: its folders, what lies in them, finding our own mail, and the few things that we change there.

Only what carries our own header is ever recognised as ours. Every text that reaches a command passes `imap_safe`, or
as a folder's name imapclient's own quoting. Our looking leaves no trace: folders are opened read-only and contents are
peeked at.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from pipeline.config.practice import Server
from pipeline.edges.mailbox.answers import FIELDS, Folder, Glimpse, Part, State, folder, glimpse, parts
from pipeline.edges.mailbox.connection import GARBLED, CannotMove, Connection, Withheld, connected
from pipeline.model import OWN_HEADER
from pipeline.secret import Secret

NEWEST = 20
UIDS_AT_ONCE = 500_000
SPECIAL = (b"\\Sent", b"\\All", b"\\Drafts", b"\\Trash", b"\\Junk", b"\\Archive")
APPENDED = re.compile(r"\[APPENDUID (\d+) (\d+)\]")
UID = re.compile(rb"\bUID (\d+)")
FLAG = re.compile(r"\\?[A-Za-z0-9$_.-]+")
LIGHT = f"(UID RFC822.SIZE INTERNALDATE BODY.PEEK[HEADER.FIELDS ({' '.join(FIELDS).upper()} {OWN_HEADER.upper()})])"


def imap_safe(text: str) -> str:
    """Give `text` if it can stand in a command; raises `ValueError` for what could begin another (RFC 3501, 9)."""
    if not text.isascii() or not text.isprintable() or '"' in text or "\\" in text:
        raise ValueError("this text cannot be sent to a mail server")
    return text


class Mailbox:
    """One logged-in connection.

    Every method raises `NotReachable` when the connection breaks, and `Withheld` when the server refuses only this.
    """

    def __init__(self, client: Connection) -> None:
        """Use `client`, which is logged in."""
        self._client = client

    @property
    def connection(self) -> Connection:
        """The connection, for the other modules of this edge."""
        return self._client

    def folders(self) -> list[Folder]:
        """Give the folders that can be named."""
        with self._client.asking():
            listed = (folder(*line) for line in self._client.named())
            return [one for one in listed if one is not None]

    def special_folders(self) -> dict[str, list[str]]:
        r"""Give the folders by their special use (RFC 6154), such as {"\Sent": ["Sent"]}."""
        found: dict[str, list[str]] = {}
        with self._client.asking():
            for flags, _, name in self._client.list_folders():
                for flag in flags:
                    if flag in SPECIAL:
                        found.setdefault(flag.decode(), []).append(name)
        return found

    def sent_folder(self, configured: str | None) -> str | None:
        """Give the folder for copies: as configured, else the one that the server calls its Sent, else None."""
        if configured:
            return configured
        return self.only("\\Sent")

    def only(self, use: str) -> str | None:
        r"""Give the one folder that the server names for `use`, such as `\Trash`; None where it names none, or more."""
        found = self.special_folders().get(use, [])
        return found[0] if len(found) == 1 else None

    def find(self, folder: str, token: str, message_id: str) -> list[int]:
        """Give the UIDs in `folder` of the mail that carries our `token`; the header is compared, not only searched."""
        ours, its = imap_safe(token), imap_safe(message_id)
        with self._client.asking():
            following = int(self._client.select_folder(folder, readonly=True).get(b"UIDNEXT", 1))
            found = set(self._client.search(["HEADER", OWN_HEADER, ours]))
            found |= set(self._client.search(["HEADER", "Message-ID", its]))
            # Some servers search an index that lags behind (Exchange): the newest are looked at one by one.
            found |= set(self._client.search(["UID", f"{max(1, following - NEWEST)}:*"]))
            section = f"BODY.PEEK[HEADER.FIELDS ({OWN_HEADER})]"
            held = self._client.fetch(sorted(found), [section]) if found else {}
            return [uid for uid, told in sorted(held.items()) if _carries(told, token)]

    def append(self, folder: str, data: bytes, at: datetime) -> int | None:
        """Put a mail in `folder` as read; gives its UID where the server tells (RFC 4315)."""
        with self._client.asking():
            said = self._client.append(folder, data, flags=[b"\\Seen"], msg_time=at)
        found = APPENDED.search(said.decode("ascii", "replace") if isinstance(said, bytes) else str(said))
        return int(found[2]) if found else None

    def status(self, folder: str) -> State:
        """Tell how far `folder` is numbered, without opening it; not for the folder that is open."""
        with self._client.asking():
            told = self._client.folder_status(folder, ["UIDVALIDITY", "UIDNEXT"])
        return _state({key.upper(): value for key, value in told.items() if isinstance(key, bytes)})

    def examine(self, folder: str) -> State:
        """Open `folder` for reading only; tells how far it is numbered."""
        with self._client.asking():
            told = self._client.select_folder(folder, readonly=True)
            state = _state(told)
        if state.next_uid is not None:
            return state
        highest = max(self._uids("*"), default=0) if told.get(b"EXISTS") else 0
        return State(state.uidvalidity, highest + 1)

    def uids(self, first: int, end: int) -> list[int]:
        """Give the UIDs from `first` up to `end` that are in the open folder.

        They are fetched and not searched for: some servers search an index that lags behind.
        """
        found: set[int] = set()
        for start in range(first, end, UIDS_AT_ONCE):
            last = min(start + UIDS_AT_ONCE, end) - 1
            found.update(uid for uid in self._uids(f"{start}:{last}") if first <= uid < end)
        return sorted(found)

    def glimpses(self, uids: Sequence[int]) -> list[Glimpse]:
        """Give what can be known of messages in the open folder without downloading them; some may be gone.

        A message of which the server tells nothing, or nonsense, is given without headers.
        """
        found = self._each_told(uids, LIGHT, glimpse)
        missing = [uid for uid in uids if uid not in found]
        there = found.keys() | (set(self._uids(ranges(missing))) & set(missing) if missing else set())
        return [found.get(uid) or Glimpse(uid, 0, None, None) for uid in sorted(there)]

    def parts(self, uids: Sequence[int]) -> dict[int, tuple[Part, ...] | None]:
        """Give the parts of messages in the open folder; None where the server says no, or nonsense."""
        return self._each_told(uids, "(UID BODYSTRUCTURE)", lambda _, told: _parts(told))

    def whole(self, uid: int) -> bytes | None:
        """Give a message of the open folder, byte for byte; None when it is not there any more."""
        told = self._client.fetched(str(uid), "(UID BODY.PEEK[])").get(uid, {})
        data = next((value for key, value in told.items() if key.startswith(b"BODY[]")), None)
        if isinstance(data, bytes) and data:
            return data
        if uid in self._uids(str(uid)):
            raise Withheld(f"{self._client.place} does not give a message")
        return None

    def mark(self, folder: str, uidvalidity: int, uid: int, flag: str) -> bool:
        r"""Set a flag such as `\Flagged` on a message; False when the folder was numbered anew or the message is gone.

        Raises `CannotMove` when the server does not let us.
        """
        if not FLAG.fullmatch(flag):
            raise CannotMove(f"'{flag}' is not a mark that a mail server knows")
        return self._change(folder, uidvalidity, uid, lambda: self._client.add_flags([uid], [flag], silent=True))

    def move(self, folder: str, uidvalidity: int, uid: int, target: str) -> bool:
        """Move a message to `target`; False when the folder was numbered anew or the message is gone.

        Only by MOVE (RFC 6851): copying and removing could leave two, or none. Raises `CannotMove` without it, or when
        there is no such folder.
        """
        with self._client.asking():
            able = self._client.has_capability("MOVE")
        if not able:
            raise CannotMove(f"{self._client.place} cannot move mail by itself (MOVE); take `move` out of the rules")
        return self._change(folder, uidvalidity, uid, lambda: self._client.move([uid], target))

    def _change(self, folder: str, uidvalidity: int, uid: int, change: Callable[[], object]) -> bool:
        try:
            with self._client.asking():
                state = _state(self._client.select_folder(folder))
        except Withheld:
            return False
        if state.uidvalidity != uidvalidity or uid not in self._uids(str(uid)):
            return False
        try:
            with self._client.asking():
                change()
        except Withheld:
            raise CannotMove(f"{self._client.place} refuses to mark or move a mail as the rules ask") from None
        return True

    def _uids(self, range_: str) -> list[int]:
        answer = self._client.answered(range_, "(UID)")
        return [int(uid) for line in answer if isinstance(line, bytes) for uid in UID.findall(line)]

    def _each_told(
        self, uids: Sequence[int], items: str, read: Callable[[int, dict[bytes, Any]], Any]
    ) -> dict[int, Any]:
        """Fetch `items` of all, or where that fails of each on its own; None for one that fails on its own too."""
        try:
            return self._told(uids, items, read)
        except Withheld:
            if len(uids) == 1:
                return {uids[0]: None}
        found: dict[int, Any] = {}
        refused = None
        for uid in uids:
            try:
                found |= self._told([uid], items, read)
            except Withheld as no:
                refused, found[uid] = no, None
        if refused and not any(value is not None for value in found.values()):
            raise refused  # it is the folder, not a message
        return found

    def _told(self, uids: Iterable[int], items: str, read: Callable[[int, dict[bytes, Any]], Any]) -> dict[int, Any]:
        wanted = frozenset(uids)
        told = self._client.fetched(ranges(sorted(wanted)), items) if wanted else {}
        return {uid: value for uid in wanted & told.keys() if (value := read(uid, told[uid])) is not None}


def _parts(told: dict[bytes, Any]) -> tuple[Part, ...] | None:
    try:
        return parts(told[b"BODYSTRUCTURE"]) if b"BODYSTRUCTURE" in told else None
    except GARBLED:
        return None


def _state(told: dict[bytes, Any]) -> State:
    following, validity = told.get(b"UIDNEXT"), told.get(b"UIDVALIDITY")
    return State(
        validity if isinstance(validity, int) else 0,
        following if isinstance(following, int) and following > 0 else None,
    )


def ranges(uids: Sequence[int]) -> str:
    """Write sorted UIDs as short as can be: 3,7:9."""
    starts = [uids[0], *(after for before, after in pairwise(uids) if after != before + 1)]
    ends = [*(before for before, after in pairwise(uids) if after != before + 1), uids[-1]]
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in zip(starts, ends, strict=True))


def _carries(told: dict[bytes, object], token: str) -> bool:
    return any(isinstance(part, bytes) and token.encode() in part.split() for part in told.values())


@contextlib.contextmanager
def opened(server: Server, secret: Callable[[], Secret]) -> Iterator[Mailbox]:
    """Log in for as long as the block lasts; raises `NotReachable` when the server is away or says no."""
    with connected(server, secret) as client:
        yield Mailbox(client)
