"""How sure the sender is, by what our own provider says of it (RFC 8601).

Pure. Only the topmost Authentication-Results counts, and only when it bears our provider's name: whatever else a mail
says of its own honesty was written by a stranger. What cannot be read to the end proves nothing. ARC is not looked at.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipeline.incoming.mail import Mail, Standing
from pipeline.incoming.mime.fields import LONGEST_FIELD

_TOKEN = re.compile(r'(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<open>\()|(?P<end>;)|(?P<space>\s+)|(?P<word>[^\s()";\\]+)')
_COMMENT = re.compile(r"\\.|[()]", re.DOTALL)
_SYNTAX = re.compile(r"[\s;=@/]")
_EQUALS = re.compile(r"\s*=\s*")
NAMELESS = {"outlook.com", "microsoft"}
"""Providers that leave their name out of the field, against the RFC: Exchange Online puts its own above all others."""


@dataclass(frozen=True)
class Result:
    """One method's result, such as dkim=pass, and its properties (`header.d` → the domain)."""

    method: str
    outcome: str
    properties: tuple[tuple[str, str], ...] = ()

    def domains(self, *names: str) -> set[str]:
        """Give the domains in the properties of these names; of an address what follows its @."""
        return {text.rpartition("@")[2].rstrip(".") for name, text in self.properties if name in names}


def standing(mail: Mail, provider: str | None) -> Standing:
    """Say how sure the sender is; `provider` is the name by which our own provider signs its findings."""
    topmost = next(iter(mail.header("Authentication-Results")), "")
    if not provider or not topmost or len(topmost) >= LONGEST_FIELD:
        return Standing.UNPROVEN
    found = results(topmost)
    if found is None or found[0] != ("" if provider.lower() in NAMELESS else provider.lower()):
        return Standing.UNPROVEN
    return _judged(found[1], mail.sender.rpartition("@")[2])


def _judged(found: list[Result], domain: str) -> Standing:
    policy = {result.outcome for result in found if result.method == "dmarc"}
    if "fail" in policy:
        return Standing.FAILED
    passed = [result for result in found if result.outcome == "pass"]
    if domain and any(_proves(result, domain) for result in passed):
        return Standing.AUTHENTICATED
    return Standing.UNPROVEN


def _proves(result: Result, domain: str) -> bool:
    """Say whether a passed result is about the domain of From."""
    if result.method == "dmarc":
        return result.domains("header.from") == {domain}
    if result.method == "dkim":
        signers = result.domains("header.d") or result.domains("header.i")
        return len(signers) == 1 and all(_related(signer, domain) for signer in signers)
    return result.method == "spf" and result.domains("smtp.mailfrom") == {domain}


def _related(one: str, other: str) -> bool:
    """Say whether two domains are the same or one lies under the other; a whole country is nobody's."""
    shorter, longer = sorted((one, other), key=len)
    return "." in shorter and (shorter == longer or longer.endswith(f".{shorter}"))


def results(text: str) -> tuple[str, list[Result]] | None:
    """Read one Authentication-Results: (whose it is, its results), all in lower case; None when it is malformed.

    Whose it is, is empty when the field begins with a result at once.
    """
    bare = _bare(text.lower())
    if bare is None:
        return None
    head, *rest = bare.split(";")
    words = head.split()
    if words and "=" in words[0]:
        words, rest = [""], [head, *rest]
    if not words or len(words) > 2 or (len(words) == 2 and not words[1].isdigit()):
        return None
    found = [_result(part) for part in rest if part.strip() and part.strip() != "none"]
    return None if None in found else (words[0], [result for result in found if result is not None])


def _result(part: str) -> Result | None:
    first, *rest = _EQUALS.sub("=", part.strip()).split()
    method, equals, outcome = first.partition("=")
    if not equals or not method or not outcome:
        return None
    pairs = [(name, text) for name, equals, text in (word.partition("=") for word in rest) if equals]
    return Result(method.partition("/")[0], outcome, tuple(pairs))


def _bare(text: str) -> str | None:
    """Give a field without its comments; what was quoted stays as text, never as syntax. None when it has no end."""
    kept: list[str] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            return None
        at = match.end()
        if match["open"]:
            end = _comment_end(text, at)
            if end is None:
                return None
            at = end
            kept.append(" ")
        elif match["quoted"]:
            kept.append(_SYNTAX.sub("\0", re.sub(r"\\(.)", r"\1", match["quoted"][1:-1])))
        else:
            kept.append(match[0])
    return "".join(kept)


def _comment_end(text: str, at: int) -> int | None:
    depth = 1
    for match in _COMMENT.finditer(text, at):
        depth += {"(": 1, ")": -1}.get(match[0], 0)
        if not depth:
            return match.end()
    return None
