"""A form that comes back in the course of a coaching: with the report, and with the questions at closing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import attention
from pipeline.errors import UsageError
from pipeline.incoming import consents
from pipeline.model import Kind
from tests.incoming.asked import Desk, desk
from tests.world import SPONSOR

PARTNER = "partner@elsewhere.example"


@pytest.fixture
def her(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Desk]:
    """A client who has her report and the form with it."""
    with desk(tmp_path_factory.getbasetemp(), tmp_path) as made:
        yield made


def returned(her: Desk) -> list[tuple[object, ...]]:
    """Give every document that came back: kind, version, verdict, state."""
    rows = her.practice.database.rows("SELECT kind, version, verdict, state FROM returns ORDER BY number")
    return [tuple(row) for row in rows]


def test_a_signed_yes_is_a_proposal_that_the_coach_confirms_with_one_key(her: Desk) -> None:
    her.form(Kind.APPROVAL, 1)
    assert returned(her) == [("approval", 1, "signed", "proposed")]
    assert not her.stands() and her.waits() == ["return"]
    assert attention.answers_of(her.practice, her.waiting()[0].number) == {"release": True}
    assert "goes on to who pays" in her.accept()
    assert her.stands() and her.words() == [(1, SPONSOR, "form 1")] and her.awaited()[0][2] == "fulfilled"
    assert returned(her) == [("approval", 1, "signed", "booked")]


def test_a_signed_no_counts_before_anybody_confirms_it(her: Desk) -> None:
    her.says("Ja, akkoord.")
    her.form(Kind.APPROVAL, 1, given=False)
    assert not her.stands() and her.waits() == ["return"] and "she says no" in her.why()
    assert "does not approve" in her.accept()
    assert not her.stands() and her.awaited()[0][2] == "declined"


@pytest.mark.long
def test_the_coach_who_rejects_the_form_takes_its_no_back(her: Desk) -> None:
    her.says("Ja, akkoord.")
    her.form(Kind.APPROVAL, 1, given=False)
    her.reject()
    assert her.stands() and her.awaited()[0][2] == "fulfilled"
    assert returned(her) == [("approval", 1, "signed", "rejected")]


def test_a_signature_without_a_tick_says_nothing_and_the_coach_writes_down_what_she_tells_her(her: Desk) -> None:
    her.form(Kind.APPROVAL, 1, given=None)
    assert returned(her) == [("approval", 1, "look", "proposed")] and "may the report go on?" in her.why()
    with pytest.raises(UsageError, match="pipeline approve"):
        her.accept()
    assert not her.stands() and her.words() == []


@pytest.mark.long
def test_a_form_without_a_tick_holds_back_what_she_let_go_before(her: Desk) -> None:
    her.says("Ja, akkoord.")
    her.form(Kind.APPROVAL, 1, given=None)
    assert not her.stands()
    her.reject()
    assert her.stands()


@pytest.mark.long
def test_a_form_that_came_back_untouched_changes_nothing(her: Desk) -> None:
    her.says("Ja, akkoord.")
    name = her.practice.database.value("SELECT file FROM documents WHERE kind = 'approval'")
    made = her.answer("Zie bijlage.")
    data = her.practice.storage.read(f"dossiers/{her.dossier}/{name}")
    made.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    her.post(made)
    assert her.stands() and [row[2] for row in returned(her)] == ["not_signed"]


def test_the_form_of_an_older_version_approves_nothing(her: Desk) -> None:
    her.report()
    her.form(Kind.APPROVAL, 1)
    assert returned(her) == [("approval", 1, "look", "proposed")] and "version 2 took its place" in her.why()
    with pytest.raises(UsageError, match="version 2 took its place"):
        attention.accept(her.practice, her.waiting()[0].number, her.later(), anyway=True)
    assert not her.stands() and her.awaited()[1][2] == "awaited"


@pytest.mark.long
def test_a_no_on_the_form_of_an_older_version_shuts_the_gate_that_stands_open(her: Desk) -> None:
    her.report()
    her.says("Ja, akkoord.", to=her.ours(number=2))
    her.form(Kind.APPROVAL, 1, given=False)
    assert not her.stands() and her.waits() == ["return"]


@pytest.mark.long
def test_the_same_form_once_more_is_filed_and_asks_nothing(her: Desk) -> None:
    her.form(Kind.APPROVAL, 1)
    her.accept()
    her.form(Kind.APPROVAL, 1)
    assert [row[3] for row in returned(her)] == ["booked", "again"] and her.waits() == [] and her.stands()


def test_a_withdrawal_that_overtakes_the_confirming_key_wins(her: Desk) -> None:
    her.form(Kind.APPROVAL, 1)
    her.says("Ik trek mijn toestemming in.", In_Reply_To="", References="", Subject="toestemming")
    assert "something else after it" in her.accept()
    assert not her.stands()


@pytest.mark.long
def test_a_form_from_another_address_says_so_and_the_coach_decides(her: Desk) -> None:
    her.form(Kind.APPROVAL, 1, From=PARTNER)
    assert not her.stands() and "partner@elsewhere.example" in her.why()


@pytest.mark.long
def test_a_form_counts_as_said_when_it_came_so_a_no_after_it_holds(her: Desk) -> None:
    her.form(Kind.APPROVAL, 1)
    her.says("Nee, liever niet.")
    assert "something else after it" in her.accept()
    assert not her.stands()


def test_the_report_itself_that_comes_back_is_no_form_and_the_coach_sees_what_is_written_on_it(her: Desk) -> None:
    name, data = _report(her)
    made = her.answer("Zie mijn opmerkingen in de bijlage.")
    made.add_attachment(data + b"\n% a remark", maintype="application", subtype="pdf", filename=name)
    her.post(made)
    assert returned(her) == [] and not her.stands() and "asks for no signature" in her.why()


def test_the_report_as_it_was_sent_asks_for_no_look(her: Desk) -> None:
    name, data = _report(her)
    made = her.answer("Nee, liever niet.")
    made.add_attachment(data, maintype="application", subtype="pdf", filename=name)
    her.post(made)
    assert her.waits() == ["not_approved"]


def _report(her: Desk) -> tuple[str, bytes]:
    name = her.practice.database.value("SELECT file FROM documents WHERE kind = 'report'")
    return name, her.practice.storage.read(f"dossiers/{her.dossier}/{name}")


def test_the_questions_at_closing_are_consents_like_those_at_the_start(her: Desk) -> None:
    her.ask_at_closing()
    her.form(Kind.QUESTIONS, 1)
    assert returned(her) == [("questions", 1, "signed", "proposed")]
    her.accept()
    (held,) = consents.standing(her.practice, her.dossier)
    assert (held["purpose"], held["given"], held["document"]) == ("keep_in_touch", 1, f"{her.dossier}-8 v1")
    assert _owed(her) == ["fulfilled"]


@pytest.mark.long
def test_the_latest_answer_on_a_question_holds_and_a_no_at_once(her: Desk) -> None:
    her.ask_at_closing()
    her.form(Kind.QUESTIONS, 1)
    her.accept()
    her.form(Kind.QUESTIONS, 1, given=False)
    (held,) = consents.standing(her.practice, her.dossier)
    assert held["given"] == 0 and her.waits() == ["return"]
    her.reject()
    (held,) = consents.standing(her.practice, her.dossier)
    assert held["given"] == 1


@pytest.mark.long
def test_the_questions_of_an_older_form_are_not_booked(her: Desk) -> None:
    her.ask_at_closing()
    her.ask_at_closing()
    her.form(Kind.QUESTIONS, 1)
    with pytest.raises(UsageError, match="version 2 took its place"):
        attention.accept(her.practice, her.waiting()[0].number, her.later(), anyway=True)
    assert consents.standing(her.practice, her.dossier) == []


@pytest.mark.long
def test_a_form_that_the_coach_asks_for_again_awaits_one_more_reminder(her: Desk) -> None:
    her.form(Kind.APPROVAL, 1, given=None)
    attention.ask_again(her.practice, her.waiting()[0].number, her.later())
    assert her.awaited() == [("approval", 1, "awaited", "again")]


def _owed(her: Desk) -> list[object]:
    rows = her.practice.database.rows("SELECT state FROM obligations WHERE kind = 'questions'")
    return [state for (state,) in rows]
