"""Appointments: from a dropped file to an invitation for the client's calendar, a change of it, or its calling off.

It is the only thing of a coaching that is processed while it runs: when, how long and where. What looks like notes of
a session is refused, with the clause of the policy. An appointment keeps its number in the dossier, and its name in
calendars, however often it is moved.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from pipeline.config.appointment import AppointmentFile, looks_like_notes, read_appointment_file
from pipeline.config.session_notes import notes_refusal
from pipeline.edges.folder import Dropped, Unfit
from pipeline.errors import FileProblems
from pipeline.model import Kind
from pipeline.outgoing import recorded
from pipeline.outgoing.course import taking
from pipeline.outgoing.course.taking import Refused, Taker
from pipeline.outgoing.keeping import Made
from pipeline.outgoing.mail.calendar import Invitation, calendar, summary, uid_of
from pipeline.outgoing.values.appointment import Appointment, day_of, of, time_of
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.gates import Act, GateRule
from pipeline.practice import Practice
from pipeline.words import say

Tell = Callable[[str], None]
MOST_LISTED = 10


def take_in(practice: Practice, now: datetime, tell: Tell) -> int:
    """Take in what lies in `drop/appointments/`; gives how many confirmations were made."""
    return taking.take_in(practice, Taker("appointments", _dossier, _make, _unfit), now, tell)


def _note_gates(policy: Policy) -> list[GateRule]:
    """Give the gates by which no notes are collected."""
    return [rule for rule in policy.gates if rule.before is Act.COLLECT and Category.NOTES in rule.covers]


def _clauses(practice: Practice) -> tuple[str, ...]:
    return tuple(clause for rule in _note_gates(practice.policy) for clause in rule.clauses)


def _unfit(practice: Practice, found: Unfit) -> Refused | None:
    """Say of a text, a picture or a recording why it does not belong here, whatever else may."""
    if not looks_like_notes(found.name, b""):
        return None
    return Refused([notes_refusal(practice.file.language, _clauses(practice))], _note_gates(practice.policy))


def _read(practice: Practice, found: Dropped) -> AppointmentFile:
    language, clauses = practice.file.language, _clauses(practice)
    if looks_like_notes(found.name, found.data):
        raise Refused([notes_refusal(language, clauses)], _note_gates(practice.policy))
    try:
        return read_appointment_file(
            found.data, found.name, language=language, timezone=practice.file.timezone, notes_clauses=clauses
        )
    except FileProblems as refusal:
        if notes_refusal(language, clauses) in {problem.text for problem in refusal.problems}:
            raise Refused(taking.problems_of(found, refusal), _note_gates(practice.policy)) from None
        raise


def _dossier(practice: Practice, found: Dropped) -> str | None:
    return _read(practice, found).dossier


def _make(practice: Practice, dossier: str, found: Dropped, now: datetime) -> list[Made]:
    taking.has_an_end(practice, Category.APPOINTMENT)
    if recorded.as_dropped(practice, dossier, Kind.APPOINTMENT, found.sha256):
        return []
    file = _read(practice, found)
    appointment = _meant(practice, dossier, file, now)
    return [
        Made(
            Kind.APPOINTMENT, _calendar(practice, dossier, appointment, now), about=appointment.about(),
            dropped=found.sha256,
        )
    ]  # fmt: skip


def _meant(practice: Practice, dossier: str, file: AppointmentFile, now: datetime) -> Appointment:
    """Tell which appointment a file is about: a new one, or an earlier one by its number, called off by its time."""
    known, starts_at = standing(practice, dossier), file.starts_at(practice.file.timezone)
    at_that_time = [one.number for one in known.values() if one.starts_at == starts_at and not one.cancelled]
    number = file.appointment or (at_that_time[0] if file.cancelled and at_that_time else None)
    before = known.get(number or 0)
    language = practice.file.language
    if before is None and (file.cancelled or file.appointment):
        listed = "; ".join(_listed(known, language)) or say(language, "none")
        raise Refused([say(language, "no_such_appointment", known=listed)])
    if before is not None and before.cancelled and file.cancelled:
        raise Refused([say(language, "called_off_already", number=before.number)])
    if starts_at <= now and not file.cancelled:
        raise Refused([say(language, "appointment_past", day=day_of(starts_at, language))])
    if before is not None and file.cancelled:
        return Appointment(
            before.number, before.sequence + 1, before.starts_at, before.minutes, before.where, before.link,
            before.reminder, cancelled=True,
        )  # fmt: skip
    return Appointment(
        before.number if before else max(known, default=0) + 1, before.sequence + 1 if before else 0, starts_at,
        file.minutes, file.where, file.link, file.reminder, cancelled=False,
    )  # fmt: skip


def standing(practice: Practice, dossier: str) -> dict[int, Appointment]:
    """Give the appointments of a dossier as they were last confirmed, by their number."""
    rows = practice.database.rows(
        "SELECT about FROM documents WHERE dossier = ? AND kind = ? AND sha256 <> '' ORDER BY version",
        dossier, Kind.APPOINTMENT,
    )  # fmt: skip
    found = [of(json.loads(row["about"])) for row in rows]
    return {one.number: one for one in found}


def _listed(known: Mapping[int, Appointment], language: str) -> Iterator[str]:
    for one in list(known.values())[-MOST_LISTED:]:
        yield f"{one.number}: {day_of(one.starts_at, language)} {time_of(one.starts_at, language)}"


def _calendar(practice: Practice, dossier: str, appointment: Appointment, now: datetime) -> bytes:
    revision = recorded.client_now(practice, dossier)
    file = practice.file
    language = revision.language or file.language
    invitation = Invitation(
        uid_of(practice.key, dossier, appointment.number), appointment.sequence, appointment.starts_at,
        appointment.minutes, appointment.where, appointment.link, file.practice.name, file.mail.sender,
        revision.client.email, summary(language, file.practice.name), language, appointment.reminder, now,
    )  # fmt: skip
    return calendar(invitation, cancelled=appointment.cancelled)
