"""The practice's mailbox over IMAP: looking into it without a trace, and the little that is put or changed there.

`connection` speaks with a server that may answer anything, `answers` reads what it tells, `box` is the mailbox, and
`idle` hears that something came. `headers` reads many mails at once, `finding` finds the copies of our own mail,
`comparing` makes sure that a mail is the one that was meant, and `removing` removes exactly that one.
"""

from __future__ import annotations

from pipeline.edges.mailbox.answers import Folder, Glimpse, Part, State, decoded
from pipeline.edges.mailbox.box import Mailbox, imap_safe, opened
from pipeline.edges.mailbox.comparing import Expected, Removal
from pipeline.edges.mailbox.connection import CannotMove, Withheld
from pipeline.edges.mailbox.finding import Absence, Batch, Copy, absent, ours
from pipeline.edges.mailbox.idle import Watcher
from pipeline.edges.mailbox.removing import removals, remove

__all__ = [
    "Absence", "Batch", "CannotMove", "Copy", "Expected", "Folder", "Glimpse", "Mailbox", "Part", "Removal", "State",
    "Watcher", "Withheld", "absent", "decoded", "imap_safe", "opened", "ours", "removals", "remove",
]  # fmt: skip
