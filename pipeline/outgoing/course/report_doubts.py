"""Why the coach must look before a report goes to the client: what it says is as much hers as a profile is.

Looks at the address, the first time that a report goes there, and at whom the text names, each time. What the coach
wrote here is read as she wrote it; of what came finished the PDF itself is read.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.config.client import ClientFile
from pipeline.config.report import Report, report_of
from pipeline.model import MessageState, Party, Purpose, Reason
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.course import whose
from pipeline.outgoing.course.reports import addressed
from pipeline.outgoing.plan import Document
from pipeline.outgoing.standing import consents
from pipeline.policy import addressee
from pipeline.policy.addressee import Chosen, Dropped, PdfText
from pipeline.practice import Practice

WANTED = "report_receive"
"""The consent by which a client says that she wishes to receive a report, where a policy asks it."""
ABOUT_ADDRESS = {
    "profile_employers_address": "report_employers_address",
    "profile_role_address": "profile_role_address",
    "profile_shared_address": "report_shared_address",
    "profile_first_mail": "profile_first_mail",
    "profile_like_names": "report_like_names",
}
ABOUT_TEXT = {
    "profile_locked": "report_no_text",
    "profile_no_text": "report_no_text",
    "profile_name_absent": "report_name_absent",
    "profile_names_another": "report_names_another",
    "profile_mentions_another": "report_names_another",
    "profile_elsewhere": "profile_elsewhere",
}
"""What is asked of a profile and of a report as well, and the words for it here."""
WRITTEN_HERE = (".md", ".yaml", ".yml")


def doubts(practice: Practice, document: Document, delivery: plan.Delivery) -> list[Reason]:
    """Give the reasons why a report waits until the coach has looked; none when nothing speaks against it."""
    client = recorded.client_now(practice, document.dossier)
    known = _went_there(practice, document.dossier, delivery.recipient)
    person = whose.person(document.dossier, client.model_dump())
    dropped = Dropped(
        person, delivery.recipient, _text(practice, document, client), Chosen.FILE,
        sponsor=whose.payer(client), others=whose.others(practice, document.dossier),
        known_address=whose.reaches_her(practice, document.dossier, delivery.recipient),
        elsewhere=whose.elsewhere(practice, document),
    )  # fmt: skip
    words = ABOUT_TEXT if known else ABOUT_TEXT | ABOUT_ADDRESS
    found = [(words[word], values) for word, values in addressee.doubts(dropped) if word in words]
    return [*_about_wishes(practice, document, client), *_once(found)]


def _once(reasons: list[Reason]) -> Iterator[Reason]:
    """Give each reason once: another client can be named in several ways."""
    seen: list[tuple[str, str]] = []
    for word, values in reasons:
        about = word, values.get("reference", "")
        if about not in seen:
            seen.append(about)
            yield word, values


def _about_wishes(practice: Practice, document: Document, client: ClientFile) -> Iterator[Reason]:
    if not addressed(practice, client).items() <= document.about.items():
        yield "report_addresses_changed", {}
    if any(word.purpose == WANTED and not word.given for word in consents(practice, document.dossier)):
        yield "report_not_wanted", {}


def _went_there(practice: Practice, dossier: str, recipient: str) -> bool:
    """Tell whether an earlier report went to this address and stayed there: the coach has looked at it already."""
    return bool(
        practice.database.value(
            "SELECT 1 FROM messages WHERE dossier = ? AND party = ? AND recipient = ? COLLATE NOCASE AND state = ?"
            " AND bounced IS NULL AND purpose = ?",
            dossier, Party.CLIENT, recipient, MessageState.ACCEPTED, Purpose.REPORT,
        )
    )  # fmt: skip


def _text(practice: Practice, document: Document, client: ClientFile) -> PdfText:
    source = document.source or ""
    if not source.endswith(WRITTEN_HERE):
        return whose.text(practice, document)
    data = practice.storage.read(f"dossiers/{document.dossier}/{source}")
    return _as_printed(report_of(source, data, language=practice.file.language), client)


def _as_printed(report: Report, client: ClientFile) -> PdfText:
    """Give the text as our own page has it: below the name of the client."""
    parts = (f"{client.client.name}\n", report.title or "", *(f"{one.heading}\n{one.text}" for one in report.sections))
    return PdfText(pages=("\n".join(parts),), count=1, readable=True)
