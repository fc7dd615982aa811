"""Addresses as mail names them (RFC 5322 3.4): display names, comments, quoted strings and groups told apart.

Takes in the undecoded text of an address field. What is no plain address counts as one that cannot be read, so that
"exactly one address" is never the outcome of passing something over.
"""

from __future__ import annotations

import re

from pipeline.incoming.mime.charsets import words_decoded

LONGEST, MOST = 16_000, 200

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?:"|\Z)|<[^<>]*>|\((?:[^()\\]|\\.)*\)|[,;:]|[^",;:<>()]+|.', re.DOTALL)
_PLAIN = r"[^\s@<>()\[\]\\,;:\"\x00-\x1f]"
_ADDRESS = re.compile(rf"{_PLAIN}{{1,64}}@(?!\.){_PLAIN}{{1,253}}(?<!\.)")


def mailboxes(text: str) -> list[tuple[str, str]]:
    """Give (display name, address in lower case) of each mailbox; the address is empty where it cannot be read."""
    groups: list[list[str]] = [[]]
    for found in _TOKEN.findall(text[:LONGEST])[: 20 * MOST]:
        if found in {",", ";"}:
            groups.append([])
        elif found == ":":
            # What stood before it is the name of a group, unless it could be an address itself.
            groups[-1:] = [groups[-1], []] if "@" in "".join(groups[-1]) else [[]]
        else:
            groups[-1].append(found)
    return [_mailbox(tokens) for tokens in groups if "".join(tokens).strip()][:MOST]


def _mailbox(tokens: list[str]) -> tuple[str, str]:
    angled = [token[1:-1].strip() for token in tokens if token.startswith("<") and token.endswith(">")]
    words = [token for token in tokens if not token.startswith(("<", "("))]
    comments = [token[1:-1] for token in tokens if token.startswith("(")]
    bare = "".join(words).strip()
    found = angled[0] if len(angled) == 1 else "" if angled else bare
    if not found.isprintable() or any(token in {"<", ">", "(", ")"} for token in tokens):
        found = ""
    name = (" ".join(_unquoted(word) for word in words) if angled else " ".join(comments)).strip()
    return " ".join(words_decoded(name).split())[:200], found.lower() if _ADDRESS.fullmatch(found) else ""


def _unquoted(word: str) -> str:
    if not word.startswith('"'):
        return word.strip()
    return re.sub(r"\\(.)", r"\1", word[1:].removesuffix('"'))
