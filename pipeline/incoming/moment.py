"""When a mail came to our provider: pure, and never later than when we fetched it."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pipeline.incoming.mail import Mail


def came_at(mail: Mail, stored_at: datetime) -> datetime:
    """Give when our provider took the mail in, in UTC: its Received line is the topmost (RFC 5321, 4.4).

    A laptop that slept must not make a quote late. A mail without such a line was put there by hand; then the moment of
    its writing counts, and without that the moment when it was fetched.
    """
    lines = mail.header("Received")
    written = _moment(lines[0].rpartition(";")[2]) if lines else _aware(mail.date)
    return min(written, stored_at) if written else stored_at


def _moment(text: str) -> datetime | None:
    try:
        return _aware(parsedate_to_datetime(text.strip()))
    except (ValueError, TypeError, OverflowError):
        return None


def _aware(at: datetime | None) -> datetime | None:
    try:
        return at and (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
