"""What the text of a mail in the course of a coaching is given: every value as finished text in its language.

Pure. What each kind of document adds stands in a module of its own; a mail is an open postcard, so nothing here says
what a coaching is about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pipeline.config.practice import PracticeFile
from pipeline.model import Kind, Party
from pipeline.outgoing.plan import Delivery, Document
from pipeline.outgoing.values.appointment import appointment_values
from pipeline.outgoing.values.base import Revision, Values, common, greeting, mail_language
from pipeline.outgoing.values.closing import closing_values
from pipeline.outgoing.values.invoice import invoice_mail_values
from pipeline.outgoing.values.profile import invitation_values, profile_values
from pipeline.outgoing.values.report_mail import report_mail_values
from pipeline.policy.policy import Policy
from pipeline.words import say

Documents = Mapping[Kind, Document]
Adds = Callable[[Revision, Document, PracticeFile, Policy, str], Values]

ADDS: dict[Kind, Adds] = {
    Kind.APPOINTMENT: appointment_values,
    Kind.INVOICE: invoice_mail_values,
    Kind.INVITATION: invitation_values,
    Kind.PROFILE: profile_values,
    Kind.QUESTIONS: closing_values,
    Kind.REPORT: report_mail_values,
}
"""What a document adds to the values of its mail, by its kind; in the group of that name."""


def course_values(
    revision: Revision, delivery: Delivery, documents: Documents, file: PracticeFile, policy: Policy
) -> Values:
    """Give the values of one mail about `documents`, the first of which it is about."""
    language = mail_language(revision, delivery.party, file)
    attached = [documents[kind] for kind in delivery.kinds if kind in documents and kind is not Kind.INVITATION]
    values = common(revision, file, policy) | {
        "language": language,
        "greeting": greeting(revision.client, delivery.party, language),
        "attachments": [{"file": one.file, "title": _title(one, language)} for one in attached],
        "to": delivery.party.value,
        "shared": delivery.party is Party.CLIENT and revision.client.sponsor is not None,
    }
    for kind, one in documents.items():
        added = ADDS[kind](revision, one, file, policy, language) if kind in ADDS else {}
        values[kind.value] = {"version": str(one.version)} | added
    return values


def _title(document: Document, language: str) -> str:
    """Name a document as its reader calls it: an invoice that takes another back is a credit note."""
    word = "document_credit_note" if document.about.get("credits") else f"document_{document.kind}"
    return say(language, word, number=_number(document))


def _number(document: Document) -> str:
    """Give the number by which people call a document: an invoice by its own, all else by its version."""
    return str(document.about.get("number") or document.version)
