"""When a mail came: by our provider's own line, never later than when it was fetched, whatever a stranger writes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.incoming import message
from pipeline.incoming.moment import came_at

FETCHED = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)
CAME = datetime(2026, 11, 22, 22, 30, tzinfo=UTC)


def mail(*lines: str) -> bytes:
    return "\r\n".join([*lines, "From: sanne@home.example", "", "hello"]).encode()


def moment(*lines: str) -> datetime:
    return came_at(message.read(mail(*lines)), FETCHED)


def test_a_mail_came_when_our_provider_took_it_in_though_the_laptop_slept() -> None:
    topmost = "Received: from a by mx.practice.example; Sun, 22 Nov 2026 23:30:00 +0100"
    lower = "Received: from b by a; Mon, 2 Nov 2026 09:00:00 +0000"
    assert moment(topmost, lower) == CAME


def test_without_such_a_line_the_date_of_writing_counts_and_without_that_when_it_was_fetched() -> None:
    assert moment("Date: Sun, 22 Nov 2026 22:30:00 +0000") == CAME
    assert moment() == FETCHED


def test_nothing_comes_after_it_was_fetched() -> None:
    assert moment("Received: by x; Fri, 1 Jan 2100 00:00:00 +0000") == FETCHED
    assert moment("Date: Fri, 1 Jan 2100 00:00:00 +0000") == FETCHED


@pytest.mark.parametrize(
    "written", ["", "yesterday", "1 Jan 99999999999999999999 00:00:00 +0000", "31 Dec 9999 23:59:59 -1200", "32 Foo 0"]
)
def test_a_moment_that_is_none_does_not_keep_a_mail_from_being_read(written: str) -> None:
    assert moment(f"Received: by x; {written}") == FETCHED


@given(st.text(max_size=60), st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_whatever_stands_there_the_moment_is_aware_and_not_in_the_future(text: str, at: datetime) -> None:
    found = came_at(message.read(mail(f"Received: {text}; {at:%a, %d %b %Y %H:%M:%S} +0000")), FETCHED)
    assert found.tzinfo is not None and found <= FETCHED
