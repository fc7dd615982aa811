"""What a dropped file becomes: a dossier, a revision, nothing new, or a note beside it (P1, P2, P3, D5)."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.outgoing.opening import intake
from pipeline.outgoing.sending import outbox
from pipeline.retention import closing
from pipeline.worker import utc_now
from tests.faults.scripted import ScriptedSmtp
from tests.world import CLIENT, SPONSOR, World, client_file

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def ignore(_told: str) -> None:
    """Hear what is told and do nothing."""


def take_in(world: World, *files: str) -> None:
    """Drop files one after another, each taken in before the next."""
    with world.opened() as practice:
        for number, text in enumerate(files):
            world.drop(text, f"{number}.yaml")
            intake.take_in(practice, NOW, ignore)


def renamed(name: str, formerly: str, dossier: str) -> str:
    """Give the file of a client who had another name."""
    person = f"{{name: {name}, formerly: {formerly}, email: {CLIENT}}}"
    return f"client: {person}\nprogramme: kort\ndossier: {dossier}\n"


def requests(world: World) -> list[tuple[object, ...]]:
    return world.rows("SELECT revision, state FROM requests ORDER BY dossier, revision")


def references(world: World) -> list[str]:
    return [str(row[0]) for row in world.rows("SELECT reference FROM dossiers ORDER BY rowid")]


def left(world: World) -> list[str]:
    return sorted(path.name for path in world.drop_folder.iterdir())


def test_the_same_file_under_two_names_is_one_request(world: World) -> None:
    take_in(world, client_file(), client_file(), client_file())
    assert requests(world) == [(1, "accepted")] and left(world) == []


def test_the_same_file_dropped_again_after_it_was_sent_sends_nothing(sending: World, server: ScriptedSmtp) -> None:
    for name in ("a.yaml", "b.yaml"):
        sending.drop(client_file(), name)
        sending.work()
    assert len(server.accepted) == 1 and left(sending) == []


def test_an_edited_file_is_a_revision_that_takes_the_place_of_what_waits(sending: World, server: ScriptedSmtp) -> None:
    sending.change("^  send: automatic.*", "  send: after_release")
    for more in ("goal: a\n", "goal: b\n"):
        sending.drop(client_file(sponsor=SPONSOR, more=more))
        sending.work()
    assert sending.states() == ["superseded", "superseded", "held", "held"]
    with sending.opened() as practice:
        outbox.release(practice, references(sending)[0], utc_now())
    sending.work()
    assert [mail.recipients for mail in server.accepted] == [(SPONSOR,), (CLIENT,)]
    assert sending.states() == ["superseded", "superseded", "accepted", "accepted"]


def test_a_revision_of_what_was_sent_lets_the_earlier_obligations_lapse(sending: World, server: ScriptedSmtp) -> None:
    for more in ("goal: a\n", "goal: b\n"):
        sending.drop(client_file(more=more))
        sending.work()
    assert len(server.accepted) == 2
    assert sending.rows("SELECT version, kind, state FROM obligations ORDER BY version, kind") == [
        (1, "consent", "superseded"), (1, "quote", "superseded"), (2, "consent", "awaited"), (2, "quote", "awaited"),
    ]  # fmt: skip


def test_a_couple_with_one_address_has_two_dossiers(world: World) -> None:
    take_in(world, client_file("Ann"), client_file("Bob"), client_file("Ann", more="goal: x\n"), client_file(" bob "))
    assert len(references(world)) == 2
    assert world.rows("SELECT count(*) FROM requests GROUP BY dossier ORDER BY dossier") == [(2,), (2,)]


def test_a_dossier_that_is_named_gets_the_revision_also_under_a_new_address(world: World) -> None:
    take_in(world, client_file())
    mine = f"dossier: {references(world)[0]}\n"
    take_in(world, client_file(email="new@home.example", more=mine))
    assert len(references(world)) == 1 and [row[0] for row in requests(world)] == [1, 2]


def test_of_several_dossiers_of_one_client_the_last_opened_goes_on(world: World) -> None:
    take_in(world, client_file("Ann"), client_file("Bob"))
    first, second = references(world)
    take_in(world, renamed("Ann", "Bob", second), client_file("Ann", more="goal: b\n"))
    counts = world.rows("SELECT dossier, count(*) FROM requests GROUP BY dossier")
    assert sorted(counts) == sorted([(first, 1), (second, 3)])


@pytest.mark.parametrize(("formerly", "revisions"), [("Ann Jansen", 2), ("ann  JANSEN", 2), ("Bob", 1)])
def test_a_client_who_has_another_name_now_keeps_the_dossier_when_the_earlier_one_is_said(
    world: World, formerly: str, revisions: int
) -> None:
    take_in(world, client_file("Ann Jansen"))
    take_in(world, renamed("Ann de Wit", formerly, references(world)[0]))
    assert [row[0] for row in requests(world)] == list(range(1, revisions + 1))


def test_an_unknown_dossier_is_refused_with_the_ones_there_are(world: World) -> None:
    take_in(world, client_file(), client_file("Bob", more="dossier: 0000-0000\n"))
    note = world.note("1.yaml") or ""
    assert (
        f"er is geen dossier 0000-0000; haal de regel weg voor een nieuw dossier. Open dossiers: {references(world)[0]}"
        in note
    )
    assert left(world) == ["1.yaml", "1.yaml.LEESMIJ.txt"] and len(requests(world)) == 1


def test_another_clients_dossier_is_refused(world: World) -> None:
    take_in(world, client_file())
    take_in(world, client_file("Bob", "bob@other.example", more=f"dossier: {references(world)[0]}\n"))
    assert f"dossier {references(world)[0]} is van een andere client" in (world.note("0.yaml") or "")
    assert len(requests(world)) == 1


def test_a_partners_dossier_is_refused_where_both_have_one(world: World) -> None:
    take_in(world, client_file("Ann"), client_file("Bob"))
    take_in(world, client_file("Bob", more=f"goal: of Bob\ndossier: {references(world)[0]}\n"))
    assert world.rows("SELECT count(*) FROM requests GROUP BY dossier ORDER BY dossier") == [(1,), (1,)]


def test_a_wrong_dossier_is_said_where_it_stands(world: World) -> None:
    take_in(world, client_file(more="dossier: 0000-0000\n"))
    assert "0.yaml:3:1: er is geen dossier" in (world.note("0.yaml") or "")


@pytest.mark.parametrize("text", ['a: "\\U00110000"', 'lines: [{vat: "\\ud800"}]', '"[key]": 1'])
def test_a_file_that_breaks_the_reader_gets_a_note_and_shows_in_the_status(world: World, text: str) -> None:
    with world.opened() as practice:
        world.drop(text)
        world.drop(client_file(), "zz.yaml")
        intake.take_in(practice, NOW, ignore)
    assert len(requests(world)) == 1
    assert world.note()


def test_a_programme_that_left_the_catalogue_is_said_before_it_is_forgotten(world: World) -> None:
    take_in(world, client_file())
    world.change(r"^  kort:\n(?:    .*\n)*", "")
    world.small_templates()
    world.work()
    assert requests(world) == [(1, "failed")]


def test_what_was_dropped_is_kept_as_it_was_typed(world: World) -> None:
    text = "# mijn aantekening\r\n" + client_file().replace("\n", "\r\n")
    take_in(world, text)
    reference = references(world)[0]
    kept = Path(world.folder, "storage", "dossiers", reference, f"{reference}-client-v1.yaml")
    assert kept.read_bytes() == text.encode()


def test_a_note_names_every_problem_and_the_file_stays(world: World) -> None:
    take_in(world, "klant: {naam: S, e-mail: x, schoen: 4}\nprogramma: lang\n")
    assert (world.note("0.yaml") or "").count("0.yaml:1:") == 2
    assert left(world) == ["0.yaml", "0.yaml.LEESMIJ.txt"] and references(world) == []


# What is dropped for a coaching that is over


def closed(world: World, reference: str) -> None:
    """Close a dossier, as the coach does."""
    with world.opened() as practice:
        closing.close(practice, reference, NOW)


def dropped(world: World, text: str) -> str | None:
    """Drop a file and let the program, started anew, look twice; gives the note beside it."""
    world.drop(text)
    with world.opened() as practice:
        for _ in range(2):
            intake.take_in(practice, NOW, ignore)
    return world.note()


def accepted_of(world: World) -> list[tuple[object, object]]:
    """Give what was ever taken in, by the ledger: into which dossier, and the seal of its bytes."""
    entries = [json.loads(str(entry)) for (entry,) in world.rows("SELECT entry FROM ledger ORDER BY number")]
    return [(entry["dossier"], entry["seal"]) for entry in entries if entry["event"] == "request.accepted"]


def test_the_very_file_of_a_coaching_that_is_over_begins_nothing_until_something_in_it_differs(world: World) -> None:
    take_in(world, client_file())
    (first,) = references(world)
    closed(world, first)
    note = dropped(world, client_file())
    assert note is not None and f"precies dit bestand hoorde bij dossier {first}, en dat is voorbij" in note
    assert references(world) == [first] and requests(world) == [(1, "accepted")]
    assert dropped(world, client_file() + "# tweede coaching\n") is None
    assert len(references(world)) == 2 and left(world) == []


@pytest.mark.parametrize(
    "erased",
    [
        ["UPDATE requests SET sha256 = '', facts = json_remove(facts, '$.sponsor')"],
        ["UPDATE requests SET sha256 = '', facts = '{}'", "UPDATE dossiers SET client_key = ''"],
        ["DELETE FROM events", "DELETE FROM requests", "DELETE FROM dossiers"],
    ],
    ids=["a part", "the client", "the dossier"],
)
def test_what_lies_there_begins_nothing_when_the_first_coaching_is_erased(world: World, erased: list[str]) -> None:
    take_in(world, client_file())
    closed(world, references(world)[0])
    world.drop(client_file())
    with world.opened() as practice:
        intake.take_in(practice, NOW, ignore)
        for sql in erased:
            practice.database.run(sql)
        intake.take_in(practice, NOW, ignore)
    assert world.note() is not None and len(accepted_of(world)) == 1


def test_what_lies_there_of_the_first_coaching_is_no_version_of_the_second(world: World) -> None:
    take_in(world, client_file(more="goal: a\n"))
    closed(world, references(world)[0])
    world.drop(client_file(more="goal: a\n"), "old.yaml")
    assert dropped(world, client_file(more="goal: b\n")) is None
    assert requests(world) == [(1, "accepted")] * 2 and left(world) == ["old.yaml", "old.yaml.LEESMIJ.txt"]


def test_a_file_that_names_a_coaching_that_is_over_says_how_to_begin_a_second_or_go_on_with_it(world: World) -> None:
    take_in(world, client_file())
    (first,) = references(world)
    closed(world, first)
    text = client_file(more=f"goal: b\ndossier: {first}\n")
    note = dropped(world, text)
    assert note is not None and f"jansen.yaml:4:1: dossier {first} is afgesloten" in note
    assert f"pipeline close {first} --reopen" in note and len(requests(world)) == 1
    with world.opened() as practice:
        closing.reopen(practice, first, NOW)
    assert dropped(world, text) is None and references(world) == [first] and len(requests(world)) == 2


def test_a_file_that_says_once_more_on_which_day_it_was_closed_is_not_taken_for_nothing(world: World) -> None:
    take_in(world, client_file())
    closed(world, references(world)[0])
    note = dropped(world, client_file(more="closed: 2026-11-22\n"))
    assert note is not None and "jansen.yaml:3:1: " in note and "is al afgesloten op deze dag" in note


DEEDS = st.lists(st.sampled_from(["a", "b", "c", "close", "reopen"]), min_size=3, max_size=8)


@given(deeds=DEEDS)
@example(["a", "close", "a", "reopen", "a"])
@example(["a", "close", "b", "a", "b", "close", "b"])
@settings(deadline=None, max_examples=6)
def test_no_bytes_ever_open_two_dossiers_and_no_file_goes_without_a_word(deeds: list[str]) -> None:
    with tempfile.TemporaryDirectory() as place:
        world = World(Path(place))
        with world.opened() as practice:
            for deed in deeds:
                newest = references(world)[-1:]
                over = bool(world.rows("SELECT 1 FROM events WHERE dossier = ?", *(newest or [""])))
                if deed in {"close", "reopen"}:
                    if newest and (deed == "close") is not over:
                        (closing.close if deed == "close" else closing.reopen)(practice, newest[0], NOW)
                    continue
                before = accepted_of(world)
                world.drop(client_file(more=f"goal: {deed}\n"), f"{deed}.yaml")
                intake.take_in(practice, NOW, ignore)
                told = accepted_of(world) != before or world.note(f"{deed}.yaml") is not None
                assert told or (not over and f"goal: {deed}" in newest_text(world))
        opened = {seal: {dossier for dossier, other in accepted_of(world) if other == seal}
                  for _, seal in accepted_of(world)}  # fmt: skip
        assert all(len(dossiers) == 1 for dossiers in opened.values())


def newest_text(world: World) -> str:
    """Give the newest file of the newest dossier, as it is kept."""
    ((dossier, revision),) = world.rows("SELECT dossier, revision FROM requests ORDER BY rowid DESC LIMIT 1")
    kept = world.folder / "storage" / "dossiers" / str(dossier) / f"{dossier}-client-v{revision}.yaml"
    return kept.read_text("utf-8")
