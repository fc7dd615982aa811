"""Commands that open, clean out and close a mailbox: SELECT, EXAMINE, CHECK, EXPUNGE, CLOSE, UNSELECT.

Takes in a session and arguments, leaves behind its selected mailbox and removed mails (RFC 3501 sections
6.3.1, 6.3.2 and 6.4, RFC 3691, RFC 4315).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.sandbox.arguments import RefusedError, words
from pipeline.sandbox.mailboxes import find
from pipeline.sandbox.sequences import parse_set, pick
from pipeline.sandbox.views import View

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.sandbox.session import Session
    from pipeline.sandbox.wire import Token


def writable(session: Session) -> View:
    """Give the selected mailbox for changing; RefusedError when it was only examined."""
    if session.selected.read_only:
        message = "[READ-ONLY] Mailbox is read-only."
        raise RefusedError(message)
    return session.selected


def remove(session: Session, uids: Sequence[int]) -> None:
    """Remove mails of the selected mailbox for good.

    All who look at it get to know, this session included.
    """
    view = session.selected
    with session.site.store.transaction():
        session.site.store.mails.remove(view.folder.id, uids)
    session.site.hub.announce(view.folder.id)


async def _select(session: Session, arguments: list[Token]) -> str:
    _open(session, arguments, read_only=False)
    return "[READ-WRITE] Select completed."


async def _examine(session: Session, arguments: list[Token]) -> str:
    _open(session, arguments, read_only=True)
    return "[READ-ONLY] Examine completed."


def _open(session: Session, arguments: list[Token], *, read_only: bool) -> None:
    [word] = words(arguments, 1)
    if session.view:
        session.deselect()
        session.channel.send(b"* OK [CLOSED] Previous mailbox closed.\r\n")
    store = session.site.store
    view = View(store, find(session, word), read_only=read_only)
    session.view = view
    session.site.hub.join(view)
    session.channel.send(view.flags_lines())
    session.channel.send(b"* %d EXISTS\r\n* %d RECENT\r\n" % (len(view.uids), len(view.recent)))
    unseen = (mail.uid for mail in store.mails.read(view.folder.id, view.uids) if "\\Seen" not in mail.flags)
    if first := next(unseen, 0):
        session.channel.send(b"* OK [UNSEEN %d] First unseen.\r\n" % view.sequence(first))
    session.channel.send(b"* OK [UIDVALIDITY %d] UIDs valid\r\n" % view.folder.uidvalidity)
    session.channel.send(b"* OK [UIDNEXT %d] Predicted next UID\r\n" % view.folder.uidnext)


async def _check(_: Session, arguments: list[Token]) -> str:
    words(arguments, 0)
    return "Check completed."


def _deleted(session: Session, uids: Sequence[int]) -> list[int]:
    mails = session.site.store.mails.read(session.selected.folder.id, uids)
    return [mail.uid for mail in mails if "\\Deleted" in mail.flags]


async def _expunge(session: Session, arguments: list[Token]) -> str:
    words(arguments, 0)
    remove(session, _deleted(session, writable(session).uids))
    return "Expunge completed."


async def _uid_expunge(session: Session, arguments: list[Token]) -> str:
    [word] = words(arguments, 1)
    view = writable(session)
    ranges = parse_set(word.keyword, view.uids[-1] if view.uids else 0)
    remove(session, _deleted(session, pick(view.uids, ranges)))
    return "Expunge completed."


async def _close(session: Session, arguments: list[Token]) -> str:
    words(arguments, 0)
    if not session.selected.read_only:
        remove(session, _deleted(session, session.selected.uids))
    session.deselect()
    return "Close completed."


async def _unselect(session: Session, arguments: list[Token]) -> str:
    words(arguments, 0)
    session.deselect()
    return "Unselect completed."


OPENING = {"SELECT": _select, "EXAMINE": _examine}
COMMANDS = {
    "CHECK": _check,
    "CLOSE": _close,
    "EXPUNGE": _expunge,
    "UID EXPUNGE": _uid_expunge,
    "UNSELECT": _unselect,
}
