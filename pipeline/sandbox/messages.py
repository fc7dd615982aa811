"""Commands on single mails: FETCH, STORE, COPY, MOVE, SEARCH, each by message number or by UID.

Takes in a session and arguments, leaves behind flags and copies in the store (RFC 3501 section 6.4, RFC 4315,
RFC 6851).
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from pipeline.sandbox.arguments import RefusedError, flags, words
from pipeline.sandbox.fetch import FLAGS, UID, Fetched, Item, answer, parse_items
from pipeline.sandbox.mailboxes import find
from pipeline.sandbox.mails import GoneError
from pipeline.sandbox.search import CHARSETS, Candidate, UnknownCharsetError, parse_search
from pipeline.sandbox.selecting import writable
from pipeline.sandbox.sequences import compact, parse_set, pick
from pipeline.sandbox.wire import BadSyntaxError, Token

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.sandbox.folders import Folder
    from pipeline.sandbox.mails import Mail
    from pipeline.sandbox.session import Session

_STORE = re.compile(r"(?P<sign>[+-]?)FLAGS(?P<silent>\.SILENT)?")
_BREATH = 100
"""After how many mails a long search lets the other sessions have a turn."""


def _chosen(session: Session, token: Token, *, by_uid: bool) -> list[int]:
    """Give the UIDs meant by a sequence set.

    UIDs that do not exist are passed over; message numbers that do not are an error.
    """
    [word] = words([token], 1)
    uids = session.selected.uids
    if by_uid:
        return pick(uids, parse_set(word.keyword, uids[-1] if uids else 0))
    ranges = parse_set(word.keyword, len(uids))
    if any(high > len(uids) or not low for low, high in ranges):
        message = "Invalid messageset"
        raise BadSyntaxError(message)
    return [uids[number - 1] for number in pick(range(1, len(uids) + 1), ranges)]


def _split(arguments: list[Token], least: int) -> tuple[Token, list[Token]]:
    if len(arguments) < least:
        message = "Missing arguments"
        raise BadSyntaxError(message)
    return arguments[0], arguments[1:]


async def _fetch(session: Session, arguments: list[Token], *, by_uid: bool) -> str:
    which, asked = _split(arguments, 2)
    items = parse_items(asked[0] if len(asked) == 1 else asked)
    if by_uid and UID not in items:
        items.insert(0, UID)
    view = session.selected
    sets_seen = not view.read_only and any(item.sets_seen for item in items)
    uids = _chosen(session, which, by_uid=by_uid)
    found = 0
    for mail in session.site.store.mails.read(view.folder.id, uids):
        # While a slow client takes in one mail, others may expunge the next.
        with suppress(GoneError):
            session.channel.send(_answer(session, mail, items, sets_seen=sets_seen))
            found += 1
        await session.channel.drain()
    return "Fetch completed." if found == len(uids) else "[EXPUNGEISSUED] Some messages are gone."


def _answer(session: Session, mail: Mail, items: list[Item], *, sets_seen: bool) -> bytes:
    """Write one FETCH response; a mail that is marked as read by it says so in it."""
    view = session.selected
    if sets_seen and "\\Seen" not in mail.flags:
        mail = _see(session, mail.uid)
        items = items if FLAGS in items else [*items, FLAGS]
    fetched = Fetched(mail, mail.uid in view.recent, session.site.store.mails.raw)
    return answer(view.sequence(mail.uid), fetched, items)


def _see(session: Session, uid: int) -> Mail:
    """Mark a mail as read, whatever its flags have become meanwhile, and tell the others."""
    folder, mails = session.selected.folder.id, session.site.store.mails
    with session.site.store.transaction():
        for mail in mails.read(folder, [uid]):
            mails.set_flags(folder, uid, mail.flags | {"\\Seen"})
    session.site.hub.announce(folder, [uid], but=session.selected)
    for mail in mails.read(folder, [uid]):
        return mail
    raise GoneError


async def _store(session: Session, arguments: list[Token], *, by_uid: bool) -> str:
    which, rest = _split(arguments, 3)
    [verb] = words(rest[:1], 1)
    how = _STORE.fullmatch(verb.keyword)
    if how is None:
        message = "Invalid STORE item"
        raise BadSyntaxError(message)
    given, view = frozenset(flags(rest[1:])), writable(session)
    before = list(session.site.store.mails.read(view.folder.id, _chosen(session, which, by_uid=by_uid)))
    with session.site.store.transaction():
        for mail in before:
            session.site.store.mails.set_flags(view.folder.id, mail.uid, _combined(mail.flags, how["sign"], given))
    uids = [mail.uid for mail in before]
    session.site.hub.announce(view.folder.id, uids, but=view)
    session.channel.send(view.report_keywords())
    if not how["silent"]:
        await _tell_flags(session, uids, [UID, FLAGS] if by_uid else [FLAGS])
    return "Store completed."


def _combined(old: frozenset[str], sign: str, given: frozenset[str]) -> frozenset[str]:
    named = {flag.lower() for flag in given}
    if sign == "+":
        return old | {flag for flag in given if flag.lower() not in {known.lower() for known in old}}
    return given if not sign else frozenset(flag for flag in old if flag.lower() not in named)


async def _tell_flags(session: Session, uids: Sequence[int], items: Sequence[Item]) -> None:
    view = session.selected
    for mail in session.site.store.mails.read(view.folder.id, uids):
        fetched = Fetched(mail, mail.uid in view.recent, session.site.store.mails.raw)
        session.channel.send(answer(view.sequence(mail.uid), fetched, items))
        await session.channel.drain()


def _copied(session: Session, uids: Sequence[int], target: Folder, *, move: bool) -> str:
    """Copy (or move) mails, all or none, and give the COPYUID code."""
    store, source = session.site.store, session.selected.folder
    mails = list(store.mails.read(source.id, uids))
    if len(mails) != len(uids):
        message = "[EXPUNGEISSUED] Some of the requested messages no longer exist."
        raise RefusedError(message)
    with store.transaction():
        new = store.mails.copy(mails, target.id)
        if move:
            store.mails.remove(source.id, uids)
    session.site.hub.announce(target.id)
    return f"[COPYUID {target.uidvalidity} {compact(uids).decode()} {compact(new).decode()}]"


async def _copy(session: Session, arguments: list[Token], *, by_uid: bool) -> str:
    which, name = words(arguments, 2)
    uids, target = _chosen(session, which, by_uid=by_uid), find(session, name, "TRYCREATE")
    if not uids:
        return "No messages found."
    return _copied(session, uids, target, move=False) + " Copy completed."


async def _move(session: Session, arguments: list[Token], *, by_uid: bool) -> str:
    which, name = words(arguments, 2)
    view = writable(session)
    uids, target = _chosen(session, which, by_uid=by_uid), find(session, name, "TRYCREATE")
    if not uids:
        return "No messages found."
    # The code must come before the EXPUNGE responses, hence not in the tagged one (RFC 6851 section 4.3).
    session.channel.send(f"* OK {_copied(session, uids, target, move=True)} Moved UIDs.\r\n".encode())
    session.site.hub.announce(view.folder.id)
    return "Move completed."


async def _search(session: Session, arguments: list[Token], *, by_uid: bool) -> str:
    view, mails = session.selected, session.site.store.mails
    try:
        test = parse_search(arguments, view.uids)
    except UnknownCharsetError as error:
        message = f"[BADCHARSET ({' '.join(CHARSETS)})] Unknown charset."
        raise RefusedError(message) from error
    found = []
    for sequence, mail in enumerate(mails.read(view.folder.id, view.uids), 1):
        candidate = Candidate(mail, mail.uid in view.recent, mails.raw, view.sequence(mail.uid))
        with suppress(GoneError):
            if test(candidate):
                found.append(mail.uid if by_uid else candidate.sequence)
        if sequence % _BREATH == 0:
            await asyncio.sleep(0)
    session.channel.send(b"* SEARCH" + b"".join(b" %d" % number for number in found) + b"\r\n")
    return "Search completed."


_BOTH = {"FETCH": _fetch, "STORE": _store, "COPY": _copy, "MOVE": _move, "SEARCH": _search}
COMMANDS = {name: partial(command, by_uid=False) for name, command in _BOTH.items()} | {
    f"UID {name}": partial(command, by_uid=True) for name, command in _BOTH.items()
}
