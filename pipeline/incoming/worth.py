"""Whether a mail can matter, seen from outside: what decides that it is downloaded, before anything of it is kept.

Most of what lies in a mailbox is none of our business; what is not worth downloading leaves no trace with us. This is
no judgement: a mail that is downloaded may still be left, and one that names us falsely is found out later.

Out of reach: words alone, from an address that we do not know, in no answer to a mail of ours, under a subject that
says nothing ("Vraag"). Only its text could tell, and to read that, all mail of everybody would have to be downloaded.
Who takes a consent back so is heard when she answers our mail, writes from the address that we wrote to, or says it in
the subject.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pipeline.incoming.answers.letters import declines, folded, withdraws
from pipeline.incoming.mail import Known
from pipeline.model import OWN_HEADER
from pipeline.tokens import ALPHABET

SMALLEST_PAPER, SMALLEST_PICTURE, LONGEST_SUBJECT = 1_000, 10_000, 500
BEFORE_FIRST = timedelta(days=7)
ADDRESS = re.compile(r"[^\s<>,;:\"()]+@[^\s<>,;:\"()]+")
IDS = re.compile(r"[A-Za-z0-9]+")
REFERENCE = re.compile(rf"(?<![A-Z0-9])[{ALPHABET}]{{4}}-[{ALPHABET}]{{4}}(?![A-Z0-9])")
DAEMON = re.compile(r"\b(mailer-daemon|postmaster)\b", re.IGNORECASE)
NOT_DELIVERED = re.compile(
    r"undeliver|not delivered|delivery (status|failure|has failed)|delivery problem|failed delivery|delivery fail"
    r"|returned mail|returned to sender|failure notice|mail system error|onbestelbaar|niet (af|be)geleverd"
    r"|niet bezorgd|bezorging mislukt|unzustellbar|nicht zugestellt|non remis|echec de la remise",
    re.IGNORECASE,
)
SUBJECT_OF_DATA = re.compile(
    r"\b(inzage\w*|avg|gdpr|intrek\w*|ingetrokken|toestemming\w*|gegevens\s+(te\s+)?(laten\s+)?verwijder\w*"
    r"|verwijder\w*\s+(van\s+)?(mijn\s+|alle\s+)?(persoons)?gegevens|withdraw\w*|consent|my (personal )?data)\b",
    re.IGNORECASE,
)
SUBJECT_OF_CONSENT = re.compile(
    r"\b(akkoord\w*|instemming|machtiging|privacy\w*|persoonsgegevens|mijn (gegevens|profiel|dossier)|terugtrek\w*"
    r"|teruggetrokken|terug te trekken|herroep\w*|permissions?|revoke\w*|revoking|revocation|retract\w*|opt[ -]out"
    r"|data protection|my (profile|report|agreement))\b"
)
PAPERS = {
    "application/pdf", "application/x-pdf", "application/zip", "application/x-zip-compressed", "application/x-zip",
    "application/octet-stream", "application/binary", "application/ms-tnef", "application/vnd.ms-tnef",
    "application/pkcs7-mime", "application/x-pkcs7-mime", "message/rfc822",
}  # fmt: skip
PAPER_NAMES = (
    ".pdf", ".zip", ".jpg", ".jpeg", ".png", ".heic", ".heif", ".tif", ".tiff", ".webp", ".bmp", ".eml", ".p7m",
    "winmail.dat",
)  # fmt: skip
PLAIN = re.compile(r"\s*text/(plain|html)\b", re.IGNORECASE)
REPORT = re.compile(r"\s*multipart/report\b", re.IGNORECASE)


@dataclass(frozen=True)
class Light:
    """What is known of a mail without downloading it.

    `headers` have their names in lower case and their texts decoded; one that is there twice has two lines. `files` are
    (type, name, size) of its parts, None as long as they were not asked for.
    """

    uid: int
    size: int
    internal_date: datetime | None = None
    headers: dict[str, str] = field(default_factory=dict)
    files: tuple[tuple[str, str, int], ...] | None = None


def worth(light: Light, known: Known, sender: str) -> bool | None:
    """Tell whether a mail to the practice that sends as `sender` can matter; None when only its files can tell."""
    if _own(light, sender):
        return False
    if answers(light, known) or _is_report(light) or _speaks_of_us(light, known):
        return True
    if light.size < 2 * SMALLEST_PAPER or _from_a_list(light) or PLAIN.match(light.headers.get("content-type", "")):
        return False
    return None if light.files is None else any(_can_be_a_paper(*file) for file in light.files)


def passed_over(light: Light, known: Known, first_sent: datetime | None) -> bool:
    """Tell whether a mail that was there before we looked cannot be about ours: nothing had been sent, and it is older.

    What answers one of our mails or comes from somebody we wrote to is never passed over, whatever its date says.
    """
    if first_sent is None:
        return True
    old = light.internal_date is not None and light.internal_date < first_sent - BEFORE_FIRST
    return old and not answers(light, known)


def answers(light: Light, known: Known) -> bool:
    """Tell whether a mail names one of ours in its reply chain, or comes from an address that we know."""
    chain = f"{light.headers.get('in-reply-to', '')} {light.headers.get('references', '')}"
    return any(word.lower() in known.sent for word in IDS.findall(chain)) or any(
        address.lower() in known.addresses for address in _senders(light)
    )


def _senders(light: Light) -> set[str]:
    return {
        address for name in ("from", "sender", "reply-to") for address in ADDRESS.findall(light.headers.get(name, ""))
    }


def _own(light: Light, sender: str) -> bool:
    """Tell whether it is a copy of a mail of ours; a stranger can make it look so only of mail of his own."""
    ours = {address.lower() for address in ADDRESS.findall(light.headers.get("from", ""))} == {sender.lower()}
    return ours and bool(light.headers.get(OWN_HEADER.lower(), "").strip())


def _is_report(light: Light) -> bool:
    headers = light.headers
    return bool(
        REPORT.match(headers.get("content-type", ""))
        or DAEMON.search(headers.get("from", ""))
        or "<>" in headers.get("return-path", "").split()
        or NOT_DELIVERED.search(headers.get("subject", ""))
    )


def _speaks_of_us(light: Light, known: Known) -> bool:
    subject = folded(light.headers.get("subject", "")[:LONGEST_SUBJECT])
    if SUBJECT_OF_DATA.search(subject):
        return True
    if not _from_a_list(light) and (SUBJECT_OF_CONSENT.search(subject) or withdraws(subject) or declines(subject)):
        return True
    named = set(REFERENCE.findall(subject.upper()))
    return bool(named) and any(sent.dossier in named for sent in known.sent.values())


def _from_a_list(light: Light) -> bool:
    headers = light.headers
    precedence = headers.get("precedence", "").lower()
    return bool(headers.get("list-id") or headers.get("list-unsubscribe") or precedence in {"list", "bulk", "junk"})


def _can_be_a_paper(type_: str, name: str, size: int) -> bool:
    """Tell whether a part can be a signed paper; a smaller picture is a logo below somebody's name."""
    picture = type_.startswith("image/")
    if size < (SMALLEST_PICTURE if picture else SMALLEST_PAPER):
        return False
    return picture or type_ in PAPERS or name.lower().strip().endswith(PAPER_NAMES)
