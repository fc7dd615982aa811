"""Everything that is held is passed over once a day, and at once when something has changed that moves a term."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline import attention
from pipeline.model import HoldKind, Kind
from pipeline.policy.period import Period
from pipeline.policy.schema.base import Category
from pipeline.retention import closing, holds, lookout, planning
from tests.retention.scene import Scene
from tests.retention.test_holds import EVERY, at, look, planned, with_rules

DUE = date(2026, 12, 20)
NOW, LATER = at(12, 8), at(12, 8, 9)


@pytest.fixture
def due(dossier: Scene) -> Scene:
    """A dossier that must go on DUE, five years after it was closed, and whose quote is awaited."""
    dossier.sent(at(11, 2))
    dossier.told("closed", DUE.replace(year=2021).isoformat())
    dossier.mail(at(11, 3))
    dossier.asked("request", mail=dossier.mail(at(11, 4)))
    return dossier


def made_anew(scene: Scene, now: datetime) -> bool:
    """Tell whether the plan is made anew at a moment, or taken to be what it was."""
    stands = lookout.stands(scene.practice, lookout.sign(scene.practice, now), now)
    planning.announce(scene.practice, now)
    return not stands


def test_a_day_on_which_nothing_happens_has_one_plan_and_the_next_day_another(due: Scene) -> None:
    minutes = [NOW + timedelta(minutes=number) for number in range(5)]
    assert [made_anew(due, now) for now in minutes] == [True, False, False, False, False]
    look(due, NOW + timedelta(minutes=6))
    assert not made_anew(due, NOW + timedelta(minutes=7))
    assert made_anew(due, NOW + timedelta(days=1))


def test_a_plan_of_a_moment_that_has_yet_to_come_is_made_anew(due: Scene) -> None:
    planning.announce(due.practice, LATER)
    assert made_anew(due, NOW)


def edited(scene: Scene, **changed: object) -> None:
    """Have practice.yaml say something else."""
    scene.practice.file = scene.practice.file.model_copy(update=changed)


def dropped(scene: Scene) -> None:
    """Have a client file lie in the drop folder that was refused."""
    (scene.practice.drop.root / "no.yaml").write_text("client: nobody\n", "utf-8")


def by_another(scene: Scene) -> None:
    """Have another process close the dossier, as `pipeline close` does while the worker runs."""
    with sqlite3.connect(scene.practice.database.path) as other:
        other.execute("UPDATE events SET day = '2021-12-24'")
    other.close()


def answered(scene: Scene) -> None:
    (one,) = attention.waiting(scene.practice)
    attention.accept(scene.practice, one.number, NOW)


# Everything that a person, another program or a road can change, each after the one before it.
CHANGES: dict[str, Callable[[Scene], object]] = {
    "it is closed on another day": lambda of: closing.close(of.practice, of.reference, NOW, date(2026, 12, 1)),
    "it is closed by another process": by_another,
    "a hold is placed": lambda of: holds.place(of.practice, of.reference, HoldKind.HOLD, "a dispute", NOW),
    "a kind of it is held": lambda of: holds.place(
        of.practice, of.reference, HoldKind.HOLD, "a dispute", NOW, category=Category.GOAL
    ),
    "a restriction is placed": lambda of: holds.place(of.practice, of.reference, HoldKind.RESTRICTED, "asked", NOW),
    "a mail comes": lambda of: of.mail(NOW),
    "a mail that is nobody's comes": lambda of: of.mail(NOW, filed=False, state="left"),
    "a mail is found to be hers": lambda of: of.run("UPDATE mails SET dossier = NULL"),
    "a mail turns out to be no letter": lambda of: of.run("UPDATE mails SET nature = 'bounce'"),
    "a question is answered": answered,
    "something is asked": lambda of: of.asked("withdrawal", dossier=of.reference),
    "a signed paper is booked": lambda of: of.returned(Kind.QUOTE, NOW),
    "a consent is given": lambda of: of.run(
        "INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, came_at, at)"
        " VALUES (?, 'coaching', 1, '', '', 'mail', 1, ?, ?)", of.reference, NOW.isoformat(), NOW.isoformat(),
    ),
    "her quote is accepted": lambda of: of.settled("fulfilled", NOW),
    "her quote lapses": lambda of: of.settled("expired", NOW),
    "a mail goes out": lambda of: of.run("UPDATE messages SET accepted_at = ?", NOW.isoformat()),
    "an invoice is written": lambda of: of.invoice("2026-0001", "2026-12-01", rest="{}"),
    "a new version of her file comes": lambda of: of.run(
        "INSERT INTO requests SELECT dossier, 2, sha256, facts, state, reason, accepted_at FROM requests"
    ),
    "a part is erased": lambda of: of.run("UPDATE requests SET facts = json_remove(facts, '$.goal')"),
    "a paper is printed again": lambda of: of.run("UPDATE documents SET written_at = ?", NOW.isoformat()),
    "it is opened again": lambda of: closing.reopen(of.practice, of.reference, NOW),
    "another dossier is opened": lambda of: of.run(
        "INSERT INTO dossiers VALUES ('BBBB-BBBB', '', '2026-999', ?)", NOW.isoformat()
    ),
    "a file lies in the drop folder": dropped,
    "the policy promises less": lambda of: setattr(
        of.practice, "policy", with_rules(of.practice.policy, promise=Period(years=4))
    ),
    "the statement has another version": lambda of: edited(
        of, statement=of.practice.file.statement.model_copy(update={"version": "2027-01"})
    ),
    "a version was in force from another day on": lambda of: of.run(
        "UPDATE settings SET value = ? WHERE name = 'statements in force'", '[["2026-11", "2026-10-02T09:00:00+00:00"]]'
    ),
    "the book year ends in another month": lambda of: edited(
        of, books=of.practice.file.books.model_copy(update={"year_ends": 6})
    ),
    "the practice moves to another zone": lambda of: edited(of, timezone="Pacific/Kiritimati"),
}  # fmt: skip


def test_whatever_moves_a_term_makes_the_plan_anew_at_once(due: Scene) -> None:
    look(due, NOW)
    for name, change in CHANGES.items():
        assert not made_anew(due, LATER), name
        change(due)
        assert made_anew(due, LATER), name


def test_a_hold_that_is_lifted_makes_the_plan_anew(due: Scene) -> None:
    holds.place(due.practice, due.reference, HoldKind.HOLD, "a dispute", NOW)
    planning.announce(due.practice, NOW)
    assert not made_anew(due, NOW) and planned(due) == set()
    holds.lift(due.practice, due.reference, LATER)
    assert made_anew(due, LATER) and planned(due) >= EVERY


def test_no_table_that_the_plan_is_made_of_goes_unwatched(due: Scene) -> None:
    read, said = set[str](), list[str]()

    def asked(deed: int, table: str | None, _column: str | None, _base: str | None, _by: str | None) -> int:
        if deed == sqlite3.SQLITE_READ and table:
            read.add(table)
        return sqlite3.SQLITE_OK

    line = due.practice.database._sql  # noqa: SLF001 - only the line itself tells what is read
    line.set_authorizer(asked)
    line.set_trace_callback(said.append)
    try:
        assert list(planning.endings(due.practice, DUE))
    finally:
        line.set_authorizer(None)
        line.set_trace_callback(None)
    assert {"dossiers", "mails", "events", "holds"} <= read
    assert read & lookout.UNWATCHED == {"settings"}
    of_settings = {name for sql in said if "settings" in sql for name in re.findall(r"name = '([^']*)'", sql)}
    assert of_settings == {"statements in force"}


def test_a_program_that_starts_again_makes_the_plan_anew(due: Scene) -> None:
    planning.announce(due.practice, NOW)
    with sqlite3.connect(due.practice.database.path) as other:
        assert not other.execute("SELECT 1 FROM sqlite_master WHERE name LIKE 'moved%' OR type = 'trigger' AND name"
                                 " NOT LIKE 'ledger%'").fetchall()  # fmt: skip
    other.close()
    assert not made_anew(due, NOW)


def test_what_is_about_to_go_is_looked_at_afresh_whatever_was_seen_to_change(due: Scene) -> None:
    """The last look before anything goes does not rest on the watch: here it is made to see nothing."""
    look(due, at(12, 5))
    holds.place(due.practice, due.reference, HoldKind.HOLD, "a dispute", at(12, 19))
    moment = datetime(2026, 12, 20, 8, tzinfo=UTC)
    lookout.note(due.practice, lookout.sign(due.practice, moment), moment - timedelta(hours=1))
    assert not made_anew(due, moment) and planned(due) >= EVERY
    assert look(due, moment, asked=True) == 0 and set(due.held()) >= EVERY


def test_a_plan_that_is_cut_short_by_a_stop_is_made_the_next_time(due: Scene) -> None:
    due.practice.stopping.set()
    assert planning.announce(due.practice, NOW) == 0 and planned(due) == set()
    due.practice.stopping.clear()
    assert planning.announce(due.practice, NOW) and planned(due) >= EVERY
