"""Paper is asked after at closing; what the coach says is attested and no more, and it keeps nothing from going."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from pipeline import attention
from pipeline.cli import main
from pipeline.errors import UsageError
from pipeline.evidence import proofs
from pipeline.model import Kind
from pipeline.policy.policy import Policy
from pipeline.retention import closing, paper, timetable
from tests.policy.promises import POLICIES
from tests.policy.written import broken, read
from tests.retention.scene import Scene, copied, on
from tests.world import World

NOW = on(6, 30, 2027)
TODAY = date(2027, 6, 30)
RULES = {"rules": "ballance.closing ballance.paper", "clauses": "B-10.1"}


@pytest.fixture
def ballance(dossier: Scene) -> Scene:
    """A coaching under a policy that destroys paper at closing, with its quote signed."""
    dossier.practice.policy = POLICIES["ballance"]
    dossier.returned(Kind.QUOTE, on(11, 9))
    return dossier


def close(scene: Scene, now: datetime = NOW, day: date | None = None) -> None:
    closing.close(scene.practice, scene.reference, now, day)


def asked(scene: Scene) -> dict[int, str]:
    """Give the questions about paper that wait for the coach: number → the last day."""
    rows = scene.practice.database.rows("SELECT number, reasons FROM attention WHERE what = 'paper' AND state = 'open'")
    return {row["number"]: json.loads(row["reasons"])[0][1]["day"] for row in rows}


def number(scene: Scene) -> int:
    (only,) = asked(scene)
    return only


def written(scene: Scene, about: str = "paper.") -> list[dict[str, str]]:
    """Give what the ledger says of paper, without the time."""
    found = [json.loads(row[0]) for row in scene.practice.database.rows("SELECT entry FROM ledger ORDER BY number")]
    return [{key: entry[key] for key in entry if key != "at"} for entry in found if entry["event"].startswith(about)]


@pytest.mark.clause("B-10.1")
def test_closing_asks_once_with_the_last_day_that_the_policy_names(ballance: Scene) -> None:
    close(ballance)
    close(ballance)
    assert list(asked(ballance).values()) == ["2027-07-14"]
    (one,) = attention.waiting(ballance.practice)
    assert (one.dossier, one.title) == (ballance.reference, "papier dat moet worden vernietigd")
    assert one.reasons[0].startswith("vernietig uiterlijk op 2027-07-14 wat er van dit dossier op papier is")


def test_a_policy_that_does_not_speak_of_paper_asks_nothing(dossier: Scene) -> None:
    close(dossier)
    assert asked(dossier) == {}


def test_a_policy_with_the_step_alone_gives_two_weeks(tmp_path: Path) -> None:
    step = "\nclosing:\n  - {id: mine.closing, clauses: [X-6], steps: [destroy_paper]}\n\nmail:\n"
    assert paper.last_day(read(broken(("\nmail:\n", step)), tmp_path), TODAY) == date(2027, 7, 14)


@pytest.mark.parametrize(
    ("term", "last"),
    [
        ("after: closed, promise: P1M", "2027-07-30"),
        ("after: closed, promise: P0D, window: P3D", "2027-07-03"),
        ("after: agreement_ended, promise: P7D", "2027-07-07"),
        ("when: not_engaged, after: closed, promise: P7D", "2027-07-07"),
        ("after: closed, promise: purpose_ended", "2027-07-14"),
    ],
)
def test_a_term_that_ends_in_destroying_paper_is_asked_after_too(tmp_path: Path, term: str, last: str) -> None:
    rule = f"\n  - {{id: mine.paper, clauses: [X-2], covers: [paper], {term}, end: destroy_paper}}\n\nmail:\n"
    policy: Policy = read(broken(("\n\nmail:\n", rule)), tmp_path)
    assert [rule.clauses for rule in paper.rules(policy)] == [["X-2"]]
    assert str(paper.last_day(policy, TODAY)) == last


@pytest.mark.clause("B-10.1")
def test_what_she_says_was_destroyed_is_attested_by_its_rule_its_clause_and_its_dossier(ballance: Scene) -> None:
    close(ballance)
    said = attention.accept(ballance.practice, number(ballance), NOW)
    assert said == f"opgeschreven: u verklaart dat het papier van {ballance.reference} is vernietigd"
    assert written(ballance) == [
        {"event": "paper.destroyed", "dossier": ballance.reference, "grade": "attested", **RULES}
    ]
    shown = next(one for one in proofs(ballance.practice, NOW) if one.clause == "B-10.1")
    assert (shown.times, shown.grade, shown.last) == (1, "attested", TODAY)


def test_that_there_is_no_paper_is_written_down_and_counts_as_nothing_destroyed(ballance: Scene) -> None:
    close(ballance)
    said = attention.reject(ballance.practice, number(ballance), NOW)
    assert said == f"opgeschreven: u verklaart dat er van {ballance.reference} geen papier is"
    assert written(ballance) == [
        {"event": "paper.none", "dossier": ballance.reference, "grade": "attested", "rules": RULES["rules"]}
    ]
    assert next(one for one in proofs(ballance.practice, NOW) if one.clause == "B-10.1").times == 0


def test_it_is_no_paper_that_can_be_asked_of_somebody_again(ballance: Scene) -> None:
    close(ballance)
    with pytest.raises(UsageError, match="choose accept or reject"):
        attention.ask_again(ballance.practice, number(ballance), NOW)
    assert asked(ballance)


def test_another_day_of_closing_is_another_last_day_and_what_was_answered_stays_answered(ballance: Scene) -> None:
    close(ballance)
    close(ballance, NOW, date(2027, 6, 20))
    assert list(asked(ballance).values()) == ["2027-07-04"]
    attention.accept(ballance.practice, number(ballance), NOW)
    close(ballance, NOW, date(2027, 6, 21))
    assert asked(ballance) == {}


@pytest.mark.parametrize("answered", [False, True])
def test_reopening_takes_the_question_back_and_closing_asks_anew(ballance: Scene, *, answered: bool) -> None:
    close(ballance)
    if answered:
        attention.accept(ballance.practice, number(ballance), NOW)
    closing.reopen(ballance.practice, ballance.reference, NOW)
    assert asked(ballance) == {}
    close(ballance)
    assert list(asked(ballance).values()) == ["2027-07-14"]
    assert len(written(ballance)) == int(answered)


def gone(scene: Scene) -> None:
    """Let the dossier go, seven years after the last contact."""
    for day in (1, 20):
        timetable.keep_promises(scene.practice, datetime(2034, 8, day, 9, tzinfo=UTC), lambda _: None, asked=True)


@pytest.mark.clause("B-10.1")
def test_an_open_question_keeps_no_digital_dossier_from_going_and_can_be_answered_after_it(ballance: Scene) -> None:
    reference = ballance.reference
    close(ballance)
    ballance.run("UPDATE mails SET file = ''")  # no mailbox in this test
    gone(ballance)
    assert not ballance.practice.database.value("SELECT count(*) FROM dossiers")
    row = ballance.practice.database.row("SELECT * FROM attention")
    assert row is not None and (row["dossier"], row["mail"], row["return"]) == (reference, None, None)
    assert json.loads(row["reasons"]) == [["paper_due", {"day": "2027-07-14"}]]
    attention.accept(ballance.practice, row["number"], NOW)
    assert [one["dossier"] for one in written(ballance)] == [reference]
    assert not ballance.practice.database.value("SELECT count(*) FROM attention")


def test_what_was_answered_goes_with_the_dossier(ballance: Scene) -> None:
    close(ballance)
    attention.accept(ballance.practice, number(ballance), NOW)
    assert ballance.practice.database.value("SELECT count(*) FROM attention WHERE what = 'paper'") == 1
    ballance.run("UPDATE mails SET file = ''")
    gone(ballance)
    assert not ballance.practice.database.value("SELECT count(*) FROM attention")


def test_paper_that_waits_does_not_keep_a_quote_from_having_lapsed(dossier: Scene) -> None:
    dossier.practice.policy = POLICIES["ballance"]
    dossier.sent(on(11, 2))
    dossier.settled("expired", on(12, 3))
    before = dossier.held()["client"].life
    close(dossier)
    assert asked(dossier)
    assert {str(event) for event in before.events} <= {str(event) for event in dossier.held()["client"].life.events}


def test_the_command_says_that_paper_waits_for_her(
    composed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = copied(composed, tmp_path)
    made.change("^policy: kleur", "policy: ballance")
    monkeypatch.setenv("PIPELINE_PRACTICE", str(made.folder))
    reference = str(made.rows("SELECT reference FROM dossiers")[0][0])
    assert main(["close", reference]) == 0
    assert "Er wacht iets op u: papier dat moet worden vernietigd" in capsys.readouterr().out
    (asked,) = made.rows("SELECT number FROM attention")
    assert main(["attention", "accept", str(asked[0])]) == 0
    assert f"u verklaart dat het papier van {reference} is vernietigd" in capsys.readouterr().out
