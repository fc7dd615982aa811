"""Reports: from what the coach wrote to a PDF, and beside it the form by which the client lets it go on.

Takes in what lies in `drop/reports/`; leaves the report, and where somebody else pays the form, of one version, in
state written. A file that says something else, or that is for somebody else, is the next version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime

from pipeline import tokens
from pipeline.config.client import ClientFile
from pipeline.config.report import Report, Sort, report_of
from pipeline.edges.accepts import ending_of
from pipeline.edges.folder import Dropped
from pipeline.edges.press import Printed
from pipeline.model import Kind, MessageState, Party, Purpose, document_code
from pipeline.outgoing import recorded
from pipeline.outgoing.course import taking, word_reminders
from pipeline.outgoing.course.taking import Refused, Taker
from pipeline.outgoing.course.word_reminders import remind
from pipeline.outgoing.keeping import Made
from pipeline.outgoing.standing import consents
from pipeline.outgoing.values.base import Revision
from pipeline.outgoing.values.report import (
    Issue,
    Offered,
    approval_values,
    report_language,
    report_title,
    report_values,
)
from pipeline.outgoing.values.report_mail import AGAIN, FORM
from pipeline.policy import deeds
from pipeline.policy.collecting import before_collecting
from pipeline.policy.gates import SendFacts, closed
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.gates import Act, GateRule, Needs, Recipient, consents_of
from pipeline.practice import Practice
from pipeline.words import say

__all__ = ["addressed", "may_be_collected", "remind", "take_in"]

Tell = Callable[[str], None]


def take_in(practice: Practice, now: datetime, tell: Tell) -> int:
    """Take in what lies in `drop/reports/`; gives how many documents were made."""
    taken = taking.take_in(practice, Taker("reports", _dossier, _make), now, tell)
    word_reminders.let_lapse(practice, now)
    return taken


def _read(practice: Practice, found: Dropped) -> Report:
    return report_of(found.name, found.data, language=practice.file.language)


def _dossier(practice: Practice, found: Dropped) -> str | None:
    return _read(practice, found).dossier


def _make(practice: Practice, dossier: str, found: Dropped, now: datetime) -> list[Made]:
    taking.has_an_end(practice, Category.REPORT)
    may_be_collected(practice, dossier, Category.REPORT)
    revision = recorded.revision(practice, dossier, recorded.newest_revision(practice, dossier))
    about, asks = addressed(practice, revision.client), _may_go_on(practice.policy, revision.client)
    if _is_there(practice, dossier, found, about):
        return []
    kinds = (Kind.REPORT, Kind.APPROVAL) if asks else (Kind.REPORT,)
    issue = Issue(max(recorded.next_version(practice, dossier, kind) for kind in kinds), practice.today(now))
    report = _read(practice, found)
    made = _report(practice, revision, report, issue)
    source = None if report.sort is Sort.PDF else (found.data, ending_of(found.name))
    told = {AGAIN: _has_had_one(practice, dossier), FORM: asks}
    kept = Made(Kind.REPORT, made.data, made.pages, made.boxes, about | told, source, found.sha256)
    if not asks:
        return [kept]
    offered = Offered(issue, report_title(revision, report, practice.file), hashlib.sha256(made.data).hexdigest())
    _nothing_said_yet(practice, revision, offered)
    form = _form(practice, revision, issue, offered)
    return [kept, Made(Kind.APPROVAL, form.data, form.pages, form.boxes, about)]


def _may_go_on(policy: Policy, client: ClientFile) -> bool:
    """Tell whether somebody else pays and her word could let it go there: what can never go is not asked about."""
    gates = deeds.gates(policy, Act.DISCLOSE, [Category.REPORT], Recipient.SPONSOR)
    return client.sponsor is not None and not any(Needs.NEVER in gate.require for gate in gates)


def _report(practice: Practice, revision: Revision, report: Report, issue: Issue) -> Printed:
    template = f"{report_language(revision, report, practice.file)}/report.html"
    values = report_values(revision, issue, report, practice.file, practice.policy)
    return practice.press.report(
        template, values, report, document_code(revision.reference, Kind.REPORT), issue.version
    )  # fmt: skip


def _form(practice: Practice, revision: Revision, issue: Issue, offered: Offered) -> Printed:
    values = approval_values(revision, issue, offered, practice.file, practice.policy)
    tag = tokens.page_tag(practice.key, revision.reference, Kind.APPROVAL, issue.version)
    code = document_code(revision.reference, Kind.APPROVAL)
    return practice.press.print(f"{values['language']}/approval.html", values, code, issue.version, tag)


def addressed(practice: Practice, client: ClientFile) -> dict[str, str]:
    """Give for whom a report is made, as it is kept with it: seals of the addresses, which tell nobody anything."""
    sponsor = client.sponsor.email if client.sponsor else ""
    return {
        "client": tokens.seal(practice.key, client.client.email.casefold()),
        "sponsor": tokens.seal(practice.key, sponsor.casefold()) if sponsor else "",
    }


def _is_there(practice: Practice, dossier: str, found: Dropped, about: dict[str, str]) -> bool:
    """Tell whether the newest report is made of this very file for these very people, and did not fail to arrive."""
    last = recorded.newest(practice, dossier, Kind.REPORT)
    if last is None or last.dropped != found.sha256 or not about.items() <= last.about.items():
        return False
    failed = practice.database.value(
        "SELECT 1 FROM messages WHERE dossier = ? AND party = ? AND purpose = ? AND round = ?"
        " AND (bounced IS NOT NULL OR state IN (?, ?))",
        dossier, Party.CLIENT, Purpose.REPORT, last.version, MessageState.REFUSED, MessageState.SUPERSEDED,
    )  # fmt: skip
    return not failed


def _has_had_one(practice: Practice, dossier: str) -> bool:
    """Tell whether an earlier version arrived at the client, as far as is known."""
    return bool(
        practice.database.value(
            "SELECT 1 FROM messages WHERE dossier = ? AND party = ? AND purpose = ? AND state = ? AND bounced IS NULL",
            dossier, Party.CLIENT, Purpose.REPORT, MessageState.ACCEPTED,
        )
    )  # fmt: skip


def _nothing_said_yet(practice: Practice, revision: Revision, offered: Offered) -> None:
    """Raise `Refused` for bytes that were a version before, with a word of hers on them: that would be no new answer.

    It can only be a PDF that was signed before it came, which stays as it is to the letter.
    """
    assert revision.client.sponsor is not None
    before = practice.database.value(
        "SELECT d.version FROM documents d WHERE dossier = ? AND kind = ? AND sha256 = ? AND EXISTS"
        " (SELECT 1 FROM approvals WHERE dossier = d.dossier AND document = ? AND recipient = ? COLLATE NOCASE)",
        revision.reference, Kind.REPORT, offered.sha256, tokens.seal(practice.key, offered.sha256),
        revision.client.sponsor.email,
    )  # fmt: skip
    if before:
        raise Refused([say(practice.file.language, "report_answered", version=before)])


def may_be_collected(practice: Practice, dossier: str, category: Category) -> None:
    """Raise `Refused` while a gate of the policy before collecting such a thing is closed, with what it asks for."""
    gates = before_collecting(practice.policy, {category})
    facts = SendFacts(
        MessageState.CLAIMED, Party.CLIENT, frozenset(), newest=True, consents=frozenset(consents(practice, dossier))
    )
    shut = [gate for gate in closed(facts, gates) if isinstance(gate, GateRule)]
    if shut:
        raise Refused([_said(practice, gate) for gate in shut], shut)


def _said(practice: Practice, gate: GateRule) -> str:
    language, asked = practice.file.language, consents_of(gate)
    texts = [one.text.in_language(language) for one in practice.policy.consents if one.purpose in asked]
    clauses = ", ".join(gate.clauses)
    if not texts:
        return say(language, "collect_closed", clauses=clauses)
    return say(language, "collect_without_consent", clauses=clauses, asked=" / ".join(texts))
