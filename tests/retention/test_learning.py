"""What was marked to learn from has no name in it, is cut off from its dossier at closing, and has its own end."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.errors import UsageError
from pipeline.model import HoldKind
from pipeline.policy.policy import Policy
from pipeline.policy.schema.base import Category
from pipeline.retention import closing, forecast, holds, learning, planning, pseudonyms, timetable
from pipeline.worker import utc_now
from tests.policy.promises import POLICIES
from tests.retention.scene import Scene, copied, on, scene
from tests.world import CLIENT, World

MARKED, CLOSED = on(2, 9, 2027), on(6, 30, 2027)
TEXT = f"""Gesprek met Sanne Jansen, teamleider bij Work.
SANNE's vraag: hoe zeg ik nee tegen peter de vries? Mail: {CLIENT.upper()}
Zij belde op +31 (0)6-12 34 56 78. Wat ik leerde: eerst de stilte, dan pas het model.
"""


@pytest.fixture
def open_dossier(dossier: Scene) -> Scene:
    """A coaching under a policy that pseudonymises what was marked."""
    dossier.practice.policy = POLICIES["refleact"]
    return dossier


def mark(scene: Scene, text: str = TEXT, now: datetime = MARKED) -> str:
    return learning.mark(scene.practice, scene.reference, text, now)[0]


def close(scene: Scene, now: datetime = CLOSED) -> None:
    closing.close(scene.practice, scene.reference, now)


def entries(scene: Scene) -> list[dict[str, str]]:
    return [json.loads(row[0]) for row in scene.practice.database.rows("SELECT entry FROM ledger ORDER BY number")]


def raw(scene: Scene) -> bytes:
    """Give every byte of the storage."""
    return b"\n".join(path.read_bytes() for path in scene.practice.storage.root.rglob("*") if path.is_file())


# What is taken out of a text.


def bare(text: str, *numbers: str, **people: dict[str, str]) -> str:
    return pseudonyms.without(text, pseudonyms.known([people], numbers))[0]


SANNE = {"name": "Sanne van der Berg-Jansen", "email": "sanne@home.example", "phone": "06 1234 5678"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sanne van der Berg-Jansen kwam.", "[client] kwam."),
        ("SANNE kwam met sanne.", "[client] kwam met [client]."),
        ("Sanne's man, Sannes kind", "[client] man, [client] kind"),
        ("mevrouw Jansen van der Linde", "mevrouw [client] van der Linde"),
        ("Sannette bleef, de berg niet: Berg", "Sannette bleef, de [client] niet: [client]"),
        ("schrijf sanne@home.example.", "schrijf [e-mail]."),
        ("bel 0612345678 of 06-1234 56 78", "bel [phone] of [phone]"),
        ("bel +31 6 12345678 of 0031(0)612345678", "bel [phone] of [phone]"),
        ("106123456789 is een ander getal", "106123456789 is een ander getal"),
        ("Er staat niets in.", "Er staat niets in."),
    ],
)
def test_a_known_name_becomes_a_code_and_nothing_else_does(text: str, expected: str) -> None:
    assert bare(text, client=SANNE) == expected


@pytest.mark.parametrize(
    ("written", "in_text"), [("Renée", "Renee"), ("Renee", "RENÉE"), ("Zoë", "Zoe\u0308"), ("O'Brien", "O\u2019Brien")]
)
def test_accents_and_the_shape_of_an_apostrophe_hide_no_name(written: str, in_text: str) -> None:
    assert bare(f"Met {in_text}, vandaag.", client={"name": written}) == "Met [client], vandaag."


def test_everybody_in_the_file_and_every_number_of_it_is_known() -> None:
    sponsor = {
        "organisation": "Gemeente Waterrijk", "contact": "Peter de Vries", "email": "p.devries@waterrijk.example",
        "address": "Kade 12, Waterrijk", "kvk": "83174926", "purchase_order": "PO-77",
    }  # fmt: skip
    text = (
        "Peter (Gemeente Waterrijk, Waterrijk) vroeg om PO-77 bij 83174926, Kade 12, Waterrijk;"
        " dossier K7Q4-MX2P, blad K7Q4-MX2P-1, de gemeente weet ervan."
    )
    assert bare(text, "K7Q4-MX2P", sponsor=sponsor) == (
        "[sponsor] ([organisation], [organisation]) vroeg om [number] bij [number], [address];"
        " dossier [reference], blad [reference]-1, de gemeente weet ervan."
    )


def test_a_name_of_an_earlier_version_of_the_file_is_known() -> None:
    patterns = pseudonyms.known([{"client": {"name": "Sanne Oud"}}, {"client": {"name": "Sanne Nieuw"}}], [])
    text, replaced = pseudonyms.without("Sanne Oud, later Nieuw, sanne", patterns)
    assert text == "[client], later [client], [client]"
    assert [(one.text, one.code, one.count) for one in replaced] == [
        ("Sanne Oud", "[client]", 1), ("Nieuw", "[client]", 1), ("sanne", "[client]", 1),
    ]  # fmt: skip


NAMES = st.text("aábcdeéëioöusz", min_size=2, max_size=8)
WORDS = st.lists(st.text("abcdeiouABCDE é-'.,\n", max_size=12), max_size=6).map(" ".join)


@given(NAMES, NAMES, WORDS, WORDS)
def test_of_any_name_no_whole_word_is_left_and_doing_it_twice_is_as_once(
    first: str, last: str, before: str, after: str
) -> None:
    assume(not {pseudonyms.folded(first), pseudonyms.folded(last)} & pseudonyms.NO_NAMES)
    patterns = pseudonyms.known([{"client": {"name": f"{first} {last}"}}], [])
    text, _ = pseudonyms.without(f"{before} {first.upper()} {after} {last} {before}", patterns)
    left = re.findall(r"\w+", pseudonyms.folded(text))
    assert not {pseudonyms.folded(first), pseudonyms.folded(last)} & set(left)
    assert pseudonyms.without(text, patterns) == (text, [])


@given(WORDS)
def test_a_text_in_which_nobody_is_known_stays_as_it_is(text: str) -> None:
    assert bare(text, client={"name": "Xandra Qwy"}) == pseudonyms.without(text, {})[0]


# Marking.


@pytest.mark.clause("R-Tr.4")
def test_what_is_marked_is_kept_without_names_under_a_code_that_says_nothing(open_dossier: Scene) -> None:
    code, replaced = learning.mark(open_dossier.practice, open_dossier.reference, TEXT, MARKED)
    assert re.fullmatch(r"[0-9A-Z]{10}", code) and open_dossier.reference not in code
    assert learning.read(open_dossier.practice, code.lower()) == (
        "Gesprek met [client], teamleider bij [organisation].\n"
        "[client] vraag: hoe zeg ik nee tegen [sponsor]? Mail: [e-mail]\n"
        "Zij belde op [phone]. Wat ik leerde: eerst de stilte, dan pas het model.\n"
    )
    assert {one.text for one in replaced} >= {"Sanne Jansen", "SANNE's", "peter de vries"}
    assert learning.cases_of(open_dossier.practice, open_dossier.reference) == [code]


def test_a_policy_that_does_not_speak_of_it_does_not_let_it_and_says_what_it_does_say(dossier: Scene) -> None:
    said = {"kleur": "K-12", "ken-jezelf": "J-4.4", "pluform": "P-1.2.6.7", "ballance": "B-10.1"}
    for name, clause in said.items():
        dossier.practice.policy = POLICIES[name]
        with pytest.raises(UsageError, match=f"belooft niet.*{re.escape(clause)}"):
            mark(dossier)
    assert learning.cases(dossier.practice) == []


def test_a_policy_that_gives_it_no_end_does_not_let_it(open_dossier: Scene) -> None:
    policy: Policy = POLICIES["refleact"]
    rules = [rule for rule in policy.retention if Category.LEARNING not in rule.covers]
    open_dossier.practice.policy = policy.model_copy(update={"retention": rules})
    with pytest.raises(UsageError, match="zegt niet hoe lang een casus blijft"):
        mark(open_dossier)


@pytest.mark.clause("R-Tr.4", "R-Re.6")
def test_after_closing_nothing_can_be_marked(open_dossier: Scene) -> None:
    close(open_dossier)
    with pytest.raises(UsageError, match="is afgesloten"):
        mark(open_dossier)


def test_what_may_not_be_used_cannot_be_marked(open_dossier: Scene) -> None:
    holds.place(open_dossier.practice, open_dossier.reference, HoldKind.RESTRICTED, "zij vraagt het", MARKED)
    with pytest.raises(UsageError, match="beperking"):
        mark(open_dossier)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a" * (learning.LARGEST + 1), "groter dan 200 kB"),
        (b"\xff\xfe\x00\x01", "geen tekst in UTF-8"),
        (b"%PDF\0", "geen tekst in UTF-8"),
        (b" \n\t", "staat niets"),
    ],
)
def test_only_a_text_of_a_bounded_size_is_taken(data: bytes, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        learning.text_of(data, "notes.md", "nl")
    assert learning.text_of(b"a" * learning.LARGEST, "notes.md", "nl")
    assert learning.text_of("\ufeffEén".encode(), "notes.md", "nl") == "Eén"


# Closing: the key goes, the case stays.


@pytest.mark.clause("R-Tr.4", "R-Re.6")
def test_closing_destroys_the_key_and_not_a_byte_of_it_is_left(open_dossier: Scene) -> None:
    code, reference = mark(open_dossier), open_dossier.reference
    key = (reference + code).encode()
    assert key in raw(open_dossier)
    close(open_dossier)
    assert key not in raw(open_dossier) and code.encode() in raw(open_dossier)
    assert learning.cases_of(open_dossier.practice, reference) == []
    assert [one.dossier for one in learning.cases(open_dossier.practice)] == [None]
    assert learning.read(open_dossier.practice, code).startswith("Gesprek met [client]")


@pytest.mark.clause("R-Tr.4", "R-Re.6")
def test_the_ledger_says_that_the_key_was_destroyed_and_never_names_dossier_and_case_together(
    open_dossier: Scene,
) -> None:
    code, reference = mark(open_dossier), open_dossier.reference
    close(open_dossier)
    found = [entry for entry in entries(open_dossier) if entry["event"].startswith("learning.")]
    assert [(one["event"], one["dossier"], one.get("grade")) for one in found] == [
        ("learning.marked", reference, None), ("learning.key_destroyed", reference, "key_destroyed"),
    ]  # fmt: skip
    assert (found[1]["rules"], found[1]["clauses"]) == ("refleact.closing", "R-Tr.4 R-Re.6")
    learning.forget(open_dossier.practice, code, CLOSED)
    assert not [entry for entry in entries(open_dossier) if code in str(entry) and reference in str(entry)]
    assert "dossier" not in entries(open_dossier)[-1]


def test_of_its_days_a_case_keeps_only_the_months(open_dossier: Scene) -> None:
    code = mark(open_dossier)
    close(open_dossier)
    row = open_dossier.practice.database.row("SELECT * FROM cases")
    assert row is not None and (row["code"], *tuple(row)[2:]) == (code, "2027-02", "2027-06")


def test_a_closing_without_marks_destroys_nothing_and_says_nothing(open_dossier: Scene) -> None:
    close(open_dossier)
    assert not [entry for entry in entries(open_dossier) if entry["event"].startswith("learning.")]


def test_what_a_stop_left_undone_the_next_call_finishes(open_dossier: Scene) -> None:
    code = mark(open_dossier)
    open_dossier.told("closed", "2027-06-30")  # and then the power went
    close(open_dossier)
    assert learning.cases_of(open_dossier.practice, open_dossier.reference) == []
    open_dossier.run(
        "INSERT INTO case_keys (dossier, code) VALUES (?, '')", open_dossier.reference
    )  # or a moment later
    assert learning.destroy_keys(open_dossier.practice, CLOSED) == [open_dossier.reference]
    assert learning.destroy_keys(open_dossier.practice, CLOSED) == []
    assert sum(entry["event"] == "learning.key_destroyed" for entry in entries(open_dossier)) == 2
    assert learning.read(open_dossier.practice, code)


@pytest.mark.parametrize("kept", [None, Category.LEARNING])
def test_a_hold_keeps_the_key_until_it_is_lifted(open_dossier: Scene, kept: Category | None) -> None:
    mark(open_dossier)
    holds.place(open_dossier.practice, open_dossier.reference, HoldKind.HOLD, "een geschil", MARKED, category=kept)
    close(open_dossier)
    assert learning.cases_of(open_dossier.practice, open_dossier.reference)
    holds.lift(open_dossier.practice, open_dossier.reference, CLOSED)
    assert learning.destroy_keys(open_dossier.practice, CLOSED) == [open_dossier.reference]


def test_reopening_brings_no_key_back_and_lets_her_mark_again(open_dossier: Scene) -> None:
    first = mark(open_dossier)
    close(open_dossier)
    closing.reopen(open_dossier.practice, open_dossier.reference, CLOSED)
    second = mark(open_dossier, "Iets anders.", CLOSED)
    assert learning.cases_of(open_dossier.practice, open_dossier.reference) == [second] != [first]


# The end of it.


def look(scene: Scene, now: datetime) -> int:
    return timetable.keep_promises(scene.practice, now, lambda _: None, asked=True)


@pytest.mark.clause("R-Tr.4")
def test_a_case_goes_five_years_after_the_month_of_its_closing_by_the_ordinary_road(open_dossier: Scene) -> None:
    code = mark(open_dossier)
    assert Category.LEARNING not in {one.category for one in open_dossier.held().values()}
    close(open_dossier)
    ending = open_dossier.endings()[f"case {code}"]
    assert (ending.held.dossier, ending.held.category) == ("", Category.LEARNING)
    assert (str(ending.term.due), ending.term.clauses) == ("2032-06-01", ("R-Tr.4",))
    lines = forecast.lines(open_dossier.practice, CLOSED.date())
    assert [(line.dossier, str(line.day)) for line in lines if Category.LEARNING in dict(line.parts)] == [
        ("", "2032-06-01")
    ]
    for day in (1, 5, 9):
        look(open_dossier, CLOSED + timedelta(days=day))
    assert not open_dossier.practice.database.value("SELECT count(*) FROM dossiers")
    assert b"eerst de stilte" in raw(open_dossier)
    for now in (datetime(2032, 5, 19, 9, tzinfo=UTC), datetime(2032, 6, 2, 9, tzinfo=UTC)):
        look(open_dossier, now)
    assert learning.cases(open_dossier.practice) == [] and b"eerst de stilte" not in raw(open_dossier)
    gone = entries(open_dossier)[-1]
    assert (gone["event"], gone["part"], gone["clauses"]) == ("erasure.verified", f"case {code}", "R-Tr.4")
    assert gone["grade"] == "unrecoverable_inside" and not gone["dossier"]


@pytest.mark.clause("R-Tr.4", "R-Re.6")
def test_while_the_key_lives_the_case_goes_with_its_dossier(open_dossier: Scene) -> None:
    mark(open_dossier)
    open_dossier.sent(on(11, 2))
    open_dossier.settled("expired", on(3, 1, 2027))
    for day in (2, 9, 16):
        look(open_dossier, on(3, day, 2027))
    assert not open_dossier.practice.database.value("SELECT count(*) FROM dossiers")
    assert learning.cases(open_dossier.practice) == []
    assert b"eerst de stilte" not in raw(open_dossier)


def test_a_case_that_she_forgets_is_gone_at_once(open_dossier: Scene) -> None:
    code = mark(open_dossier)
    learning.forget(open_dossier.practice, code.lower(), MARKED)
    assert learning.cases(open_dossier.practice) == [] and b"eerst de stilte" not in raw(open_dossier)
    with pytest.raises(UsageError, match="er is geen casus"):
        learning.forget(open_dossier.practice, code, MARKED)


def test_no_plan_ever_names_a_case_with_its_dossier(open_dossier: Scene) -> None:
    mark(open_dossier)
    close(open_dossier)
    planning.announce(open_dossier.practice, datetime(2032, 5, 20, tzinfo=UTC))
    rows = open_dossier.practice.database.rows("SELECT dossier FROM erasures WHERE part LIKE 'case %'")
    assert [row["dossier"] for row in rows] == [""]


# The command.


@pytest.fixture
def world(composed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Give a practice to type commands about, under the policy that lets her learn."""
    made = copied(composed, tmp_path)
    made.change("^policy: kleur", "policy: refleact")
    monkeypatch.setenv("PIPELINE_PRACTICE", str(made.folder))
    with scene(made) as opened:
        opened.run("UPDATE dossiers SET opened_at = ?", (utc_now() - timedelta(days=90)).isoformat())
    return made


