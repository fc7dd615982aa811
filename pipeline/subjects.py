"""What stands in the subject of a mail: the practice, the dossier's reference, and never what it is about in a person.

It is not kept, because it follows from the dossier; the road in compares it with that of an answer.
"""

from __future__ import annotations

from pipeline.model import Purpose
from pipeline.words import say

OWN = {
    Purpose.NOTE: "subject_note", Purpose.APPOINTMENT: "subject_appointment", Purpose.INVOICE: "subject_invoice",
    Purpose.PAYMENT: "subject_payment",
}  # fmt: skip
"""The mails whose subject says what they are; all others have one and the same."""


def subject(practice: str, reference: str, purpose: Purpose, language: str) -> str:
    """Give the subject of a mail about a dossier."""
    return say(language, OWN.get(purpose, "subject"), practice=practice, reference=reference)
