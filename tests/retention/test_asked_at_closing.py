"""Closing asks once more what the policy wants asked then; her answer counts until what it is about goes."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.model import Kind, Party, message_file
from pipeline.outgoing import recorded
from pipeline.outgoing.course import closing_questions, dispatch
from pipeline.outgoing.sending.course_facts import course_facts
from pipeline.policy import closing as asking
from pipeline.policy.gates import standing, why_not
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.people import Asked
from pipeline.policy.terms import Term
from pipeline.retention import closing, planning, timetable
from pipeline.retention.holdings import PARTS
from pipeline.worker import utc_now
from tests.policy.promises import POLICIES
from tests.retention.scene import Scene, copied, on, scene
from tests.world import CLIENT, World

NOW = on(6, 30, 2027)


@pytest.fixture
def refleact(dossier: Scene) -> Scene:
    """A coaching under the policy that asks at closing; its client signed, and there is no mailbox."""
    dossier.practice.policy = POLICIES["refleact"]
    dossier.returned(Kind.QUOTE, on(11, 9))
    dossier.run("UPDATE mails SET file = ''")
    return dossier


def ask(dossier: Scene, now: datetime = NOW) -> int:
    """Let the worker do what it does once a dossier is closed."""
    made = closing_questions.ask(dossier.practice, now, lambda _: None)
    dispatch.compose(dossier.practice, now, lambda _: None)
    return made


def mails(dossier: Scene) -> list[tuple[str, str, str, str]]:
    rows = dossier.practice.database.rows("SELECT * FROM messages WHERE purpose = 'closing' ORDER BY round")
    return [(row["party"], row["recipient"], row["kinds"], row["state"]) for row in rows]


def arrived(dossier: Scene, at: datetime = NOW) -> None:
    """Have the question accepted by the mail server, so that its answer is awaited."""
    dossier.run("UPDATE messages SET state = 'accepted', accepted_at = ? WHERE purpose = 'closing'", at.isoformat())
    dossier.awaits(Kind.QUESTIONS, 1, at=at)


def answers(dossier: Scene, *, yes: bool, at: datetime) -> None:
    """Have the form come back and booked: her answer is a fact, and nothing is awaited any more."""
    number = dossier.mail(at)
    dossier.run("UPDATE mails SET file = ''")
    dossier.run(
        "INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, came_at, at)"
        " VALUES (?, 'keep_in_touch', ?, ?, 's', 'boxes', ?, ?, ?)",
        dossier.reference, int(yes), f"{dossier.reference}-8 v1", number, at.isoformat(), at.isoformat(),
    )  # fmt: skip
    dossier.run("UPDATE obligations SET state = 'fulfilled', settled_at = ? WHERE kind = 'questions'", at.isoformat())


def live(dossier: Scene, *moments: datetime) -> None:
    for now in moments:
        timetable.keep_promises(dossier.practice, now, lambda _: None, asked=True)


def person(dossier: Scene) -> dict[str, str]:
    """Give what is still known of her."""
    facts = dossier.practice.database.value("SELECT facts FROM requests")
    return {} if facts is None else dict(json.loads(facts).get("client") or {})


@pytest.mark.clause("R-Tr.6")
def test_when_a_coaching_is_closed_its_client_is_asked_once_more_by_a_form_in_a_mail(refleact: Scene) -> None:
    assert ask(refleact) == 0
    closing.close(refleact.practice, refleact.reference, NOW)
    assert ask(refleact) == 1
    assert mails(refleact) == [("client", CLIENT, "questions", "queued")]
    row = refleact.practice.database.row("SELECT * FROM documents WHERE kind = 'questions'")
    assert row is not None and {"keep_in_touch-yes", "keep_in_touch-no", "signature"} <= set(json.loads(row["boxes"]))
    token = refleact.practice.database.value("SELECT token FROM messages WHERE purpose = 'closing'")
    mail = message_from_bytes(refleact.practice.storage.read(message_file(token)), policy=policy.default)
    body = mail.get_body(("plain",))
    assert body is not None and "graag vóór 7 juli 2027" in body.get_content().replace("\n", " ")


@pytest.mark.clause("R-Tr.6")
def test_she_is_asked_once_for_each_closing_whatever_she_said_before(refleact: Scene) -> None:
    answers(refleact, yes=True, at=on(11, 9))
    closing.close(refleact.practice, refleact.reference, NOW)
    assert [ask(refleact), ask(refleact)] == [1, 0]
    closing.close(refleact.practice, refleact.reference, NOW, date(2027, 6, 29))  # the same closing, another day
    assert ask(refleact) == 0
    closing.reopen(refleact.practice, refleact.reference, NOW)
    assert ask(refleact) == 0 and [state for *_, state in mails(refleact)] == ["superseded"]
    closing.close(refleact.practice, refleact.reference, NOW)
    assert ask(refleact) == 1 and [state for *_, state in mails(refleact)] == ["superseded", "queued"]


def test_nobody_is_asked_who_was_no_client_or_whose_address_is_gone_or_by_a_policy_that_asks_nothing(
    dossier: Scene,
) -> None:
    closing.close(dossier.practice, dossier.reference, NOW)
    dossier.practice.policy = POLICIES["refleact"]
    assert ask(dossier) == 0 and closing_questions.asked_of(dossier.practice, dossier.reference) == []
    dossier.returned(Kind.QUOTE, on(11, 9))
    dossier.run("UPDATE dossiers SET client_key = ''")
    assert ask(dossier) == 0
    dossier.run("UPDATE dossiers SET client_key = 'key'")
    for name in ("kleur", "ken-jezelf", "pluform", "ballance"):
        dossier.practice.policy = POLICIES[name]
        assert ask(dossier) == 0


def test_the_question_may_leave_though_the_dossier_is_closed_and_not_once_her_address_is_gone(refleact: Scene) -> None:
    closing.close(refleact.practice, refleact.reference, NOW)
    ask(refleact)
    refleact.run("UPDATE messages SET state = 'claimed' WHERE purpose = 'closing'")
    row = refleact.practice.database.row("SELECT * FROM messages WHERE purpose = 'closing'")
    form = recorded.newest(refleact.practice, refleact.reference, Kind.QUESTIONS)
    assert row is not None and form is not None
    facts = course_facts(refleact.practice, row, NOW, {Kind.QUESTIONS: form.sha256}, ())
    assert why_not(facts, standing(refleact.practice.policy, Party.CLIENT, facts.carried)) is None
    refleact.run("UPDATE messages SET state = 'queued' WHERE purpose = 'closing'")
    for sql in PARTS["client"].rows:
        refleact.run(sql, refleact.reference)
    assert [state for *_, state in mails(refleact)] == ["superseded"] and ask(refleact) == 0


@pytest.mark.clause("R-Tr.6", "R-Tr.4")
def test_a_yes_within_the_week_keeps_name_and_address_and_nothing_else(refleact: Scene) -> None:
    closing.close(refleact.practice, refleact.reference, NOW)
    ask(refleact)
    arrived(refleact)
    live(refleact, NOW, on(7, 6, 2027))
    assert "phone" in person(refleact)
    answers(refleact, yes=True, at=on(7, 6, 2027))
    live(refleact, on(7, 6, 2027), on(7, 7, 2027), on(7, 8, 2027))
    assert person(refleact) == {"name": "Sanne Jansen", "email": CLIENT}


@pytest.mark.clause("R-Tr.6", "R-Tr.4", "R-Re.6")
@pytest.mark.parametrize("says_no", [True, False], ids=["a no", "silence"])
def test_a_no_and_silence_until_the_week_is_over_keep_nothing(refleact: Scene, *, says_no: bool) -> None:
    closing.close(refleact.practice, refleact.reference, NOW)
    ask(refleact)
    arrived(refleact)
    live(refleact, NOW, on(7, 6, 2027))
    assert person(refleact)
    if says_no:
        answers(refleact, yes=False, at=on(7, 6, 2027))
    live(refleact, on(7, 7, 2027), on(7, 8, 2027))
    assert person(refleact) == {}


def test_when_the_day_of_closing_lies_back_she_has_her_week_all_the_same(refleact: Scene) -> None:
    closing.close(refleact.practice, refleact.reference, NOW, date(2027, 4, 1))
    ask(refleact)
    arrived(refleact)
    live(refleact, NOW, on(7, 2, 2027), on(7, 6, 2027))
    assert person(refleact)
    live(refleact, on(7, 7, 2027))
    assert person(refleact) == {}


def test_an_answer_that_the_coach_has_still_to_look_at_keeps_everything_until_she_has(refleact: Scene) -> None:
    closing.close(refleact.practice, refleact.reference, NOW)
    ask(refleact)
    arrived(refleact)
    refleact.returned(Kind.QUESTIONS, on(7, 3, 2027), "proposed")
    refleact.run("UPDATE mails SET file = ''")
    number = refleact.practice.database.value("SELECT max(number) FROM returns")
    refleact.asked("return", dossier=refleact.reference)
    refleact.run("UPDATE attention SET return = ?", number)
    live(refleact, on(7, 3, 2027), on(7, 9, 2027))
    assert person(refleact)
    assert all(one.held_back for one in planning.endings(refleact.practice, date(2027, 7, 9)))
    refleact.run("UPDATE attention SET state = 'settled'")
    live(refleact, on(7, 10, 2027), on(7, 12, 2027))
    assert person(refleact) == {}


@given(late=st.integers(0, 400), window=st.integers(0, 60), asked=st.integers(0, 500))
def test_her_days_are_never_fewer_than_destroying_may_take(late: int, window: int, asked: int) -> None:
    due = date(2027, 6, 30) - timedelta(days=late)
    goes = Term(Category.CONTACT, due, due + timedelta(days=window), ())
    asked_on = due + timedelta(days=asked)
    day = asking.answer_by(goes, asked_on)
    assert day is not None and day >= asked_on + timedelta(days=window) and day >= due + timedelta(days=window)
    assert asking.answer_by(goes._replace(due=None, gone_by=None), asked_on) is None


def test_what_a_rule_of_closing_asks_is_asked_even_where_the_question_does_not_say_when() -> None:
    one = POLICIES["refleact"]
    unsaid = [question.model_copy(update={"asked": [Asked.QUOTE]}) for question in one.consents]
    changed = one.model_copy(update={"consents": unsaid})
    assert [question.purpose for question in asking.asked(changed, sponsored=False)] == ["keep_in_touch"]
    assert asking.asked(one.model_copy(update={"closing": [], "consents": unsaid}), sponsored=True) == []


def test_the_command_says_what_the_client_is_asked(
    composed: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = copied(composed, tmp_path)
    monkeypatch.setenv("PIPELINE_PRACTICE", str(world.folder))
    world.change(r"^policy: .*$", "policy: refleact")
    with scene(world) as opened:
        opened.run("UPDATE dossiers SET opened_at = ?", (utc_now() - timedelta(days=30)).isoformat())
        opened.returned(Kind.QUOTE, utc_now())
        reference = opened.reference
    assert main(["close", reference]) == 0
    said = capsys.readouterr().out.replace("\n", " ")
    assert "Ik geef toestemming om mijn naam en e-mailadres na afloop te bewaren" in said
