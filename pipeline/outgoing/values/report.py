"""What the templates of the end report, of its approval and of the questions at closing are given.

Pure. What the client approves are the very bytes that the sponsor receives, so the report says nothing of its own
approval that would be untrue in the hands of either.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from pipeline.config.practice import PracticeFile
from pipeline.config.report import Report
from pipeline.model import Kind, Party, document_code
from pipeline.outgoing.values.base import Revision, Values, common, day, greeting
from pipeline.policy.drift import reference
from pipeline.policy.policy import Policy
from pipeline.policy.schema.people import Asked
from pipeline.words import say

RELEASE = "release"
"""What the client says yes or no to on the approval form; its boxes are called so."""
SEAL = 8
"""So many figures of a hash let a person see which of two documents it is."""


@dataclass(frozen=True)
class Issue:
    """Which one of its kind in the dossier a document is, and its day."""

    version: int
    on: date


@dataclass(frozen=True)
class Offered:
    """The report that the client is asked about: `sha256` is that of the very bytes she gets to see."""

    issue: Issue
    title: str
    sha256: str


def report_language(revision: Revision, report: Report, file: PracticeFile) -> str:
    """Give the language of a report: its own, else that of the dossier."""
    return report.language or revision.language(file)


def report_title(revision: Revision, report: Report, file: PracticeFile) -> str:
    """Give the title of a report: its own, else the plain one."""
    return report.title or say(report_language(revision, report, file), "report_title")


def report_values(revision: Revision, issue: Issue, report: Report, file: PracticeFile, policy: Policy) -> Values:
    """Give the values of a report; the press puts its text in the place of `body`."""
    client = revision.client.model_copy(update={"language": report_language(revision, report, file)})
    shown = {"title": report_title(revision, report, file), "body": ""}
    return _sheet(replace(revision, client=client), Kind.REPORT, issue, file, policy) | {"report": shown}


def approval_values(revision: Revision, issue: Issue, offered: Offered, file: PracticeFile, policy: Policy) -> Values:
    """Give the values of the form by which the client says whether the report may go to the sponsor."""
    language, sponsor = revision.language(file), revision.client.sponsor
    assert sponsor is not None, "a report goes to nobody else, so there is nothing to approve"
    code, version = document_code(revision.reference, Kind.REPORT), str(offered.issue.version)
    recipient = f"{sponsor.contact} ({sponsor.organisation})"
    asked = {
        "name": RELEASE,
        "text": say(language, "approve_report", code=code, version=version, recipient=recipient),
        "note": say(language, "approve_where", address=sponsor.email),
    }
    shown = {
        "title": offered.title, "code": code, "version": version, "date": day(offered.issue.on, language),
        "seal": offered.sha256[:SEAL],
    }  # fmt: skip
    return _sheet(revision, Kind.APPROVAL, issue, file, policy) | {"report": shown, "questions": [asked]}


def questions_values(revision: Revision, issue: Issue, file: PracticeFile, policy: Policy) -> Values:
    """Give the values of the form that asks at closing; without questions there is nothing to send."""
    language, sponsored = revision.language(file), revision.client.sponsor is not None
    asked = [each for each in policy.consents if Asked.CLOSING in each.asked and (sponsored or not each.needs_sponsor)]
    return _sheet(revision, Kind.QUESTIONS, issue, file, policy) | {
        "questions": [
            {
                "name": question.purpose,
                "text": question.text.in_language(language),
                "note": question.note.in_language(language) if question.note else "",
            }
            for question in asked
        ]
    }


def _sheet(revision: Revision, kind: Kind, issue: Issue, file: PracticeFile, policy: Policy) -> Values:
    """Give what stands on every paper to the client: who, which paper, of when, and under which statement."""
    language, values = revision.language(file), common(revision, file, policy)
    values["statement"]["version"] = reference(policy, file)  # the exact one, for whoever compares
    del values["quote"], values["sign_by"]  # these are of the quote alone
    return values | {
        "greeting": greeting(revision.client, Party.CLIENT, language),
        "document": {
            "code": document_code(revision.reference, kind),
            "version": str(issue.version),
            "date": day(issue.on, language),
        },
    }
