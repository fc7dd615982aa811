"""One appointment: what is kept of it with its document, and what the mail says of it. Pure; never what it is about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time

from pipeline.config.practice import PracticeFile
from pipeline.outgoing.plan import Document
from pipeline.outgoing.values.base import LOCALES, Revision, Values
from pipeline.policy.policy import Policy


@dataclass(frozen=True)
class Appointment:
    """One appointment of a dossier as it was last confirmed; `sequence` counts how often it was changed."""

    number: int
    sequence: int
    starts_at: datetime
    minutes: int
    where: str | None
    link: str | None
    reminder: int
    cancelled: bool

    def about(self) -> dict[str, Any]:
        """Give it as it is kept with its document."""
        return {
            "appointment": self.number, "sequence": self.sequence, "starts_at": self.starts_at.isoformat(),
            "zone": str(self.starts_at.tzinfo), "minutes": self.minutes, "where": self.where, "link": self.link,
            "reminder": self.reminder, "cancelled": self.cancelled,
        }  # fmt: skip


def of(about: Mapping[str, Any]) -> Appointment:
    """Give the appointment that a document is about."""
    starts_at = datetime.fromisoformat(about["starts_at"]).astimezone(ZoneInfo(about["zone"]))
    rest = {name: about[name] for name in ("sequence", "minutes", "where", "link", "reminder", "cancelled")}
    return Appointment(number=about["appointment"], starts_at=starts_at, **rest)


def appointment_values(
    _revision: Revision, document: Document, _file: PracticeFile, _policy: Policy, language: str
) -> Values:
    """Give what a mail says of an appointment: the day, from when to when, where; never what about."""
    one = of(document.about)
    ends_at = datetime.fromtimestamp(one.starts_at.timestamp() + 60 * one.minutes, one.starts_at.tzinfo)
    return {
        "number": str(one.number),
        "day": day_of(one.starts_at, language),
        "from": time_of(one.starts_at, language),
        "until": time_of(ends_at, language),
        "where": one.where or "",
        "link": one.link or "",
        "cancelled": one.cancelled,
        "changed": one.sequence > 0,
    }


def day_of(at: datetime, language: str) -> str:
    """Write a day in full, with its name."""
    return str(format_date(at, "EEEE d MMMM y", locale=LOCALES[language]))


def time_of(at: datetime, language: str) -> str:
    """Write the time of a moment on its own clock."""
    return str(format_time(at, "HH:mm", locale=LOCALES[language]))
