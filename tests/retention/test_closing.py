"""Closing is the coach's word: a day that can be, said once, changed only when she says so, and taken back."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from pipeline.cli import main
from pipeline.errors import UsageError
from pipeline.model import Kind
from pipeline.retention import closing
from pipeline.worker import utc_now
from tests.retention.scene import OPENED, Scene, copied, on, scene
from tests.world import World

NOW = on(6, 30, 2027)
TODAY = date(2027, 6, 30)


def stands(dossier: Scene) -> list[tuple[str, str]]:
    rows = dossier.practice.database.rows("SELECT event, day FROM events WHERE dossier = ?", dossier.reference)
    return [(row["event"], row["day"]) for row in rows]


def written(dossier: Scene) -> list[tuple[str, str | None]]:
    """Give what the ledger has about closing: event and day."""
    entries = [json.loads(row["entry"]) for row in dossier.practice.database.rows("SELECT entry FROM ledger")]
    wanted = ("dossier.closed", "dossier.reopened")
    return [(one["event"], one.get("day")) for one in entries if one["event"] in wanted]


def test_a_dossier_is_closed_today_and_the_ledger_has_it(dossier: Scene) -> None:
    assert closing.close(dossier.practice, dossier.reference, NOW) == TODAY
    assert stands(dossier) == [("closed", "2027-06-30")]
    assert written(dossier) == [("dossier.closed", "2027-06-30")]
    assert str(dossier.endings()["client"].term.due) == "2032-06-30"


@pytest.mark.parametrize("day", [OPENED, OPENED + timedelta(days=1), TODAY])
def test_it_can_be_closed_on_any_day_from_its_opening_until_today(dossier: Scene, day: date) -> None:
    assert closing.close(dossier.practice, dossier.reference, NOW, day) == day
    assert stands(dossier) == [("closed", day.isoformat())]


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (OPENED - timedelta(days=1), "geopend op 2 november 2026"),
        (TODAY + timedelta(days=1), "1 juli 2027 is nog niet"),
    ],
)
def test_a_day_on_which_it_cannot_have_been_closed_is_refused(dossier: Scene, day: date, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        closing.close(dossier.practice, dossier.reference, NOW, day)
    assert stands(dossier) == [] and written(dossier) == []


def test_closing_again_the_same_day_changes_nothing(dossier: Scene) -> None:
    closing.close(dossier.practice, dossier.reference, NOW)
    assert closing.close(dossier.practice, dossier.reference, NOW) == TODAY
    assert closing.close(dossier.practice, dossier.reference, NOW, TODAY) == TODAY
    assert written(dossier) == [("dossier.closed", "2027-06-30")]


def test_closing_again_later_says_what_stands_and_changes_it_only_when_the_day_is_said(dossier: Scene) -> None:
    closing.close(dossier.practice, dossier.reference, NOW)
    with pytest.raises(UsageError, match=r"al afgesloten op 30 juni 2027.*--on"):
        closing.close(dossier.practice, dossier.reference, NOW + timedelta(days=9))
    assert stands(dossier) == [("closed", "2027-06-30")]
    later = TODAY + timedelta(days=3)
    assert closing.close(dossier.practice, dossier.reference, NOW + timedelta(days=9), later) == later
    assert stands(dossier) == [("closed", "2027-07-03")]
    assert written(dossier) == [("dossier.closed", "2027-06-30"), ("dossier.closed", "2027-07-03")]


def test_a_closing_is_taken_back_and_all_waits_again(dossier: Scene) -> None:
    dossier.returned(Kind.QUOTE, on(11, 9))
    before = dossier.endings()
    closing.close(dossier.practice, dossier.reference, NOW)
    closing.reopen(dossier.practice, dossier.reference, NOW)
    assert stands(dossier) == [] and dossier.endings() == before
    assert written(dossier)[-1] == ("dossier.reopened", None)


def test_what_is_not_closed_cannot_be_taken_back(dossier: Scene) -> None:
    with pytest.raises(UsageError, match="niet afgesloten"):
        closing.reopen(dossier.practice, dossier.reference, NOW)
    assert written(dossier) == []


@pytest.fixture
def world(composed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Give a practice to type commands about; its dossier was opened a year ago."""
    made = copied(composed, tmp_path)
    monkeypatch.setenv("PIPELINE_PRACTICE", str(made.folder))
    with scene(made) as opened:
        opened.run("UPDATE dossiers SET opened_at = ?", (utc_now() - timedelta(days=365)).isoformat())
    return made


def test_the_command_says_what_goes_when_and_by_which_clause(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:  # fmt: skip
    reference = str(world.rows("SELECT reference FROM dossiers")[0][0])
    day = (utc_now() - timedelta(days=30)).date()
    assert main(["close", reference.lower(), "--on", day.isoformat()]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{reference} is afgesloten op {day.day} ")
    assert f" {day.year + 5} gaat weg: naam en contactgegevens, " in said.replace("\n", " ")
    assert "kleur.general (K-12)" in said.replace("\n", " ")
    assert all(len(line) <= 80 for line in said.splitlines())
    assert main(["close", reference, "--reopen"]) == 0
    assert "wacht op de afsluiting van de coaching" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize(
    ("typed", "said"), [(["--on", "30-06-2027"], "schrijf hem als 2027-06-30"), (["--reopen"], "niet afgesloten")]
)
def test_what_cannot_be_carried_out_is_said_in_one_line(
    world: World, capsys: pytest.CaptureFixture[str], typed: list[str], said: str
) -> None:
    reference = str(world.rows("SELECT reference FROM dossiers")[0][0])
    assert main(["close", reference, *typed]) == 64
    assert said in capsys.readouterr().err
    assert main(["close", "XXXX-9999"]) == 64
    assert reference in capsys.readouterr().err
