"""A mail as it came in, octets of a stranger's, read into the nouns of `mail`.

Pure. Whatever the octets are, there is a `Mail`: nothing is refused, everything is bounded, and what could not be
unpacked is named in `unread`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pipeline.incoming import nature
from pipeline.incoming.mail import Mail
from pipeline.incoming.mime.addresses import mailboxes
from pipeline.incoming.mime.charsets import decoded, printable, words_decoded
from pipeline.incoming.mime.fields import Fields, message_ids
from pipeline.incoming.mime.parts import MESSAGES, Part, parse
from pipeline.incoming.mime.readable import readable
from pipeline.incoming.mime.unpack import LONGEST_TEXT, contents, written

MOST_OCTETS, MOST_RECIPIENTS, LONGEST_SUBJECT, _LONGEST_DATE = 60_000_000, 100, 1_000, 100
MOST_HTML = 2_000_000


def read(raw: bytes) -> Mail:
    """Read a mail; never raises, whatever `raw` is."""
    top = parse(raw[:MOST_OCTETS])
    fields = top.fields
    name, sender = _sender(fields)
    headers = fields.readable()
    subject = words_decoded(fields.first("subject"))[:LONGEST_SUBJECT].strip()
    bare = Mail(sender=sender, subject=subject, headers=headers)
    found = contents(top, bounced=nature.is_bounce(bare))
    if len(raw) > MOST_OCTETS:
        found.miss("unread_too_big", subject)
    text = written(top)
    return Mail(
        message_id=next(iter(message_ids(fields.all("message-id")[:1])), ""),
        in_reply_to=message_ids(fields.all("in-reply-to")[:3]),
        references=message_ids(fields.all("references")[:3]),
        sender=sender,
        sender_name=name,
        recipients=_recipients(fields),
        subject=subject,
        date=_date(fields.first("date")),
        headers=headers,
        text=text,
        files=tuple(found.files),
        unread=tuple(found.unread),
        size=len(raw),
        reports=tuple(found.reports),
        returned=tuple(found.returned),
        html_text=_html_text(top, text),
    )


def _html_text(top: Part, text: str) -> str:
    """Give what the HTML of a mail says; nothing where that is in its text already."""
    read, room = list[str](), MOST_HTML
    for part in _pages(top):
        octets = part.content(room)
        room -= len(octets)
        read.append(readable(decoded(octets, part.charset)))
    found = printable("\n".join(read).replace("\r\n", "\n").replace("\r", "\n"))[:LONGEST_TEXT].strip()
    return "" if found in text else found


def _pages(part: Part) -> Iterator[Part]:
    """Give the parts in HTML that are the mail's own words; of forwarded mail and files nothing."""
    if part.type in MESSAGES or part.attached:
        return
    if part.type == "text/html":
        yield part
    for child in part.parts:
        yield from _pages(child)


def _sender(fields: Fields) -> tuple[str, str]:
    """Give the name and address of the one sender; no address when there is any doubt that it is one."""
    found = [mailbox for text in fields.all("from") for mailbox in mailboxes(text)]
    if len(found) != 1:
        return "", ""
    name, address = found[0]
    return name, address if fields.whole else ""


def _recipients(fields: Fields) -> tuple[str, ...]:
    named = [text for name in ("to", "cc") for text in fields.all(name)]
    found = dict.fromkeys(address for text in named[:20] for _, address in mailboxes(text) if address)
    return tuple(found)[:MOST_RECIPIENTS]


def _date(text: str) -> datetime | None:
    """Give the moment that Date names, in UTC; None when it is missing or makes no sense."""
    try:
        moment = parsedate_to_datetime(text[:_LONGEST_DATE])
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
