"""What each session sees of its selected mailbox, and how it learns what others did to it.

Takes in changes from any session or delivery, leaves behind untagged responses at the moments RFC 3501
section 7 allows them. `Hub` spreads the news, `View` keeps one session's message numbers.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

from pipeline.sandbox.fetch import flag_list
from pipeline.sandbox.mails import SYSTEM_FLAGS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline.sandbox.folders import Folder
    from pipeline.sandbox.store import Store


class View:
    """One session's numbering of the selected mailbox.

    `uids[n - 1]` is message n until the session is told otherwise.
    """

    def __init__(self, store: Store, folder: Folder, *, read_only: bool) -> None:
        r"""See the mailbox as it is now.

        Who sees it first, not just examining it, has its new mails as \Recent.
        """
        self._store = store
        self.folder = folder
        self.read_only = read_only
        self.uids = store.mails.uids(folder.id)
        self.recent = {uid for uid in self.uids if uid >= folder.recent_from}
        self.keywords = store.mails.keywords(folder.id)
        self.news = asyncio.Event()
        self.gone = False
        self._changed: set[int] = set()
        self._claim(folder)

    def _claim(self, folder: Folder) -> None:
        if not self.read_only and folder.recent_from != folder.uidnext:
            with self._store.transaction():
                self._store.folders.claim_recent(folder)

    def note(self, changed: Iterable[int]) -> None:
        """Take note that mails came, went or (these UIDs) have other flags."""
        self._changed.update(changed)
        self.news.set()

    def sequence(self, uid: int) -> int:
        """Give the message number of a UID in this view."""
        return bisect_left(self.uids, uid) + 1

    def flags_lines(self) -> bytes:
        """Write the FLAGS and PERMANENTFLAGS responses."""
        flags = flag_list([*SYSTEM_FLAGS, *self.keywords])
        permanent = b"()" if self.read_only else flags[:-1] + b" \\*)"
        return b"* FLAGS %b\r\n* OK [PERMANENTFLAGS %b] Flags permitted.\r\n" % (flags, permanent)

    def report(self, *, expunges: bool) -> bytes:
        """Write what is new since the last report.

        Expunges stay untold while message numbers must not move.
        """
        if not self.news.is_set():
            return b""
        current = self._store.mails.uids(self.folder.id)
        present = set(current)
        lines = self._report_expunged(present) if expunges else []
        lines += self._report_new(current)
        lines += self._report_flags(present)
        if expunges:
            self.news.clear()
        return b"".join(lines)

    def report_keywords(self) -> bytes:
        """Write which flags there are, when that has changed."""
        keywords = self._store.mails.keywords(self.folder.id)
        if keywords == self.keywords:
            return b""
        self.keywords = keywords
        return self.flags_lines()

    def _report_expunged(self, present: set[int]) -> list[bytes]:
        missing = [number for number, uid in enumerate(self.uids, 1) if uid not in present]
        self.uids = [uid for uid in self.uids if uid in present]
        self.recent &= present
        return [b"* %d EXPUNGE\r\n" % number for number in reversed(missing)]

    def _report_new(self, current: list[int]) -> list[bytes]:
        new = current[bisect_right(current, self.uids[-1] if self.uids else 0) :]
        if not new:
            return []
        folder = self._store.folders.by_id(self.folder.id)
        self.uids += new
        self.recent.update(uid for uid in new if uid >= folder.recent_from)
        self._claim(folder)
        return [b"* %d EXISTS\r\n* %d RECENT\r\n" % (len(self.uids), len(self.recent))]

    def _report_flags(self, present: set[int]) -> list[bytes]:
        lines = [self.report_keywords()]
        changed = sorted(self._changed & present & set(self.uids))
        self._changed.clear()
        for mail in self._store.mails.read(self.folder.id, changed):
            flags = flag_list([*mail.flags, "\\Recent"] if mail.uid in self.recent else mail.flags)
            lines.append(b"* %d FETCH (UID %d FLAGS %b)\r\n" % (self.sequence(mail.uid), mail.uid, flags))
        return lines


class Hub:
    """Knows who looks at which mailbox."""

    def __init__(self) -> None:
        """Nobody looks at anything yet."""
        self._views: dict[int, set[View]] = {}

    def join(self, view: View) -> None:
        """Tell this view of changes from now on."""
        self._views.setdefault(view.folder.id, set()).add(view)

    def leave(self, view: View) -> None:
        """Tell this view nothing any more."""
        views = self._views.get(view.folder.id, set())
        views.discard(view)
        if not views:
            self._views.pop(view.folder.id, None)

    def announce(self, folder: int, changed: Iterable[int] = (), *, but: View | None = None) -> None:
        """Tell all who look at a mailbox, except one, that it changed.

        `changed` are UIDs with other flags.
        """
        changed = list(changed)
        for view in self._views.get(folder, ()):
            if view is not but:
                view.note(changed)

    def bury(self, folder: int) -> None:
        """Tell all who look at a mailbox that it has been deleted."""
        for view in self._views.get(folder, ()):
            view.gone = True
            view.news.set()
