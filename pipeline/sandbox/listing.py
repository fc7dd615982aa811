"""LIST and LSUB: which mailboxes there are, and what for (RFC 3501 sections 6.3.8 and 6.3.9, RFC 6154).

Takes in a session and arguments, leaves nothing behind. Of RFC 5258 it knows what RFC 6154 needs, and
SUBSCRIBED.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline.sandbox.arguments import items, words
from pipeline.sandbox.names import DELIMITER, MAX_NAME, decode_pattern, encode_name, matches
from pipeline.sandbox.wire import BadSyntaxError, Token, Word, quote

if TYPE_CHECKING:
    from pipeline.sandbox.session import Session

_SELECT_OPTIONS = frozenset({"SPECIAL-USE", "SUBSCRIBED", "REMOTE"})
_RETURN_OPTIONS = frozenset({"SPECIAL-USE", "SUBSCRIBED", "CHILDREN"})


@dataclass(frozen=True, slots=True)
class _Wish:
    patterns: list[str]
    only: frozenset[str]
    also: frozenset[str]

    @property
    def children(self) -> bool:
        """Whether to tell what has children: always in the plain form, on request in the extended one."""
        return "CHILDREN" in self.also


async def _list(session: Session, arguments: list[Token]) -> str:
    wish = _read(arguments)
    if wish.patterns == [""]:
        session.channel.send(_line("LIST", ["\\Noselect"], ""))
        return "List completed."
    names = {folder.name: folder.special for folder in session.site.store.folders.all(session.account)}
    subscribed = set(session.site.store.folders.subscribed(session.account))
    shown = subscribed if "SUBSCRIBED" in wish.only else {*names, *_parents(names)}
    for name in sorted(shown):
        if not any(matches(name, pattern) for pattern in wish.patterns):
            continue
        if "SPECIAL-USE" in wish.only and not names.get(name):
            continue
        marks = _marks(name, names, children=wish.children)
        if name in subscribed and "SUBSCRIBED" in wish.only | wish.also:
            marks.append("\\Subscribed")
        session.channel.send(_line("LIST", marks, name))
    return "List completed."


def _marks(name: str, names: dict[str, str], *, children: bool) -> list[str]:
    parent = any(other.startswith(name + DELIMITER) for other in names)
    marks = ["\\HasChildren" if parent else "\\HasNoChildren"] if children else []
    if name not in names:
        marks.insert(0, "\\Noselect" if parent else "\\NonExistent")
    elif names[name]:
        marks.append(names[name])
    return marks


def _parents(names: dict[str, str]) -> set[str]:
    """Give the levels above the mailboxes.

    They show up even where there is no such mailbox (RFC 3501 section 6.3.3).
    """
    levels = (name.split(DELIMITER) for name in names)
    return {DELIMITER.join(parts[:depth]) for parts in levels for depth in range(1, len(parts))}


def _read(arguments: list[Token]) -> _Wish:
    only: frozenset[str] = frozenset()
    also: frozenset[str] = frozenset({"CHILDREN"})
    if arguments and isinstance(arguments[0], list):
        only, also = _options(arguments[:1], _SELECT_OPTIONS), frozenset()
        arguments = arguments[1:]
    if arguments[2:] and isinstance(arguments[2], Word) and arguments[2].keyword == "RETURN":
        also = _options(arguments[3:], _RETURN_OPTIONS)
        arguments = arguments[:2]
    reference, asked = words(arguments[:1], 1)[0], arguments[1:]
    patterns = items(asked[0]) if len(asked) == 1 and isinstance(asked[0], list) else words(asked, 1)
    return _Wish([_pattern(reference, pattern) for pattern in patterns], only, also)


def _options(tokens: list[Token], known: frozenset[str]) -> frozenset[str]:
    options = frozenset(word.keyword for token in tokens for word in items(token))
    if len(tokens) != 1 or options - known:
        message = "Unknown LIST option"
        raise BadSyntaxError(message)
    return options


def _pattern(reference: Word, pattern: Word) -> str:
    try:
        text = decode_pattern(pattern.value)
        joined = decode_pattern(reference.value) + text if text else ""
    except (UnicodeError, binascii.Error) as error:
        message = "Mailbox pattern is not valid mUTF-7"
        raise BadSyntaxError(message) from error
    if len(joined) > MAX_NAME:
        message = "Mailbox pattern too long"
        raise BadSyntaxError(message)
    return joined


async def _lsub(session: Session, arguments: list[Token]) -> str:
    [pattern] = _read(arguments).patterns
    subscribed = session.site.store.folders.subscribed(session.account)
    for name in subscribed:
        if matches(name, pattern):
            session.channel.send(_line("LSUB", [], name))
    # A subscribed name below what '%' shows is hinted at by its parent (RFC 3501 section 6.3.9).
    for name in sorted(_parents(dict.fromkeys(subscribed, "")) - set(subscribed)):
        if pattern.endswith("%") and matches(name, pattern):
            session.channel.send(_line("LSUB", ["\\Noselect"], name))
    return "Lsub completed."


def _line(kind: str, marks: list[str], name: str) -> bytes:
    return (
        f"* {kind} ({' '.join(marks)}) ".encode()
        + quote(DELIMITER.encode())
        + b" "
        + quote(encode_name(name))
        + b"\r\n"
    )


COMMANDS = {"LIST": _list, "LSUB": _lsub}
