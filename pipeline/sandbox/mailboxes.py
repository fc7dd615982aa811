"""Commands on mailboxes as a whole: CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS, APPEND.

Takes in a session and arguments, leaves behind rows of the store and news for those who look at the mailboxes
(RFC 3501 section 6.3, RFC 4315).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.sandbox.arguments import RefusedError, flags, items, mailbox, words
from pipeline.sandbox.dates import parse_moment
from pipeline.sandbox.folders import INBOX, Folder
from pipeline.sandbox.names import DELIMITER, encode_name
from pipeline.sandbox.wire import BadSyntaxError, Kind, Token, Word, quote

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline.sandbox.session import Session

_MISSING = "[NONEXISTENT] Mailbox doesn't exist."
_EXISTS = "[ALREADYEXISTS] Mailbox already exists."


def find(session: Session, token: Token, code: str = "NONEXISTENT") -> Folder:
    """Give the mailbox of that name; RefusedError with the response code when there is none."""
    found = session.site.store.folders.find(session.account, mailbox(token))
    if found is None:
        raise RefusedError(_MISSING.replace("NONEXISTENT", code))
    return found


async def _create(session: Session, arguments: list[Token]) -> str:
    [word] = words(arguments, 1)
    # A trailing delimiter only announces that there will be mailboxes below (RFC 3501 section 6.3.3).
    name = mailbox(Word(word.value.removesuffix(DELIMITER.encode()), word.kind))
    folders = session.site.store.folders
    if folders.find(session.account, name):
        raise RefusedError(_EXISTS)
    with session.site.store.transaction():
        folders.create(session.account, name)
    return "Create completed."


async def _delete(session: Session, arguments: list[Token]) -> str:
    [word] = words(arguments, 1)
    folder = find(session, word)
    if folder.name == INBOX:
        message = "[CANNOT] INBOX can't be deleted."
        raise RefusedError(message)
    with session.site.store.transaction():
        session.site.store.folders.delete(folder)
    if session.view and session.view.folder.id == folder.id:
        session.deselect()
    session.site.hub.bury(folder.id)
    return "Delete completed."


async def _rename(session: Session, arguments: list[Token]) -> str:
    old, new = (mailbox(word) for word in words(arguments, 2))
    store = session.site.store
    moved = [folder for folder in store.folders.all(session.account) if _within(folder.name, old)]
    if not moved:
        raise RefusedError(_MISSING)
    if store.folders.find(session.account, new):
        raise RefusedError(_EXISTS)
    if _within(new, old):
        message = "[CANNOT] A mailbox can't be moved below itself."
        raise RefusedError(message)
    with store.transaction():
        if old == INBOX:
            _move_out(session, moved[0], new)
        else:
            store.folders.rename(session.account, old, new)
    session.site.hub.announce(moved[0].id)
    return "Rename completed."


def _within(name: str, top: str) -> bool:
    return name == top or name.startswith(top + DELIMITER)


def _move_out(session: Session, inbox: Folder, name: str) -> None:
    """Rename INBOX: its mails go to the new mailbox, it stays and is empty (RFC 3501 section 6.3.5)."""
    store = session.site.store
    store.folders.create(session.account, name)
    target = store.folders.find(session.account, name)
    uids = store.mails.uids(inbox.id)
    if target:
        store.mails.copy(store.mails.read(inbox.id, uids), target.id)
        store.mails.remove(inbox.id, uids)


async def _subscribe(session: Session, arguments: list[Token]) -> str:
    [word] = words(arguments, 1)
    session.site.store.folders.subscribe(session.account, find(session, word).name)
    return "Subscribe completed."


async def _unsubscribe(session: Session, arguments: list[Token]) -> str:
    [word] = words(arguments, 1)
    session.site.store.folders.unsubscribe(session.account, mailbox(word))
    return "Unsubscribe completed."


async def _status(session: Session, arguments: list[Token]) -> str:
    if len(arguments) != 2:
        message = "Invalid arguments"
        raise BadSyntaxError(message)
    asked = [item.keyword for item in items(arguments[1])]
    if not asked or not set(asked) <= _STATUS.keys():
        message = "Invalid status items"
        raise BadSyntaxError(message)
    folder = find(session, arguments[0])
    counts = " ".join(f"{item} {_STATUS[item](session, folder)}" for item in asked)
    session.channel.send(b"* STATUS %b (%b)\r\n" % (quote(encode_name(folder.name)), counts.encode()))
    return "Status completed."


def _uids(session: Session, folder: Folder) -> list[int]:
    return session.site.store.mails.uids(folder.id)


def _unseen(session: Session, folder: Folder) -> int:
    mails = session.site.store.mails.read(folder.id, _uids(session, folder))
    return sum("\\Seen" not in mail.flags for mail in mails)


_STATUS: dict[str, Callable[[Session, Folder], int]] = {
    "MESSAGES": lambda session, folder: len(_uids(session, folder)),
    "RECENT": lambda session, folder: sum(uid >= folder.recent_from for uid in _uids(session, folder)),
    "UIDNEXT": lambda _, folder: folder.uidnext,
    "UIDVALIDITY": lambda _, folder: folder.uidvalidity,
    "UNSEEN": _unseen,
}


async def _append(session: Session, arguments: list[Token]) -> str:
    if len(arguments) < 2:
        message = "Invalid arguments"
        raise BadSyntaxError(message)
    *optional, raw = arguments[1:]
    if not isinstance(raw, Word) or raw.kind is not Kind.LITERAL:
        message = "Invalid arguments"
        raise BadSyntaxError(message)
    given = flags([optional.pop(0)]) if optional and isinstance(optional[0], list) else []
    received = session.site.clock()
    if optional:
        [moment] = words(optional, 1)
        received = parse_moment(moment.value.decode("ascii", "replace"))
    folder = find(session, arguments[0], "TRYCREATE")
    if not raw.value or b"\0" in raw.value:
        message = "[CANNOT] An empty mail, or one with NUL octets, can't be stored."
        raise RefusedError(message)
    with session.site.store.transaction():
        uid = session.site.store.mails.add(folder.id, raw.value, given, received)
    session.site.hub.announce(folder.id)
    return f"[APPENDUID {folder.uidvalidity} {uid}] Append completed."


COMMANDS = {
    "APPEND": _append,
    "CREATE": _create,
    "DELETE": _delete,
    "RENAME": _rename,
    "STATUS": _status,
    "SUBSCRIBE": _subscribe,
    "UNSUBSCRIBE": _unsubscribe,
}
