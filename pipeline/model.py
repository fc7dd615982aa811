"""The nouns and their states: what a row can be, in the same words as the database, the README and the mail."""

from __future__ import annotations

from enum import StrEnum

Reason = tuple[str, dict[str, str]]
"""Why something is as it is: a name in `pipeline.words`, and its values."""

PAPER = "paper"
"""The question whether the paper of a dossier was destroyed: it asks for a deed, and keeps nothing else waiting."""

OWN_HEADER = "X-Pipeline-Token"
"""The header by which a mail is recognised as ours."""


class Party(StrEnum):
    """Who a mail goes to."""

    CLIENT = "client"
    SPONSOR = "sponsor"
    COACH = "coach"


class Kind(StrEnum):
    """What a document is; the order is its number within the dossier.

    `APPROVAL` is the form by which the client says whether her report may go on, `QUESTIONS` the one that asks again at
    the end, `INVITATION` what invites her to take the profile.
    """

    QUOTE = "quote"
    CONSENT = "consent"
    PROFILE = "profile"
    REPORT = "report"
    INVOICE = "invoice"
    APPOINTMENT = "appointment"
    APPROVAL = "approval"
    QUESTIONS = "questions"
    INVITATION = "invitation"

    @property
    def number(self) -> int:
        """The document's number in its dossier: 1 for the quote, 2 for the consent declaration, and so on."""
        return list(Kind).index(self) + 1


OPENING = (Kind.QUOTE, Kind.CONSENT)
"""The two documents that open a coaching: one revision of the client file makes both. The others come one by one."""


class RequestState(StrEnum):
    """A request is one revision of a client file.

    accepted → written → composed; `failed` waits for a mended template; `superseded` when a newer revision came.
    """

    ACCEPTED = "accepted"
    WRITTEN = "written"
    COMPOSED = "composed"
    FAILED = "failed"
    SUPERSEDED = "superseded"


class MessageState(StrEnum):
    """An outgoing mail.

    held → queued → claimed → data_sent → accepted | in_doubt; `refused` is final, `superseded` never leaves.
    A crash before `data_sent` cannot have sent the mail; a crash after it can, so only then is it in doubt.
    """

    HELD = "held"
    QUEUED = "queued"
    CLAIMED = "claimed"
    DATA_SENT = "data_sent"
    ACCEPTED = "accepted"
    IN_DOUBT = "in_doubt"
    REFUSED = "refused"
    SUPERSEDED = "superseded"


class DocumentState(StrEnum):
    """A document that comes in the course of a coaching: written → composed, when its first mail is made.

    `withheld`: the coach says that it goes to nobody; what is somebody else's profile does not stay here.
    """

    WRITTEN = "written"
    COMPOSED = "composed"
    WITHHELD = "withheld"


class CopyState(StrEnum):
    """The copy of an accepted mail in the Sent folder: wanted → appending → filed, or none of ours."""

    NONE = "none"
    WANTED = "wanted"
    APPENDING = "appending"
    FILED = "filed"


class ObligationState(StrEnum):
    """Who must return what.

    awaited → fulfilled | declined | expired; `superseded` because a newer version took its place.
    """

    AWAITED = "awaited"
    FULFILLED = "fulfilled"
    DECLINED = "declined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class Purpose(StrEnum):
    """Why a mail goes out: the documents that open a coaching, what comes in its course, or a note to the coach.

    A note is about one dossier; the daily one is about none. `INVITATION` is to take the profile, `PAYMENT` reminds of
    an invoice, `CLOSING` asks again at the end.
    """

    DOCUMENTS = "documents"
    REMINDER = "reminder"
    COUNTERSIGNED = "countersigned"
    NOTE = "note"
    DAILY = "daily"
    APPOINTMENT = "appointment"
    INVITATION = "invitation"
    PROFILE = "profile"
    REPORT = "report"
    INVOICE = "invoice"
    PAYMENT = "payment"
    CLOSING = "closing"


IN_COURSE = {
    Purpose.APPOINTMENT: Kind.APPOINTMENT, Purpose.INVITATION: Kind.INVITATION, Purpose.PROFILE: Kind.PROFILE,
    Purpose.REPORT: Kind.REPORT, Purpose.INVOICE: Kind.INVOICE, Purpose.PAYMENT: Kind.INVOICE,
    Purpose.CLOSING: Kind.QUESTIONS,
}  # fmt: skip
"""Why mail goes out in the course of a coaching, and what it is about; its `round` is that document's version."""


class MailState(StrEnum):
    """An incoming mail that can matter.

    stored → filed (with its dossier) | left (none of our business) | set_aside (by a rule); what a person must look at
    stays where it is and has a row in `attention`.
    """

    STORED = "stored"
    FILED = "filed"
    LEFT = "left"
    SET_ASIDE = "set_aside"
    WAITING = "waiting"


class Nature(StrEnum):
    """What kind of mail it is; only a `letter` can be an answer."""

    LETTER = "letter"
    OWN = "own"
    AUTO_REPLY = "auto_reply"
    RECEIPT = "receipt"
    BOUNCE = "bounce"
    LIST = "list"


class Verdict(StrEnum):
    """What a returned document is."""

    SIGNED = "signed"
    NOT_SIGNED = "not_signed"
    ALTERED = "altered"
    INCOMPLETE = "incomplete"
    LOOK = "look"


class ReturnState(StrEnum):
    """A returned document: proposed → booked | rejected; `again` when the same had been booked already."""

    PROPOSED = "proposed"
    BOOKED = "booked"
    REJECTED = "rejected"
    AGAIN = "again"


class ErasureState(StrEnum):
    """The end of one part of what is held: planned → erasing → erased → verified."""

    PLANNED = "planned"
    ERASING = "erasing"
    ERASED = "erased"
    VERIFIED = "verified"


class PurgeState(StrEnum):
    """The end of one mail, in every place within reach: due → removing → gone; `kept` where it could not be done."""

    DUE = "due"
    REMOVING = "removing"
    GONE = "gone"
    KEPT = "kept"


class HoldKind(StrEnum):
    """Why something may not go: a reason of the practice (a dispute), or a restriction that a person asked for."""

    HOLD = "hold"
    RESTRICTED = "restricted"


class AttentionState(StrEnum):
    """Something that waits for the coach, or did."""

    OPEN = "open"
    SETTLED = "settled"


SUFFIXES = {Kind.APPOINTMENT: "ics", Kind.INVITATION: "yaml"}
"""How the files end of documents that are no PDF."""


def document_code(reference: str, kind: Kind) -> str:
    """Give the code that stands on every page, such as `K7Q4-MX2P-1`."""
    return f"{reference}-{kind.number}"


def document_file(reference: str, kind: Kind, version: int) -> str:
    """Give the file's name: the reference and numbers, never a person or a purpose."""
    return f"{document_code(reference, kind)}-v{version}.{SUFFIXES.get(kind, 'pdf')}"


def message_file(token: str) -> str:
    """Give where an outgoing mail's frozen bytes lie in the storage."""
    return f"outbox/{token}.eml"
