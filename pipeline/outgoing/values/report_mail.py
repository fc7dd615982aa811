"""What the mails about a report add to their values: whether she has had one before, and is asked anything. Pure."""

from __future__ import annotations

from pipeline.config.practice import PracticeFile
from pipeline.outgoing.plan import Document
from pipeline.outgoing.values.base import Revision, Values
from pipeline.policy.policy import Policy

AGAIN = "again"
"""What is set about a report when the client has had an earlier version of it."""
FORM = "form"
"""What is set about a report when she is asked whether it may go on."""


def report_mail_values(
    _revision: Revision, document: Document, _file: PracticeFile, _policy: Policy, _language: str
) -> Values:
    """Give whether this version takes the place of one that the client has, and whether she is asked about it."""
    return {name: bool(document.about.get(name)) for name in (AGAIN, FORM)}
