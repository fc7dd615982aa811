"""Why the coach must look before a report goes to the client: what it says is as much hers as a profile is.

Looks at the address, the first time that a report goes there, and at whom the text names, each time. What the coach
wrote here is read as she wrote it; of what came finished the PDF itself is read.
"""

from __future__ import annotations

from collections.abc import Iterator

from pipeline.config.client import ClientFile
from pipeline.config.report import Report, report_of
from pipeline.errors import ReadingFailed, ReadingNotInstalled
from pipeline.model import Kind, MessageState, Party, Purpose, Reason
from pipeline.outgoing import plan, recorded
from pipeline.outgoing.course.reports import addressed
from pipeline.outgoing.plan import Document
from pipeline.outgoing.standing import consents
from pipeline.policy import addressee
from pipeline.policy.addressee import Chosen, Dropped, Payer, PdfText, Person
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
    dropped = Dropped(
        _person(document.dossier, client), delivery.recipient, _text(practice, document, client), Chosen.FILE,
        sponsor=Payer(client.sponsor.organisation, client.sponsor.email) if client.sponsor else None,
        others=_others(practice, document.dossier),
        known_address=_arrived(practice, document.dossier, delivery.recipient),
        elsewhere=_elsewhere(practice, document),
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


def _person(dossier: str, client: ClientFile) -> Person:
    own = client.client
    return Person(dossier, own.name, own.email, own.formerly, own.organisation)


def _others(practice: Practice, dossier: str) -> list[Person]:
    rows = practice.database.rows(
        "SELECT dossier, facts FROM requests r WHERE dossier <> ?"
        " AND revision = (SELECT max(revision) FROM requests WHERE dossier = r.dossier)",
        dossier,
    )  # fmt: skip
    return [_person(row["dossier"], ClientFile.model_validate_json(row["facts"])) for row in rows]


def _went_there(practice: Practice, dossier: str, recipient: str) -> bool:
    """Tell whether an earlier report went to this address: then the coach has looked at it already."""
    return _arrived(practice, dossier, recipient, Purpose.REPORT)


def _arrived(practice: Practice, dossier: str, recipient: str, purpose: Purpose | None = None) -> bool:
    return bool(
        practice.database.value(
            "SELECT 1 FROM messages WHERE dossier = ? AND party = ? AND recipient = ? COLLATE NOCASE AND state = ?"
            " AND bounced IS NULL AND (? IS NULL OR purpose = ?)",
            dossier, Party.CLIENT, recipient, MessageState.ACCEPTED, purpose, purpose,
        )
    )  # fmt: skip


def _elsewhere(practice: Practice, document: Document) -> list[str]:
    rows = practice.database.rows(
        "SELECT DISTINCT dossier FROM documents WHERE dropped = ? AND kind = ? AND dossier <> ?",
        document.dropped, Kind.REPORT, document.dossier,
    )  # fmt: skip
    return [row["dossier"] for row in rows]


def _text(practice: Practice, document: Document, client: ClientFile) -> PdfText:
    folder, source = f"dossiers/{document.dossier}", document.source or ""
    if source.endswith(WRITTEN_HERE):
        data = practice.storage.read(f"{folder}/{source}")
        return _as_printed(report_of(source, data, language=practice.file.language), client)
    try:
        return practice.reader.text(practice.storage.read(f"{folder}/{document.file}"))
    except (ReadingFailed, ReadingNotInstalled):
        return PdfText()


def _as_printed(report: Report, client: ClientFile) -> PdfText:
    """Give the text as our own page has it: below the name of the client."""
    parts = (f"{client.client.name}\n", report.title or "", *(f"{one.heading}\n{one.text}" for one in report.sections))
    return PdfText(pages=("\n".join(parts),), count=1, readable=True)
