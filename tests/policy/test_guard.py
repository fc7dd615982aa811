"""What the guard believes of a clock, from what was seen, what has passed and what the mail bears witness to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.policy.guard import (
    BEHIND,
    LONGEST_SLEEP,
    STEP,
    Circumstances,
    behind,
    believed,
    put_forward,
    reasons_to_wait,
)

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
DAY, HOUR, NONE = timedelta(days=1), timedelta(hours=1), timedelta()
SPANS = st.timedeltas(-400 * DAY, 400 * DAY)


def facts(
    seen: timedelta | None, moved: timedelta = NONE, witness: timedelta | None = None, planned: int = 1
) -> Circumstances:
    """Give what is known at noon: what was seen and what the mail says as so long before it."""
    return Circumstances(
        NOON, None if seen is None else NOON - seen, None if witness is None else NOON - witness, planned, moved
    )


@pytest.mark.parametrize(
    ("known", "words"),
    [
        (facts(HOUR), []),
        (facts(30 * DAY), []),  # it was off, or asleep: nothing says that it was not
        (facts(50 * DAY), ["clock_ahead"]),
        (facts(50 * DAY, witness=10 * DAY), []),
        (facts(-2 * DAY), ["clock_behind"]),
        (facts(HOUR, witness=-2 * DAY), ["clock_behind"]),
        (facts(HOUR, moved=2 * HOUR), []),
        (facts(HOUR, moved=4 * HOUR), ["clock_moved"]),
        (facts(HOUR, moved=30 * DAY), ["clock_moved"]),
        (facts(400 * DAY, moved=400 * DAY), ["clock_moved"]),
        (facts(HOUR, moved=30 * DAY, witness=29 * DAY), ["clock_moved"]),  # the mail is as old as the clock should be
        (facts(10 * DAY, moved=10 * DAY, witness=HOUR), []),  # the clock was behind and was put right
        (facts(10 * DAY, moved=10 * DAY, witness=5 * DAY), ["clock_moved"]),
        (facts(HOUR, moved=-5 * DAY), ["clock_behind"]),  # put back, though later than what was seen
        (facts(HOUR, moved=30 * DAY, planned=0), []),
        (facts(None), []),
    ],
)
def test_what_a_clock_may_say_without_being_asked_about(known: Circumstances, words: list[str]) -> None:
    assert [word for word, _ in reasons_to_wait(known)] == words


@given(SPANS, SPANS, st.none() | SPANS)
def test_a_clock_that_was_put_forward_is_believed_only_by_mail_that_came_since(
    seen: timedelta, moved: timedelta, witness: timedelta | None
) -> None:
    known = facts(seen, moved, witness)
    if moved > STEP and (witness is None or witness > STEP):
        assert put_forward(known) and not believed(known) and reasons_to_wait(known)
    if moved <= STEP or (witness is not None and witness < STEP):
        assert not put_forward(known)


@given(SPANS, SPANS, st.none() | SPANS)
def test_what_is_remembered_as_seen_never_jumps_and_never_goes_back(
    seen: timedelta, moved: timedelta, witness: timedelta | None
) -> None:
    known = facts(seen, moved, witness)
    if believed(known):
        assert NONE < seen <= LONGEST_SLEEP and not behind(known)


@given(SPANS, SPANS, st.none() | SPANS)
def test_another_witness_never_makes_a_clock_that_is_behind_look_right(
    seen: timedelta, moved: timedelta, witness: timedelta | None
) -> None:
    assert behind(facts(seen, moved, witness)) == (
        min([seen, moved, *([] if witness is None else [witness])]) < -BEHIND
    )