def test_the_command_tells_what_was_replaced_and_that_she_must_read_it_through(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reference = str(world.rows("SELECT reference FROM dossiers")[0][0])
    file = tmp_path / "les.md"
    file.write_text(TEXT, "utf-8")
    assert main(["learn", reference.lower(), str(file)]) == 0
    said = capsys.readouterr().out
    code = str(world.rows("SELECT code FROM cases")[0][0])
    for part in (code, "Sanne Jansen werd [client] (1 x)", "Lees hem nu na", "les.md blijft staan waar het staat"):
        assert part in said
    assert main(["learn", "--read", code]) == 0 and "Gesprek met [client]" in capsys.readouterr().out
    assert main(["learn"]) == 0 and f"nog van {reference}" in capsys.readouterr().out
    assert main(["hold", reference, "--reason", "een geschil"]) == 0
    assert main(["close", reference]) == 0 and "De sleutel is vernietigd" not in capsys.readouterr().out
    assert main(["hold", reference, "--lift"]) == 0 and world.rows("SELECT * FROM case_keys") == []
    capsys.readouterr()
    assert main(["learn"]) == 0 and reference not in (shown := capsys.readouterr().out) and "gaat weg op 1 " in shown
    assert main(["forecast"]) == 0 and code in capsys.readouterr().out
    assert main(["learn", "--forget", code]) == 0
    assert main(["learn"]) == 0 and "niets gemerkt" in capsys.readouterr().out.splitlines()[-1]


def test_what_cannot_be_marked_is_said_in_one_line(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    reference = str(world.rows("SELECT reference FROM dossiers")[0][0])
    for typed, said in (([reference], "welke tekst"), ([reference, "nowhere.md"], "nowhere.md is niet te lezen")):
        assert main(["learn", *typed]) == 64
        assert said in capsys.readouterr().err
