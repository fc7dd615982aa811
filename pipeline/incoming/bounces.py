"""What a bounce says: which of our mails, for whom, for good or for now (RFC 3464, and dialects without a report).

Pure. It gives everything that could name a mail of ours; only what is really ours counts, and the caller knows that.
"""

from __future__ import annotations

import re

from pipeline.incoming.mail import Bounce, Mail
from pipeline.incoming.mime.fields import message_ids
from pipeline.incoming.nature import is_bounce
from pipeline.model import OWN_HEADER

_MOST, _LONGEST = 50, 300
_DELIVERED = {"delivered", "relayed", "expanded"}
_FIELD = re.compile(r"^([A-Za-z-]{3,40}):[ \t]*((?:.*)(?:\n[ \t]+.*)*)", re.MULTILINE)
_TOKEN = re.compile(r"[0-9a-zA-Z]{8,40}")
_WRITTEN_TOKEN = re.compile(rf"\b{re.escape(OWN_HEADER)}:[ \t]*([0-9a-zA-Z]{{8,40}})\b", re.IGNORECASE)
_ADDRESS = re.compile(r"[^\s@<>()\[\],;:\"]{1,64}@[^\s@<>()\[\],;:\"]{1,253}")
_STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])")
_LABELLED = re.compile(r"\bMessage-ID:\s{0,5}(<[^<>\s]{1,300}>)", re.IGNORECASE)
_COPY = re.compile(r"^(?:--|Message-ID:|Return-Path:|Received:)", re.IGNORECASE | re.MULTILINE)
_FOR_NOW = re.compile(
    r"\bdelayed\b|\bdelay\b|still being retried|will (?:be )?(?:retr|continue to try)|vertraagd|vertraging"
    r"|wordt opnieuw geprobeerd|temporar(?:y|ily)|not yet been delivered|no action is required",
    re.IGNORECASE,
)
_LOOKED_AT = 5_000


def of(mail: Mail) -> Bounce | None:
    """Give what a bounce says, or None when the mail is no bounce, or only tells that all was delivered."""
    if not is_bounce(mail):
        return None
    blocks = [_block(text) for kind, text in mail.reports if "delivery-status" in kind]
    fields = [field for block in blocks for field in block]
    actions = {text.lower().split("(")[0].strip() for name, text in fields if name == "action"}
    if actions and actions <= _DELIVERED:
        return None
    return Bounce(
        message_ids=_message_ids(mail)[:_MOST],
        tokens=_tokens(mail)[:_MOST],
        recipients=_recipients(mail, fields)[:_MOST],
        permanent=_permanent(mail, fields, actions),
        said=_said(mail, fields),
    )


def _block(text: str) -> list[tuple[str, str]]:
    """Give the fields of a report, names in lower case, unfolded."""
    return [(name.lower(), " ".join(said.split())[:1_000]) for name, said in _FIELD.findall(text)[:1_000]]


def _returned(mail: Mail, name: str) -> list[str]:
    return [text for headers in mail.returned for key, text in headers if key.lower() == name.lower()]


def _message_ids(mail: Mail) -> tuple[str, ...]:
    """Give the Message-IDs of what came back; where nothing came back, all that the text holds."""
    named = message_ids(_returned(mail, "Message-ID"))
    if named:
        return tuple(dict.fromkeys([*named, *mail.in_reply_to]))
    texts = [mail.text, *(text for _, text in mail.reports)]
    labelled = [line for text in texts for line in _LABELLED.findall(text)]
    written = (word for word in message_ids(labelled) or message_ids(texts) if "@" in word)
    return tuple(dict.fromkeys([*mail.in_reply_to, *mail.references, *written]))


def _tokens(mail: Mail) -> tuple[str, ...]:
    returned = [text.strip() for text in _returned(mail, OWN_HEADER)]
    written = _WRITTEN_TOKEN.findall(mail.text)
    return tuple(dict.fromkeys(token for token in [*returned, *written] if _TOKEN.fullmatch(token)))


def _recipients(mail: Mail, fields: list[tuple[str, str]]) -> tuple[str, ...]:
    """Give whom the mail did not reach, as the sender wrote it where that is known."""
    named = [text for name in ("original-recipient", "final-recipient") for key, text in fields if key == name]
    above_the_copy = _COPY.split(mail.text[:_LOOKED_AT], maxsplit=1)[0]
    texts = named or mail.header("X-Failed-Recipients") or _returned(mail, "To") or [above_the_copy]
    own = {*mail.recipients, mail.sender}
    found = dict.fromkeys(match.lower().strip(".") for text in texts for match in _ADDRESS.findall(text))
    return tuple(address for address in found if named or address not in own)


def _permanent(mail: Mail, fields: list[tuple[str, str]], actions: set[str]) -> bool:
    if actions & {"failed", "delayed"}:
        return "failed" in actions
    statuses = {text[:1] for name, text in fields if name == "status"}
    if statuses & {"4", "5"}:
        return "5" in statuses
    return _FOR_NOW.search(f"{mail.subject}\n{mail.text[:_LOOKED_AT]}") is None


def _said(mail: Mail, fields: list[tuple[str, str]]) -> str:
    """Give the refusal in the server's words, or the status, or the subject."""
    diagnostic = next((text for name, text in fields if name == "diagnostic-code"), "")
    status = next((text for name, text in fields if name == "status"), "")
    said = diagnostic.partition(";")[2].strip() or diagnostic or status
    if not said:
        line = next((line for line in mail.text[:_LOOKED_AT].splitlines() if _STATUS.search(line)), "")
        said = " ".join(line.split()) or mail.subject
    return said[:_LONGEST]
