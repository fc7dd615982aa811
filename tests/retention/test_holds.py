"""What keeps something from going; what is announced, looked at again, taken back, brought forward and agreed to."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline import attention
from pipeline.edges import ledger
from pipeline.errors import UsageError
from pipeline.model import HoldKind, message_file
from pipeline.policy.period import Period
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event
from pipeline.retention import guarding, holds, timetable
from tests.retention.scene import Scene

DAY = timedelta(days=1)
DUE = date(2026, 12, 20)
EVERY = {"client", "employer", "sponsor", "goal", "offer", "quote", "consent", "mail_out"}


def at(month: int, day: int, hour: int = 8, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=UTC)


@pytest.fixture
def due(dossier: Scene) -> Scene:
    """A dossier that must go on DUE, five years after it was closed."""
    dossier.told("closed", DUE.replace(year=2021).isoformat())
    return dossier


def look(scene: Scene, now: datetime, *, asked: bool = False) -> int:
    return timetable.keep_promises(scene.practice, now, lambda _: None, asked=asked)


def planned(scene: Scene) -> set[str]:
    return {row["part"] for row in scene.practice.database.rows("SELECT part FROM erasures WHERE state = 'planned'")}


def vetoes(scene: Scene) -> set[datetime]:
    rows = scene.practice.database.rows("SELECT veto_until FROM erasures WHERE state = 'planned'")
    return {datetime.fromisoformat(row["veto_until"]) for row in rows}


def events(scene: Scene, name: str) -> int:
    return int(scene.practice.database.value(
        "SELECT count(*) FROM ledger WHERE json_extract(entry, '$.event') = ?", name
    ))  # fmt: skip


def entries(scene: Scene) -> list[dict[str, object]]:
    return [json.loads(row["entry"]) for row in scene.practice.database.rows("SELECT entry FROM ledger")]


def there(scene: Scene) -> bool:
    return bool(scene.practice.database.value("SELECT count(*) FROM dossiers"))


def whole(scene: Scene) -> bool:
    return not ledger.verify([tuple(row) for row in scene.practice.database.rows("SELECT * FROM ledger")])


def with_rules(policy: Policy, **changed: object) -> Policy:
    """Give a policy of which every term is another."""
    return policy.model_copy(update={"retention": [rule.model_copy(update=changed) for rule in policy.retention]})


def test_it_is_announced_two_weeks_ahead_and_not_sooner(due: Scene) -> None:
    look(due, at(12, 4))
    assert planned(due) == set()
    look(due, at(12, 5))
    assert planned(due) == EVERY and events(due, "erasure.planned") == len(EVERY)
    look(due, at(12, 5, 20))
    assert events(due, "erasure.planned") == len(EVERY)


def test_what_was_announced_in_time_goes_at_the_first_moment_of_its_day_in_the_practice(due: Scene) -> None:
    look(due, at(12, 5))
    look(due, at(12, 19, 22))
    assert there(due)
    look(due, at(12, 19, 23))
    assert not there(due) and whole(due)


def test_a_window_that_is_shorter_than_two_weeks_shortens_the_veto_to_the_end_of_the_window(due: Scene) -> None:
    due.run("UPDATE events SET day = '2021-12-06'")
    look(due, at(12, 5))
    assert vetoes(due) == {datetime(2026, 12, 6, 23, tzinfo=UTC)}


def test_what_is_past_its_window_is_announced_for_a_day(due: Scene) -> None:
    look(due, at(2, 1, year=2027))
    assert vetoes(due) == {at(2, 2, year=2027)}
    due.practice.database.run("INSERT OR REPLACE INTO settings VALUES ('clock', ?)", at(2, 1, year=2027).isoformat())
    look(due, at(2, 2, 7, year=2027))
    assert there(due)
    look(due, at(2, 2, year=2027))
    assert not there(due)


def test_a_long_window_gives_two_weeks_also_when_the_day_has_passed(due: Scene) -> None:
    due.practice.policy = with_rules(due.practice.policy, window=Period(years=1))
    look(due, at(12, 29))
    assert vetoes(due) == {at(12, 29) + timedelta(days=14)}


def test_a_hold_between_announcement_and_day_takes_it_back_and_lifting_it_lets_the_term_run_on(due: Scene) -> None:
    look(due, at(12, 5))
    holds.place(due.practice, due.reference, HoldKind.HOLD, "a dispute", at(12, 10))
    look(due, at(12, 10, 9))
    assert planned(due) == set() and events(due, "erasure.taken_back") == len(EVERY)
    for day in range(11, 31):
        look(due, at(12, day))
    assert there(due)
    assert holds.lift(due.practice, due.reference, at(12, 30, 9)) == 1
    look(due, at(12, 30, 10))
    assert there(due) and planned(due) == EVERY
    look(due, at(12, 31, 10))
    assert not there(due)


def test_a_hold_that_is_placed_on_the_very_day_is_seen_when_it_is_looked_at_again(due: Scene) -> None:
    look(due, at(12, 5))
    holds.place(due.practice, due.reference, HoldKind.HOLD, "a dispute", at(12, 19, 22))
    look(due, at(12, 20), asked=True)
    assert there(due)


def test_a_hold_with_an_end_ends_by_itself(due: Scene) -> None:
    holds.place(due.practice, due.reference, HoldKind.HOLD, "a dispute", at(12, 10), until=date(2026, 12, 28))
    for day in range(11, 28):
        look(due, at(12, day))
    assert there(due) and planned(due) == set()
    look(due, at(12, 28))
    look(due, at(12, 29))
    assert not there(due)


def test_a_hold_on_one_kind_keeps_that_kind_and_the_rest_goes(due: Scene) -> None:
    holds.place(due.practice, due.reference, HoldKind.HOLD, "for the book", at(12, 1), category=Category.GOAL)
    for day in (5, 20, 21):
        look(due, at(12, day))
    assert set(due.held()) == {"goal"}
    assert due.held()["goal"].category is Category.GOAL
    holds.lift(due.practice, due.reference, at(12, 22))
    for day in (22, 23, 24):
        look(due, at(12, day))
    assert not there(due)


def test_a_restriction_keeps_everything_until_it_is_lifted(due: Scene) -> None:
    holds.place(due.practice, due.reference, HoldKind.RESTRICTED, "she asked", at(12, 1))
    for day in range(5, 31, 5):
        look(due, at(12, day))
    assert set(due.held()) == EVERY
    holds.lift(due.practice, due.reference, at(12, 30, 9))
    for hour in (10, 34):
        look(due, at(12, 30) + timedelta(hours=hour))
    assert not there(due)


@pytest.mark.parametrize(
    ("reason", "until"), [("", None), ("  ", None), ("why", date(2026, 12, 1)), ("why", date(2026, 11, 30))]
)
def test_a_hold_without_a_reason_or_that_is_over_already_is_refused(
    due: Scene, reason: str, until: date | None
) -> None:
    with pytest.raises(UsageError):
        holds.place(due.practice, due.reference, HoldKind.HOLD, reason, at(12, 1), until=until)
    assert not holds.standing(due.practice, date(2026, 12, 1))


# Looking again.


def counted_from_last_contact(scene: Scene) -> None:
    """Let everything be counted as Ballance does: seven years from the last contact."""
    scene.practice.policy = with_rules(
        scene.practice.policy, after=Event.LAST_CONTACT, promise=Period(years=7), ceiling=None
    )


def test_a_new_mail_from_her_starts_the_term_again_and_takes_back_what_was_announced(dossier: Scene) -> None:
    counted_from_last_contact(dossier)
    dossier.practice.database.run(
        "INSERT OR REPLACE INTO settings VALUES ('clock', ?)", at(10, 25, year=2033).isoformat()
    )
    look(dossier, at(10, 25, year=2033))
    assert planned(dossier) == EVERY
    dossier.mail(at(10, 30, year=2033))
    look(dossier, at(11, 5, year=2033), asked=True)
    assert planned(dossier) == set() and there(dossier)
    assert dossier.endings()["client"].term.due == date(2040, 10, 30)


def test_a_day_that_moves_a_little_later_within_the_two_weeks_is_waited_for(due: Scene) -> None:
    look(due, at(12, 5))
    due.run("UPDATE events SET day = '2021-12-24'")
    for day in (20, 21, 22, 23):
        look(due, at(12, day), asked=True)
    assert there(due)
    look(due, at(12, 24))
    assert not there(due)


def test_a_stricter_policy_brings_the_day_forward_and_announces_it_anew(due: Scene) -> None:
    look(due, at(12, 8))
    due.practice.policy = with_rules(due.practice.policy, promise=Period(years=4), window=Period(days=30))
    look(due, at(12, 9))
    assert vetoes(due) == {at(12, 10)}
    assert events(due, "erasure.planned") == 2 * len(EVERY)
    look(due, at(12, 10))
    assert not there(due)


def test_a_looser_policy_on_the_very_day_keeps_what_it_would_keep(due: Scene) -> None:
    look(due, at(12, 5))
    due.practice.policy = with_rules(due.practice.policy, promise=Period(years=6), ceiling=Period(years=8))
    due.run("DELETE FROM statements")
    due.run("DELETE FROM settings WHERE name = 'statements'")
    look(due, at(12, 20), asked=True)
    assert there(due) and planned(due) == set()
    assert due.endings()["client"].term.due == DUE.replace(year=2027)


def test_a_dossier_that_is_opened_again_is_taken_from_the_plan(due: Scene) -> None:
    look(due, at(12, 5))
    due.run("DELETE FROM events")
    look(due, at(12, 20), asked=True)
    assert there(due) and planned(due) == set()


# What the coach looks at first.


@pytest.fixture
def jumped(due: Scene) -> Scene:
    """The same, looked at after a jump of the clock that nothing bears witness to."""
    look(due, at(12, 5))
    look(due, at(12, 20, year=2028))
    return due


def question(scene: Scene) -> attention.Waiting:
    (one,) = attention.waiting(scene.practice)
    return one


def test_a_plan_that_waits_is_asked_about_once_with_what_it_is_and_why(jumped: Scene) -> None:
    assert there(jumped) and question(jumped).what == guarding.WHAT
    for hours in range(1, 60, 7):
        look(jumped, at(12, 20, year=2028) + timedelta(hours=hours))
    assert there(jumped)
    said = " ".join(question(jumped).reasons)
    assert "2028" in said and "2026-12-05" in said and str(len(EVERY)) in said


def test_accepting_its_number_carries_out_that_very_plan(jumped: Scene) -> None:
    attention.accept(jumped.practice, question(jumped).number, at(12, 21, year=2028))
    look(jumped, at(12, 21, 9, year=2028))
    assert not there(jumped) and not attention.waiting(jumped.practice)


def test_another_plan_is_another_question_and_the_first_is_withdrawn(jumped: Scene) -> None:
    first = question(jumped)
    holds.place(
        jumped.practice, jumped.reference, HoldKind.HOLD, "why", at(12, 20, 9, year=2028), category=Category.GOAL
    )
    look(jumped, at(12, 20, 10, year=2028))
    second = question(jumped)
    assert second.number != first.number and second.reasons != first.reasons
    with pytest.raises(UsageError):
        attention.accept(jumped.practice, first.number, at(12, 20, 11, year=2028))
    attention.accept(jumped.practice, second.number, at(12, 20, 11, year=2028))
    look(jumped, at(12, 20, 12, year=2028))
    assert set(jumped.held()) == {"goal"}


def test_a_plan_that_comes_back_is_asked_about_by_its_own_number_again(jumped: Scene) -> None:
    first = question(jumped)
    holds.place(jumped.practice, jumped.reference, HoldKind.HOLD, "why", at(12, 20, 9, year=2028))
    look(jumped, at(12, 20, 10, year=2028))
    holds.lift(jumped.practice, jumped.reference, at(12, 20, 11, year=2028))
    for hour in (12, 36):
        look(jumped, at(12, 20, year=2028) + timedelta(hours=hour))
    assert question(jumped).number == first.number and there(jumped)


def test_rejecting_it_leaves_everything_and_asks_no_more_about_that_plan(jumped: Scene) -> None:
    attention.reject(jumped.practice, question(jumped).number, at(12, 20, 9, year=2028))
    look(jumped, at(12, 22, year=2028))
    assert there(jumped) and not attention.waiting(jumped.practice)


def test_a_plan_that_needs_no_agreement_any_more_is_not_asked_about(jumped: Scene) -> None:
    assert question(jumped)
    look(jumped, at(12, 20, 10, year=2028), asked=True)
    assert not there(jumped) and not attention.waiting(jumped.practice)


def test_what_is_left_of_a_plan_that_she_agreed_to_is_not_asked_about_again(dossier: Scene) -> None:
    plan = guarding.Intended(("a", "b", "c"), 99, 0)
    now = at(12, 1)
    with_none = {"box": None, "now": now}
    assert not guarding.may(dossier.practice, plan, **with_none)  # type: ignore[arg-type]
    attention.accept(dossier.practice, question(dossier).number, now)
    assert guarding.may(dossier.practice, plan, **with_none)  # type: ignore[arg-type]
    assert guarding.may(dossier.practice, guarding.Intended(("b",), 99, 0), **with_none)  # type: ignore[arg-type]
    assert not guarding.may(dossier.practice, guarding.Intended(("b", "d"), 99, 0), **with_none)  # type: ignore[arg-type]


def test_a_begun_part_goes_on_whatever_was_placed_after(due: Scene) -> None:
    """It is half gone: a hold cannot bring back what was overwritten."""
    look(due, at(12, 5))
    due.run("UPDATE erasures SET state = 'erasing' WHERE part = 'goal'")
    holds.place(due.practice, due.reference, HoldKind.HOLD, "too late", at(12, 6))
    look(due, at(12, 6, 9))
    assert set(due.held()) == EVERY - {"goal"}


# What waits for a mail, and what does not.


def put_down(scene: Scene, count: int = 0) -> list[str]:
    """Have the mails of a dossier, and so many notes more, be put down as due by a rule; gives the files of all."""
    moment = at(11, 2).isoformat()
    scene.sent(at(11, 2))
    for number in range(count):
        scene.run(
            "INSERT INTO messages (token, dossier, revision, party, kinds, recipient, message_id, sha256, state,"
            " next_at, queued_at, accepted_at, copy_state, purpose, round) VALUES (?, ?, 1, 'client', '', 'x', ?, '',"
            " 'accepted', '', ?, ?, 'none', 'note', ?)",
            f"note{number}", scene.reference, f"<{number}@practice.example>", moment, moment, number,
        )  # fmt: skip
        scene.practice.storage.write(message_file(f"note{number}"), b"A note")
    scene.run(
        "INSERT INTO purges (token, dossier, rule, clauses, due_at, gone_by, state, next_at)"
        " SELECT token, dossier, 'mine.mail', 'X-6', ?1, ?1, 'due', ?1 FROM messages", at(12, 20).isoformat(),
    )  # fmt: skip
    return [message_file(row["token"]) for row in scene.practice.database.rows("SELECT token FROM messages")]


def lie_there(scene: Scene, files: list[str]) -> bool:
    """Tell whether all of these files, and the rows about the mails in them, are still there."""
    rows = scene.practice.database.value("SELECT count(*) FROM messages JOIN purges USING (token)")
    return all(scene.practice.storage.path(file).exists() for file in files) and rows == len(files)


def test_a_mail_that_is_held_keeps_itself_and_everything_else_goes_on_time(due: Scene) -> None:
    files = put_down(due)
    holds.place(due.practice, due.reference, HoldKind.HOLD, "proof", at(12, 1), category=Category.MAIL_OUT)
    for day in (5, 20):
        look(due, at(12, day))
    assert set(due.held()) == {"mail_out"} and lie_there(due, files)
    assert due.practice.database.value("SELECT count(*) FROM purges WHERE state = 'due'") == len(files)
    holds.lift(due.practice, due.reference, at(12, 21))
    for day in (21, 22, 23):
        look(due, at(12, day))
    assert not there(due) and not any(due.practice.storage.path(file).exists() for file in files)


def test_a_mail_that_waits_for_her_yes_keeps_itself_and_everything_else_goes_on_time(due: Scene) -> None:
    files = put_down(due, 25)
    look(due, at(12, 5))
    look(due, at(12, 20))
    assert set(due.held()) == {"mail_out"} and lie_there(due, files)
    attention.accept(due.practice, question(due).number, at(12, 20, 9))
    look(due, at(12, 20, 10))
    assert not there(due) and whole(due)


# A stop of the program.


def test_stopped_after_each_part_it_carries_on_and_proves_each_as_well_as_ever(due: Scene) -> None:
    practice, left = due.practice, [set(due.held())]

    def tell(text: str) -> None:
        if text.endswith(" erased"):
            practice.stopping.set()

    look(due, at(12, 5))
    for hour in range(8, 8 + len(EVERY) + 1):
        timetable.keep_promises(practice, at(12, 20, hour), tell)
        if there(due):
            left.append(set(due.held()))
            assert practice.database.value("SELECT 1 FROM settings WHERE name = 'erasing'")
        practice.stopping.clear()
    assert [len(one) for one in left] == list(range(len(EVERY), -1, -1))
    assert not there(due) and whole(due)
    verified = [entry for entry in entries(due) if entry["event"] == "erasure.verified"]
    assert {entry["part"] for entry in verified} == EVERY and len(verified) == len(EVERY)
    assert {entry["part"]: entry["grade"] for entry in verified}["goal"] == "unrecoverable_inside"
    assert not practice.database.value("SELECT 1 FROM settings WHERE name = 'erasing'")


def test_a_program_that_is_stopping_begins_nothing(due: Scene) -> None:
    look(due, at(12, 5))
    due.practice.stopping.set()
    assert look(due, at(12, 20)) == 0 and set(due.held()) == EVERY
    due.practice.stopping.clear()
    look(due, at(12, 20, 9))
    assert not there(due)
