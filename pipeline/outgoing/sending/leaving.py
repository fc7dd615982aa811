"""At the moment of the send: the finished bytes are read once more, and the gates are asked by what stands now.

Takes a claimed mail; leaves the gates of the policy that it passes, or `GateClosed` with the reason. Writes nothing.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import datetime

from pipeline.errors import PipelineError
from pipeline.model import Kind, Party, Purpose, message_file
from pipeline.outgoing import daily, recorded
from pipeline.outgoing.mail import letter, locking
from pipeline.outgoing.mail.freezing import content_rules, delivery_of, differences, letter_plan, written
from pipeline.outgoing.sending.facts import Looked, send_facts
from pipeline.policy.gates import BY_POLICY, LAPSES, RESTRICTED, MailGate, closed, standing, why_not
from pipeline.practice import Practice


class GateClosed(PipelineError):
    """At the moment of the send, something forbade it.

    `superseded` when the mail has become needless, `for_now` when it goes by itself once that is over; `gates` are
    those of the policy that were closed.
    """

    def __init__(
        self, reason: str, *, superseded: bool = False, for_now: bool = False, gates: Sequence[MailGate] = ()
    ) -> None:
        """Keep the reason."""
        super().__init__(reason)
        self.superseded, self.for_now, self.gates = superseded, for_now, gates


def frozen(practice: Practice, row: sqlite3.Row) -> bytes:
    """Give the frozen bytes of a mail."""
    try:
        return practice.storage.read(message_file(row["token"]))
    except OSError as error:
        raise GateClosed(f"the frozen bytes cannot be read ({error.strerror})") from None


def look(practice: Practice, row: sqlite3.Row, data: bytes) -> Looked:
    """Read the finished bytes once more, against what the request says now: the right person, the right papers.

    Gives what they show to anybody who reads along.
    """
    if row["dossier"] is None:
        planned = daily.letter_plan(practice, daily.delivery_of(practice, row))
        _compare(row, data, planned, ())
        return Looked(exposed=locking.named_in(practice, data))
    revision = recorded.revision(practice, row["dossier"], row["revision"])
    delivery = delivery_of(practice, revision, row)
    if delivery is None:
        raise GateClosed("nothing of this kind is planned for this person")
    try:
        planned = letter_plan(practice, revision, delivery)
    except OSError as error:
        raise GateClosed(f"the copy in the dossier cannot be read ({error.strerror})") from None
    _compare(row, data, planned, delivery.kinds)
    rules = content_rules(practice, revision, delivery)
    carried = () if delivery.purpose is Purpose.NOTE else delivery.kinds
    hashes = {kind: written(practice, revision, kind, delivery) for kind in carried}
    exposed = locking.exposed(practice, revision, delivery.party, planned, rules, data) if rules else None
    return Looked(hashes, exposed)


def _compare(row: sqlite3.Row, data: bytes, planned: letter.LetterPlan, kinds: Iterable[Kind]) -> None:
    """Raise `GateClosed` when finished bytes, or the row that sends them, differ from what is planned."""
    wrong = differences(data, planned)
    if row["kinds"] != ",".join(kinds):
        wrong.append("its documents are not those that are planned")
    if row["recipient"] != planned.recipient:
        wrong.append("the recipient is not whom the request names")
    if hashlib.sha256(data).hexdigest() != row["sha256"]:
        wrong.append("the bytes are not those that were frozen")
    if wrong:
        raise GateClosed("; ".join(wrong))


def ask(practice: Practice, row: sqlite3.Row, now: datetime, looked: Looked) -> list[MailGate]:
    """Ask the gates; gives those of the policy that the mail passes, or raises `GateClosed`."""
    facts = send_facts(practice, row, now, looked)
    gates = standing(practice.policy, Party(row["party"]), facts.carried)
    reason = why_not(facts, gates)
    if reason is None:
        return gates
    raise GateClosed(
        reason,
        superseded=not facts.newest or reason in LAPSES,
        for_now=reason == RESTRICTED,
        gates=closed(facts, gates) if reason.startswith(BY_POLICY) else (),
    )
