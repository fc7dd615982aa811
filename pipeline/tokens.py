"""References, tokens and tags: derived with the practice's own key, so that a repeated step finds its own names.

Nobody without the key can guess or forge one, and none says anything about a person. Alphabet: Crockford's base 32,
without the letters that are mistaken for digits.
"""

from __future__ import annotations

import hashlib

from pipeline.model import Kind, Party, Purpose

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _keyed(key: bytes, purpose: str, *parts: object, letters: int) -> str:
    text = "\0".join([purpose, *map(str, parts)])
    number = int.from_bytes(hashlib.blake2b(text.encode(), key=key, digest_size=32).digest())
    return "".join(ALPHABET[(number >> (5 * at)) & 31] for at in range(letters))


def reference(key: bytes, sha256: str, attempt: int) -> str:
    """Give the reference of the dossier that the file with this hash opens; `attempt` counts collisions."""
    letters = _keyed(key, "reference", sha256, attempt, letters=8)
    return f"{letters[:4]}-{letters[4:]}"


def client_key(key: bytes, name: str, email: str) -> str:
    """Give what tells one client from another: the name and the address together, since couples share an address."""
    return _keyed(key, "client", folded(name), email.casefold(), letters=26)


def folded(name: str) -> str:
    """Give a name as names are compared: whatever its capitals and spaces."""
    return " ".join(name.casefold().split())


def message_token(
    key: bytes, dossier: str, revision: int, party: Party, purpose: Purpose = Purpose.DOCUMENTS, number: int = 0
) -> str:
    """Give the token of one mail: it stands in the Message-ID and in our own header; `number` tells rounds apart."""
    more = () if purpose is Purpose.DOCUMENTS else (purpose, number)
    return _keyed(key, "message", dossier, revision, party, *more, letters=20).lower()


def seal(key: bytes, sha256: str) -> str:
    """Give what the ledger keeps of some bytes: nobody without the key can try out guesses against it."""
    return _keyed(key, "seal", sha256, letters=26)


def page_tag(key: bytes, dossier: str, kind: Kind, version: int) -> str:
    """Give the tag that proves a page code to be ours."""
    return _keyed(key, "page", dossier, kind, version, letters=5)


def document_password(key: bytes, dossier: str, party: Party = Party.CLIENT) -> str:
    """Give the password of what one party of a dossier receives, in groups of four, to be said over the phone.

    Each has its own: what the sponsor was told opens nothing of the client's.
    """
    parts = () if party is Party.CLIENT else (party,)
    letters = _keyed(key, "password", dossier, *parts, letters=12)
    return "-".join(letters[at : at + 4] for at in range(0, 12, 4))
