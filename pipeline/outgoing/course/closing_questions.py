"""From a closed dossier to the form that asks the client once more what the policy wants asked at the end.

Takes dossiers that are closed; leaves, once for each closing, the form in state written, of which `dispatch` makes the
mail. Who never became a client is asked nothing, and neither is somebody whose address is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from pipeline import tokens
from pipeline.model import Kind, ObligationState, ReturnState, document_code
from pipeline.outgoing import keeping, recorded
from pipeline.outgoing.course.dispatch import ASKS
from pipeline.outgoing.keeping import Made
from pipeline.outgoing.mail.freezing import each_made
from pipeline.outgoing.values.closing import UNTIL
from pipeline.outgoing.values.report import Issue, questions_values
from pipeline.policy import closing
from pipeline.policy.schema.people import Question
from pipeline.policy.schema.retention import Event
from pipeline.practice import Practice

Tell = Callable[[str], None]
SOON = timedelta(days=60)
"""What goes within this time is named in the mail: then there is a hurry."""
REOPENED = "reopened"
"""What is set about the questions of a closing that was taken back: the next closing asks anew."""
WERE_CLIENTS = f"""
SELECT d.reference, e.day FROM dossiers AS d JOIN events AS e ON e.dossier = d.reference AND e.event = '{Event.CLOSED}'
WHERE d.client_key <> '' AND (
    EXISTS (SELECT 1 FROM obligations WHERE dossier = d.reference AND kind = '{Kind.QUOTE}'
        AND state = '{ObligationState.FULFILLED}')
    OR EXISTS (SELECT 1 FROM returns WHERE dossier = d.reference AND kind = '{Kind.QUOTE}'
        AND state IN ('{ReturnState.BOOKED}', '{ReturnState.AGAIN}')))
"""  # noqa: S608 - only our own words are put in
NOT_ASKED = f"""
AND NOT EXISTS (SELECT 1 FROM documents WHERE dossier = d.reference AND kind = '{Kind.QUESTIONS}'
    AND json_extract(about, '$.{REOPENED}') IS NULL)
ORDER BY d.reference
"""  # noqa: S608 - only our own words are put in


def ask(practice: Practice, now: datetime, tell: Tell) -> int:
    """Make the form for every dossier that was closed and not asked yet; gives how many.

    Raises `PrintFailed` when one cannot be made, after all others were.
    """
    if not closing.asked(practice.policy, sponsored=True):
        return 0
    return each_made(
        practice,
        practice.database.rows(WERE_CLIENTS + NOT_ASKED),
        lambda row: _ask(practice, row["reference"], date.fromisoformat(row["day"]), now, tell),
    )


def asked_of(practice: Practice, reference: str) -> list[Question]:
    """Give what the client of a closed dossier is asked, or was; nothing of who never became one."""
    if not practice.database.value(f"{WERE_CLIENTS} AND d.reference = ?", reference):
        return []
    sponsored = recorded.client_now(practice, reference).sponsor is not None
    return closing.asked(practice.policy, sponsored=sponsored)


def _ask(practice: Practice, reference: str, closed: date, now: datetime, tell: Tell) -> int:
    asked, today = asked_of(practice, reference), practice.today(now)
    if not asked:
        return 0
    revision = recorded.revision(practice, reference, recorded.newest_revision(practice, reference))
    policy, kind = practice.policy, Kind.QUESTIONS
    version = recorded.next_version(practice, reference, kind)
    values = questions_values(revision, Issue(version, today), practice.file, closing.asking(policy))
    tag = tokens.page_tag(practice.key, reference, kind, version)
    template = f"{revision.language(practice.file)}/questions.html"
    printed = practice.press.print(template, values, document_code(reference, kind), version, tag)
    until = closing.answer_by(closing.contact_goes(policy, closed), today)
    about = {ASKS: True, UNTIL: until.isoformat() if until and until - today < SOON else ""}
    made = Made(kind, printed.data, printed.pages, printed.boxes, about, serves=tuple(asked))
    keeping.keep(practice, reference, (made,), now)
    tell(f"{reference} was closed; the questions at closing are written")
    return 1
