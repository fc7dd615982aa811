"""The daily note: at most one a day, about what was news, to the practice's own address, and a head to keep."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from pipeline.edges.ledger import record, verify
from pipeline.policy.policy import shipped_policies
from tests.cli.commands import Typing
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.prepared import by_hand, reference
from tests.promises.papers import read
from tests.world import CLIENT, SPONSOR, World, client_file

OWN = "marjan@delinde.example"
MONDAY = datetime(2026, 11, 2, 9, tzinfo=UTC)


@pytest.fixture
def noting(sending: World) -> World:
    """Give a practice that sends its daily note, after a Monday on which a quote went out."""
    sending.change("^daily_note: no", "daily_note: yes")
    sending.change("^  at_most: 2", "  at_most: 0")
    sending.drop(client_file(more="goal: Rust na de scheiding\n", sponsor=SPONSOR))
    sending.work(lambda: MONDAY)
    return sending


def on(day: int, hour: int = 9) -> datetime:
    """Give a moment on that day of November."""
    return datetime(2026, 11, day, hour, tzinfo=UTC)


@dataclass(frozen=True)
class Note:
    """A note as its reader sees it, and its bytes."""

    text: str
    subject: str
    to: str
    raw: bytes


def notes(server: ScriptedSmtp) -> list[Note]:
    """Give the notes that were accepted."""
    found = [(mail.raw, read(mail.raw)) for mail in server.accepted if list(mail.recipients) == [OWN]]
    return [Note(one.plain, dict(one.headers)["Subject"], dict(one.headers)["To"], raw) for raw, one in found]


def entries(world: World) -> list[dict[str, str]]:
    return [json.loads(str(row[0])) for row in world.rows("SELECT entry FROM ledger ORDER BY number")]


def test_the_day_itself_brings_no_note_and_the_next_morning_brings_one(noting: World, server: ScriptedSmtp) -> None:
    noting.work(lambda: MONDAY + timedelta(hours=8))
    assert notes(server) == []
    assert "the daily note is composed" in noting.work(lambda: on(3, 7))
    (note,) = notes(server)
    ref = reference(noting)
    for line in (
        "Sinds 2 november 2026 gebeurde dit:", f"Dossiers geopend: 1 ({ref})", f"Mails verstuurd: 2 ({ref})",
        "Er wacht niets op u.", "De komende twee weken wordt er niets gewist.",
    ):  # fmt: skip
        assert line in note.text
    assert note.subject == "Praktijk De Linde: wat er gebeurde, 3 november 2026"


def test_the_first_moment_of_the_next_day_counts_by_the_clock_of_the_practice(
    noting: World, server: ScriptedSmtp
) -> None:
    noting.work(lambda: datetime(2026, 11, 2, 22, 59, tzinfo=UTC))  # a minute to midnight in Utrecht
    assert notes(server) == []
    noting.work(lambda: datetime(2026, 11, 2, 23, 0, tzinfo=UTC))
    assert len(notes(server)) == 1


def test_there_is_one_a_day_however_often_the_program_looks_and_none_of_a_note(
    noting: World, server: ScriptedSmtp
) -> None:
    for day in range(3, 12):
        for hour in (7, 12, 22):
            noting.work(lambda day=day, hour=hour: on(day, hour))  # type: ignore[misc]  # bound now
    assert len(notes(server)) == 1
    after = len(entries(noting))
    noting.work(lambda: on(20))
    assert len(entries(noting)) == after and len(notes(server)) == 1


def test_what_comes_after_a_note_is_told_by_the_next_and_nothing_twice(noting: World, server: ScriptedSmtp) -> None:
    noting.work(lambda: on(3))
    noting.drop(client_file("Tim de Wit", "tim@home.example"), "tim.yaml")
    noting.work(lambda: on(3, 15))
    noting.work(lambda: on(9))  # the laptop slept
    first, second = notes(server)
    assert "Dossiers geopend: 1" in first.text and "Dossiers geopend: 1" in second.text
    assert reference_of(noting, 2) in second.text and reference_of(noting, 1) not in second.text
    assert "Sinds 3 november 2026" in second.text and "Mails verstuurd: 1" in second.text


def reference_of(world: World, number: int) -> str:
    return str(world.rows("SELECT reference FROM dossiers ORDER BY rowid")[number - 1][0])


def test_it_can_be_switched_off(noting: World, server: ScriptedSmtp) -> None:
    noting.change("^daily_note: yes", "dagbericht: nee")
    noting.work(lambda: on(3))
    assert notes(server) == []


def test_it_names_nobody_not_even_in_what_waits(noting: World, server: ScriptedSmtp) -> None:
    ref, bounced = reference(noting), [["bounced", {"party": "client", "said": f"<{CLIENT}> unknown"}]]
    by_hand(
        noting, "INSERT INTO attention (what, dossier, reasons, state, opened_at) VALUES ('bounce', ?, ?, 'open', ?)",
        ref, json.dumps(bounced), MONDAY.isoformat(),
    )  # fmt: skip
    for category, due in (("goal", "2026-11-10"), ("contact", "2026-11-30")):
        by_hand(
            noting, "INSERT INTO erasures (dossier, category, part, rules, clauses, due, gone_by, ending, state,"
            " planned_at, veto_until) VALUES (?, ?, '', 'kleur.general', 'K-12', ?, ?, 'delete', 'planned', ?, ?)",
            ref, category, due, due, MONDAY.isoformat(), due,
        )  # fmt: skip
    noting.work(lambda: on(3))
    (note,) = notes(server)
    assert f"1  {ref}  een mail is niet aangekomen" in note.text
    assert f"10 november 2026, {ref}: " in note.text and "(K-12)" in note.text and "30 november" not in note.text
    told = note.raw.decode("utf-8", "replace").casefold()
    assert [word for word in ("sanne", "jansen", "peter", "scheiding", CLIENT, SPONSOR) if word in told] == []


def test_the_head_in_the_note_is_an_anchor_against_the_ledger_being_cut_or_made_anew(
    noting: World, server: ScriptedSmtp
) -> None:
    noting.work(lambda: on(3))
    line = next(line for line in notes(server)[0].text.splitlines() if line.startswith("Het logboek: "))
    number, head = int(line.split()[2]), line.split()[-1]
    rows = [
        (int(str(n)), str(entry), str(link)) for n, entry, link in noting.rows("SELECT * FROM ledger ORDER BY number")
    ]
    assert rows[number - 1][2].startswith(head) and len(head) == 32
    assert verify(rows, head) == [] and verify(rows[:number], head) == []
    assert verify(rows[: number - 1]) == [] and verify(rows[: number - 1], head) != []


def test_the_command_in_the_note_works_as_it_stands_there(
    noting: World, server: ScriptedSmtp, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    noting.work(lambda: on(3))
    command = next(line for line in notes(server)[0].text.splitlines() if line.startswith("pipeline ledger verify"))
    assert Typing(noting, capsys, monkeypatch)(*command.split()[1:]).code == 0


def test_it_goes_to_the_practices_own_address_and_nowhere_else(noting: World, server: ScriptedSmtp) -> None:
    noting.work(lambda: on(3))
    ((to, kinds, party, dossier),) = noting.rows(
        "SELECT recipient, kinds, party, dossier FROM messages WHERE purpose = 'daily'"
    )
    assert (to, kinds, party, dossier) == (OWN, "", "coach", None)
    assert notes(server)[0].to == OWN


@pytest.mark.parametrize(
    "forged", ["recipient = 'thief@x.example'", "party = 'client'", "round = round + 1", "kinds = 'quote'"]
)
def test_a_note_whose_row_was_changed_does_not_leave(noting: World, server: ScriptedSmtp, forged: str) -> None:
    server.at("connect", "421 later")
    noting.work(lambda: on(3))
    assert noting.rows("SELECT state FROM messages WHERE purpose = 'daily'") == [("queued",)]
    by_hand(noting, f"UPDATE messages SET {forged} WHERE purpose = 'daily'")
    server.behave()
    noting.work(lambda: on(3, 20))
    assert noting.rows("SELECT state FROM messages WHERE purpose = 'daily'") == [("refused",)]
    assert all(OWN not in mail.recipients for mail in server.accepted)


def test_a_note_that_may_not_have_arrived_is_not_repeated_and_the_next_one_takes_its_place(
    noting: World, server: ScriptedSmtp
) -> None:
    server.at("dot", drop="reset", accept=True, times=1)
    noting.work(lambda: on(3))
    assert noting.rows("SELECT state FROM messages WHERE purpose = 'daily'") == [("in_doubt",)]
    noting.drop(client_file("Tim de Wit", "tim@home.example"), "tim.yaml")
    noting.work(lambda: on(3, 15))
    noting.work(lambda: on(4))
    assert noting.rows("SELECT state FROM messages WHERE purpose = 'daily' ORDER BY rowid") == [
        ("superseded",), ("accepted",),
    ]  # fmt: skip


def test_a_note_that_was_made_and_not_queued_is_made_again_as_the_same_mail(
    noting: World, server: ScriptedSmtp
) -> None:
    server.at("connect", "421 later")
    noting.work(lambda: on(3))
    ((token,),) = noting.rows("SELECT token FROM messages WHERE purpose = 'daily'")
    by_hand(noting, "DELETE FROM messages WHERE purpose = 'daily'")  # as if the power went before the row was there
    by_hand(noting, "DELETE FROM settings WHERE name = 'daily note'")
    server.behave()
    noting.work(lambda: on(3, 12))
    assert noting.rows("SELECT token, state FROM messages WHERE purpose = 'daily'") == [(token, "accepted")]
    assert len(notes(server)) == 1


def test_a_clock_that_is_put_back_brings_no_second_note_of_a_day(noting: World, server: ScriptedSmtp) -> None:
    noting.work(lambda: on(3))
    with noting.opened() as practice, practice.database.transaction():
        record(practice.database, on(2), "attested")
    noting.work(lambda: on(4))
    frozen = {
        str(t): (noting.folder / f"storage/outbox/{t}.eml").read_bytes()
        for (t,) in noting.rows("SELECT token FROM messages")
    }
    with noting.opened() as practice, practice.database.transaction():
        record(practice.database, on(2), "attested")
    noting.work(lambda: on(3))
    assert len(notes(server)) == 2
    assert frozen == {t: (noting.folder / f"storage/outbox/{t}.eml").read_bytes() for t in frozen}


@pytest.mark.parametrize("policy", shipped_policies())
def test_it_goes_under_every_policy(noting: World, server: ScriptedSmtp, policy: str) -> None:
    noting.change("^policy: kleur", f"policy: {policy}")
    noting.change('^  version: "2026-11"', f'  version: "{policy}"')
    noting.work(lambda: on(3))
    assert len(notes(server)) == 1


def test_status_shows_a_note_that_does_not_get_away(noting: World, server: ScriptedSmtp) -> None:
    from tests.outgoing.prepared import lines

    server.at("connect", "421 later")
    noting.work(lambda: on(3))
    (line,) = [one for one in lines(noting, lambda: on(4)) if one.what == "daily note"]
    assert (line.reference, line.state, line.attention) == ("-", "queued", True)


def test_an_older_database_learns_of_mail_without_a_dossier_and_keeps_what_it_has(noting: World) -> None:
    import sqlite3

    from pipeline.edges.database import Database
    from pipeline.edges.migrations import MIGRATIONS

    path = noting.folder.parent / "older.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as older:
        older.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY) STRICT")
        for name in ("outgoing", "incoming"):
            for statement in MIGRATIONS[name]:
                older.execute(statement)
            older.execute("INSERT INTO migrations VALUES (?)", (name,))
        older.execute("INSERT INTO dossiers VALUES ('K7Q4-MX2P', 'k', '2026-0001', '2026')")
        older.execute("INSERT INTO requests VALUES ('K7Q4-MX2P', 1, 's', '{}', 'composed', NULL, '2026')")
        older.execute(
            "INSERT INTO messages (token, dossier, revision, party, kinds, recipient, message_id, sha256, state,"
            " next_at, queued_at, copy_state) VALUES ('t', 'K7Q4-MX2P', 1, 'client', 'quote', 'a@b.example', '<t>',"
            " 's', 'accepted', '2026', '2026', 'none')"
        )
    with closing(Database(path)) as database:
        (row,) = database.rows("SELECT * FROM messages")
        assert (row["token"], row["dossier"], row["purpose"], row["state"]) == (
            "t",
            "K7Q4-MX2P",
            "documents",
            "accepted",
        )
        with pytest.raises(sqlite3.IntegrityError, match="CHECK"):
            database.run("UPDATE messages SET dossier = NULL")
        with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY"):
            database.run("UPDATE messages SET dossier = 'ZZZZ-ZZZZ'")
