"""Arguments of commands: tokens checked and turned into words, flags and names, or refused in the right way.

Pure; takes in tokens, raises BadSyntaxError (answered with BAD) or RefusedError (answered with NO).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline.sandbox.mails import SYSTEM_FLAGS
from pipeline.sandbox.names import BadNameError, decode_name
from pipeline.sandbox.wire import BadSyntaxError, Token, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

_KEYWORD = re.compile(r'[^\x00-\x20\x7f-\uffff(){%*"\\\]]{1,100}')
_SYSTEM = {flag.lower(): flag for flag in SYSTEM_FLAGS}


class RefusedError(Exception):
    """The command is understood and refused: the text of a NO response, with its code."""


def words(tokens: Sequence[Token], count: int) -> list[Word]:
    """Give exactly `count` words; raises BadSyntaxError on more, fewer or lists."""
    found = [token for token in tokens if isinstance(token, Word)]
    if len(tokens) != count or len(found) != count:
        message = "Invalid arguments"
        raise BadSyntaxError(message)
    return found


def items(token: Token) -> list[Word]:
    """Give the words of a list of words."""
    if not isinstance(token, list):
        message = "List expected"
        raise BadSyntaxError(message)
    return words(token, len(token))


def mailbox(token: Token) -> str:
    """Give a mailbox name in plain text; RefusedError when there can be no such name."""
    [word] = words([token], 1)
    try:
        return decode_name(word.value)
    except BadNameError as error:
        message = f"[CANNOT] {error}"
        raise RefusedError(message) from error


def flags(tokens: Sequence[Token]) -> list[str]:
    """Read flags, given as one list or one after the other.

    System flags in their official case, keywords as written.
    """
    given = items(tokens[0]) if len(tokens) == 1 and isinstance(tokens[0], list) else words(tokens, len(tokens))
    return [_flag(word) for word in given]


def _flag(word: Word) -> str:
    text = word.value.decode("ascii", "replace")
    flag = _SYSTEM.get(text.lower(), text)
    if not word.keyword or (flag not in SYSTEM_FLAGS and not _KEYWORD.fullmatch(flag)):
        message = "Invalid flag"
        raise BadSyntaxError(message)
    return flag
