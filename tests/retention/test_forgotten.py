"""A coaching that nobody closed is asked about after as much silence as the policy finds too long, and once."""

from __future__ import annotations

from datetime import date

import pytest

from pipeline import attention
from pipeline.model import Kind
from pipeline.policy.period import Period
from pipeline.retention import closing, forgotten
from tests.policy.promises import POLICIES
from tests.retention.scene import Scene, on


@pytest.fixture
def running(dossier: Scene) -> Scene:
    """A coaching under a policy that finds half a year of silence too long; last heard of in March."""
    dossier.practice.policy = POLICIES["refleact"]
    dossier.returned(Kind.QUOTE, on(11, 9))
    dossier.mail(on(3, 1, 2027))
    return dossier


def asked(dossier: Scene) -> list[str]:
    return [one.what for one in attention.waiting(dossier.practice)]


@pytest.mark.parametrize(("day", "questions"), [(date(2027, 8, 31), []), (date(2027, 9, 1), ["forgotten"])])
def test_it_is_asked_from_the_day_on_which_the_silence_has_lasted_so_long(
    running: Scene, day: date, questions: list[str]
) -> None:
    forgotten.ask(running.practice, on(day.month, day.day, day.year))
    assert asked(running) == questions


def test_the_question_says_since_when_and_what_to_type(running: Scene) -> None:
    forgotten.ask(running.practice, on(9, 1, 2027))
    (one,) = attention.waiting(running.practice)
    (reason,) = one.reasons
    assert "1 maart 2027" in reason and f"pipeline close {running.reference} --on" in reason


def test_once_for_each_silence_and_again_only_after_something_was_heard(running: Scene) -> None:
    for month in (9, 10, 11):
        forgotten.ask(running.practice, on(month, 1, 2027))
    (one,) = attention.waiting(running.practice)
    attention.accept(running.practice, one.number, on(11, 2, 2027))
    forgotten.ask(running.practice, on(12, 1, 2029))
    assert asked(running) == []
    running.course_mail(Kind.APPOINTMENT, 1, state="accepted", at=on(12, 2, 2029))
    forgotten.ask(running.practice, on(5, 1, 2030))
    assert asked(running) == []
    forgotten.ask(running.practice, on(6, 2, 2030))
    assert asked(running) == ["forgotten"]


def test_closing_answers_it(running: Scene) -> None:
    forgotten.ask(running.practice, on(9, 1, 2027))
    closing.close(running.practice, running.reference, on(9, 2, 2027))
    assert asked(running) == []
    forgotten.ask(running.practice, on(9, 2, 2029))
    assert asked(running) == []


def test_who_never_became_a_client_was_not_forgotten(dossier: Scene) -> None:
    forgotten.ask(dossier.practice, on(9, 1, 2040))
    assert asked(dossier) == []


def test_how_long_is_what_the_policy_says_of_a_closing_that_does_not_come() -> None:
    found = {name: forgotten.patience(policy) for name, policy in POLICIES.items()}
    assert found == {
        "kleur": Period(years=1), "ken-jezelf": Period(years=1), "pluform": Period(years=1),
        "refleact": Period(months=6), "ballance": Period(years=1),
    }  # fmt: skip
