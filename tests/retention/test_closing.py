"""Closing is the coach's word: a day that can be, said once, changed only when she says so, and taken back."""

from __future__ import annotations

import json
import sqlite3
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli import main
from pipeline.errors import UsageError
from pipeline.incoming import consents
from pipeline.model import Kind
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event
from pipeline.retention import closing, forecast, receipts, timetable
from pipeline.worker import utc_now
from tests.policy.promises import POLICIES
from tests.retention.scene import OPENED, Scene, copied, on, scene
from tests.world import CLIENT, World

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


# Who agreed to stay in touch.


@pytest.fixture
def refleact(dossier: Scene) -> Scene:
    """A coaching under a policy by which name and address stay until she takes her consent to that back."""
    dossier.practice.policy = POLICIES["refleact"]
    dossier.returned(Kind.QUOTE, on(11, 9))
    dossier.run("UPDATE mails SET file = ''")  # no mailbox in these tests
    dossier.run("UPDATE documents SET boxes = ? WHERE kind = 'consent'", '{"keep_in_touch-yes": []}')
    return dossier


def says(dossier: Scene, *, yes: bool, at: datetime) -> None:
    """Have her agree to stay in touch, or take back all she agreed to."""
    number, form = dossier.mail(at), "SELECT * FROM documents WHERE kind = 'consent'"
    dossier.run("UPDATE mails SET file = ''")
    with dossier.practice.database.transaction():
        if yes:
            returned = {"dossier": dossier.reference, "kind": "consent", "version": 1, "mail": number}
            consents.record(dossier.practice, as_row(dossier, returned), {"keep_in_touch": True}, "boxes", at)
        else:
            consents.withdraw(dossier.practice, dossier.reference, number, at)
    assert dossier.practice.database.row(form)


def as_row(dossier: Scene, values: dict[str, object]) -> sqlite3.Row:
    asked = ", ".join(f"? AS {name}" for name in values)
    row = dossier.practice.database.row(f"SELECT {asked}", *values.values())
    assert row is not None
    return row


def live(dossier: Scene, *moments: datetime) -> None:
    for now in moments:
        timetable.keep_promises(dossier.practice, now, lambda _: None, asked=True)


def facts(dossier: Scene) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(dossier.practice.database.value("SELECT facts FROM requests"))
    return found


@pytest.mark.clause("R-Tr.6")
def test_of_who_agreed_to_stay_in_touch_name_and_address_stay_and_nothing_else(refleact: Scene) -> None:
    says(refleact, yes=True, at=on(11, 9))
    closing.close(refleact.practice, refleact.reference, NOW)
    live(refleact, on(7, 1, 2027), on(7, 7, 2027))
    assert facts(refleact)["client"] == {"name": "Sanne Jansen", "email": CLIENT}
    assert {one for one in facts(refleact) if facts(refleact)[one]} & {"sponsor", "goal", "lines"} == set()
    ((part, ending),) = refleact.endings().items()
    assert (part, ending.held.category, ending.term.rules) == (
        "client", Category.KEEP_IN_TOUCH, ("refleact.keep_in_touch",),
    )  # fmt: skip
    assert (ending.term.due, ending.term.waits_for, ending.term.alarm) == (None, (Event.WITHDRAWN,), None)
    (line,) = forecast.of_dossier(refleact.practice, refleact.reference, TODAY)
    assert "wacht op het intrekken van uw toestemming" in " ".join(forecast.sentence(line, "nl"))
    live(refleact, on(7, 6, 2060))
    assert facts(refleact)["client"]
    storage = refleact.practice.storage
    assert not storage.path(f"dossiers/{refleact.reference}").exists()
    receipt = json.loads(storage.read(receipts.file(refleact.reference)))
    assert [(one["part"], one["until"]) for one in receipt["kept"]] == [("client", None)]


def test_that_name_and_address_are_gone_is_not_claimed_while_they_stay(refleact: Scene) -> None:
    refleact.run("UPDATE requests SET facts = json_remove(facts, '$.client.phone')")  # nothing else to look for
    says(refleact, yes=True, at=on(11, 9))
    closing.close(refleact.practice, refleact.reference, NOW)
    live(refleact, on(7, 1, 2027), on(7, 7, 2027))
    assert grades(refleact, "client") == {"refleact.closed": "observed_absent"}
    says(refleact, yes=False, at=on(3, 4, 2029))
    live(refleact, on(3, 4, 2029), on(3, 11, 2029))
    assert grades(refleact, "client")["refleact.keep_in_touch"] == "unrecoverable_inside"


def grades(dossier: Scene, part: str) -> dict[str, str]:
    """Give with which grade a part was erased, by its rule."""
    entries = [json.loads(row["entry"]) for row in dossier.practice.database.rows("SELECT entry FROM ledger")]
    gone = [one for one in entries if one["event"] == "erasure.verified" and one["part"] == part]
    return {one["rules"]: one["grade"] for one in gone}


@pytest.mark.clause("R-Tr.6", "R-Re.4")
def test_once_she_takes_it_back_they_go_within_the_week_and_with_them_the_dossier(refleact: Scene) -> None:
    says(refleact, yes=True, at=on(11, 9))
    closing.close(refleact.practice, refleact.reference, NOW)
    live(refleact, on(7, 1, 2027), on(7, 7, 2027))
    says(refleact, yes=False, at=on(3, 4, 2029))
    ending = refleact.endings()["client"]
    assert (ending.term.due, ending.term.gone_by) == (date(2029, 3, 4), date(2029, 3, 11))
    live(refleact, on(3, 4, 2029), on(3, 11, 2029))
    for table in ("dossiers", "requests", "consents", "events"):
        assert not refleact.practice.database.value(f"SELECT count(*) FROM {table}")
    raw = b"".join(path.read_bytes() for path in refleact.practice.storage.root.rglob("*") if path.is_file())
    assert b"Sanne Jansen" not in raw and CLIENT.encode() not in raw


@pytest.mark.parametrize("said", [[], [False], [True, False]])
def test_without_her_standing_yes_all_goes_at_closing(refleact: Scene, said: list[bool]) -> None:
    for day, yes in enumerate(said, 9):
        says(refleact, yes=yes, at=on(11, day))
    closing.close(refleact.practice, refleact.reference, NOW)
    live(refleact, on(7, 1, 2027), on(7, 7, 2027))
    assert not refleact.practice.database.value("SELECT count(*) FROM dossiers")


def test_reopening_takes_back_that_name_and_address_would_stay(refleact: Scene) -> None:
    says(refleact, yes=True, at=on(11, 9))
    closing.close(refleact.practice, refleact.reference, NOW)
    assert stands(refleact) == [("closed", "2027-06-30"), ("consented", "2026-11-09")]
    closing.reopen(refleact.practice, refleact.reference, NOW)
    assert stands(refleact) == []


def test_a_policy_that_does_not_keep_until_withdrawn_keeps_nothing_for_it(refleact: Scene) -> None:
    says(refleact, yes=True, at=on(11, 9))
    for name in ("kleur", "ken-jezelf", "pluform", "ballance"):
        refleact.practice.policy = POLICIES[name]
        closing.close(refleact.practice, refleact.reference, NOW)
        assert stands(refleact) == [("closed", "2027-06-30")]
        closing.reopen(refleact.practice, refleact.reference, NOW)


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
