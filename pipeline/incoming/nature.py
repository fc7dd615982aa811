"""What kind of mail it is: a letter of a person, or something that a machine sent (RFC 3834, RFC 3464, RFC 8098).

Pure. Headers first, then the dialects of programs that send none, known by how their subject begins. "Re: Automatisch
antwoord" was typed by a person and is a letter.
"""

from __future__ import annotations

import re

from pipeline.incoming.mail import Mail
from pipeline.incoming.mime.fields import parameters, value
from pipeline.model import OWN_HEADER, Nature

_DAEMON = re.compile(r"(?:^|[<\s])mailer-daemon(?:[@>\s(]|$)", re.IGNORECASE)
_POSTMASTER = re.compile(
    r"(?:^|[<\s])(?:postmaster|mail-?daemon|mailbounces?|bounces?|microsoftexchange\w{10,40})@", re.IGNORECASE
)
_SURELY_BOUNCED = re.compile(
    r"undelivered mail returned to sender|undeliverable\s?:|onbestelbaar\s?:|niet bezorgd\s?:|unzustellbar\s?:"
    r"|non remis\s?:|delivery status notification ?\(|mail delivery failed\s?:|delayed mail \(still being retried\)"
    r"|mail delivery subsystem",
    re.IGNORECASE,
)
_PERHAPS_BOUNCED = re.compile(
    r"undeliver|onbestelbaar|failure notice|returned mail|mail (?:delivery|system|transaction|could not)|delivery"
    r"|warning: (?:message|could not)|message (?:delayed|undeliverable|not delivered|delivery)|mislukt|failed|bounce"
    r"|(?:e-?mail|bericht|uw (?:e-?mail|bericht)).{0,60}(?:niet|kon|mislukt|vertraagd)|niet (?:af)?(?:geleverd|bezorgd)"
    r"|bezorging|aflevering|non-?delivery|unzustellbar|rejected",
    re.IGNORECASE,
)
_RECEIPT = re.compile(
    r"(?:(?:niet )?gelezen|(?:not )?read|leesbevestiging|read(?:ing)? receipt|gelesen|lu"
    r"|return receipt(?: \(displayed\))?|disposition notification)\s?:"
    r"|leesbevestiging\b|ontvangstbevestiging ?\(",
    re.IGNORECASE,
)
_ABSENT = re.compile(
    r"automatisch(?:e)? (?:antwoord|beantwoording|bericht|reactie)|afwezigheids?(?:bericht|melding|assistent)"
    r"|afwezig(?:heid)?\s?(?:$|[:(-])|niet aanwezig\s?(?:$|[:(-])|out[ -]of[ -](?:the[ -])?office|ooo\s?(?:$|:)"
    r"|automatic (?:reply|response)|auto[- ]?(?:reply|response|responder|antwoord)\b|abwesenheits?(?:notiz|meldung)"
    r"|automatische antwort|réponse automatique|vacation (?:reply|message|response)|vakantie(?:bericht|melding)",
    re.IGNORECASE,
)
_CALENDAR_REPLY = re.compile(rb"^METHOD:REPLY\s*$", re.IGNORECASE | re.MULTILINE)
_CALENDAR_NO = re.compile(rb"PARTSTAT\s*=\s*\"?DECLINED", re.IGNORECASE)
_AUTOMATIC = ("x-autoreply", "x-autorespond", "x-autoresponder", "x-auto-response-suppress", "x-vacation")
_LISTED = {"list", "bulk", "junk"}


def of(mail: Mail, own_address: str) -> Nature:
    """Say what kind of mail it is; `own_address` is the address that the practice sends from."""
    if mail.header(OWN_HEADER) and mail.sender == own_address.lower():
        return Nature.OWN
    if _is_receipt(mail):
        return Nature.RECEIPT
    if is_bounce(mail):
        return Nature.BOUNCE
    if _is_automatic(mail):
        return Nature.AUTO_REPLY
    if _is_listed(mail) and not _answers(mail, own_address):
        return Nature.LIST
    return Nature.LETTER


def is_bounce(mail: Mail) -> bool:
    """Say whether a mail tells about delivery: as RFC 3464 has it, or in one of the dialects."""
    if _report_type(mail) == "delivery-status" or mail.header("X-Failed-Recipients"):
        return True
    if any(kind.endswith("delivery-status") for kind, _ in mail.reports):
        return True
    if _SURELY_BOUNCED.match(mail.subject):
        return True
    sender = " ".join(mail.header("From")[:1])
    if _DAEMON.search(sender):
        return True
    nobody = _from_nobody(mail) or _POSTMASTER.search(sender) is not None
    return nobody and _PERHAPS_BOUNCED.match(mail.subject) is not None


def _is_receipt(mail: Mail) -> bool:
    if _report_type(mail) == "disposition-notification" or _RECEIPT.match(mail.subject) or _is_calendar_yes(mail):
        return True
    return any(kind.endswith("disposition-notification") for kind, _ in mail.reports)


def _is_calendar_yes(mail: Mail) -> bool:
    """Recognise what a calendar sends when an appointment is accepted (RFC 5546, 3.2.3); a refusal is a letter."""
    calendars = [file.data for file in mail.files if file.type == "text/calendar"]
    return any(_CALENDAR_REPLY.search(data) and not _CALENDAR_NO.search(data) for data in calendars)


def _report_type(mail: Mail) -> str:
    declared = " ".join(mail.header("Content-Type")[:1])
    return parameters(declared).get("report-type", "").lower() if value(declared) == "multipart/report" else ""


def _is_automatic(mail: Mail) -> bool:
    submitted = [value(text) for text in mail.header("Auto-Submitted")]
    suppressed = any(value(text) not in {"", "none"} for name in _AUTOMATIC for text in mail.header(name))
    return (
        any(word not in {"", "no"} for word in submitted)
        or bool(_report_type(mail))
        or suppressed
        or "auto_reply" in _precedence(mail)
        or _from_nobody(mail)
        or _ABSENT.match(mail.subject) is not None
    )


def _precedence(mail: Mail) -> set[str]:
    return {value(text).replace("-", "_") for text in mail.header("Precedence") + mail.header("X-Precedence")}


def _from_nobody(mail: Mail) -> bool:
    """Recognise the empty return path, with which machines say that nobody is to answer."""
    return "".join(mail.header("Return-Path")[:1]).replace(" ", "") == "<>"


def _is_listed(mail: Mail) -> bool:
    return bool(mail.header("List-Id")) or bool(_precedence(mail) & _LISTED)


def _answers(mail: Mail, own_address: str) -> bool:
    """Say whether a mail answers one of ours: a firm's shared mailbox may be a list, and what it answers counts."""
    domain = own_address.rpartition("@")[2].lower()
    return any(word.lower().endswith(f"@{domain}>") for word in mail.in_reply_to)
