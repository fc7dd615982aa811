"""The practice's mailbox over IMAP: looking into it without a trace, and the little that is put or changed there.

`connection` speaks with a server that may answer anything, `answers` reads what it tells, `box` is the mailbox, and
`idle` hears that something came.
"""

from __future__ import annotations

from pipeline.edges.mailbox.answers import Folder, Glimpse, Part, State, decoded
from pipeline.edges.mailbox.box import Mailbox, imap_safe, opened
from pipeline.edges.mailbox.connection import CannotMove, Withheld
from pipeline.edges.mailbox.idle import Watcher

__all__ = [
    "CannotMove", "Folder", "Glimpse", "Mailbox", "Part", "State", "Watcher", "Withheld", "decoded", "imap_safe",
    "opened",
]  # fmt: skip
