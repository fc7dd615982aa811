"""`pipeline policy`: advice a coach understands, what a clause does, a reading confirmed, a policy of her own."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pipeline.cli.policy import explained
from pipeline.edges import ledger
from pipeline.policy.policy import policy_file, read_policy, shipped_policies
from tests.cli.commands import Typing
from tests.policy.written import SOUND, broken

IMAP = "{host: mail.practice.example, port: 993, user: coach}"


@pytest.fixture(autouse=True)
def width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")


def english(typed: Typing) -> Typing:
    typed.world.change("^language: nl", "language: en")
    return typed


def own(typed: Typing, text: str = SOUND) -> Typing:
    """Give the practice a policy of its own, and a mailbox that the program can reach."""
    (typed.world.folder / "policy.yaml").write_text(text, "utf-8")
    typed.world.change("^policy: .*$", "policy: policy.yaml")
    typed.world.change("^  sent_copy: none$", f"  sent_copy: append\n  imap: {IMAP}")
    return english(typed)


def joined(text: str) -> str:
    """Give a text without its line breaks and indents."""
    return re.sub(r"\s+", " ", text)


# --- new


def test_a_policy_of_ones_own_is_the_shipped_one_under_another_name(typed: Typing) -> None:
    said = typed("policy", "new", "--like", "kleur")
    assert (said.code, said.said) == (0, "")
    assert said.out == (
        "policy.yaml is nu een beleid van uzelf, gelijk aan dat van kleur. Hierna:\n"
        "  1. zet in practice.yaml: policy: policy.yaml\n"
        "  2. verander in policy.yaml wat bij u anders is\n"
        "  3. typ: pipeline policy check\n"
    )
    made = (typed.world.folder / "policy.yaml").read_text("utf-8")
    assert made.startswith("# Het beleid van Praktijk De Linde, gemaakt naar dat van KLEUR! (2023-11). Verander ")
    read, shipped = (read_policy(name, typed.world.folder, "nl") for name in ("policy.yaml", "kleur"))
    assert (read.id, read.name) == ("policy", "Praktijk De Linde")
    assert read.model_copy(update={"id": shipped.id, "name": shipped.name}) == shipped


@pytest.mark.parametrize("name", shipped_policies())
def test_every_comment_beside_a_rule_is_kept(typed: Typing, name: str) -> None:
    before = policy_file(name, Path("nowhere"), "en")[0]
    assert typed("policy", "new", "--like", name, "eigen-beleid.yaml").code == 0
    made = (typed.world.folder / "eigen-beleid.yaml").read_text("utf-8")
    body = re.sub(r"\A(?:#.*\n)+", "", before.decode())
    assert made.partition("title:")[2] == body.partition("title:")[2] and "\nid: eigen-beleid\n" in made
    assert policy_file(name, Path("nowhere"), "en")[0] == before


def test_what_is_typed_next_works(typed: Typing) -> None:
    typed("policy", "new", "--like", "refleact")
    typed.world.change("^policy: kleur$", "policy: policy.yaml")
    said = typed("policy", "check")
    assert said.code == 1 and said.out.startswith("Praktijk De Linde, ")
    assert "Wat u wilt veranderen, verandert u in policy.yaml" in said.out


def test_a_policy_that_is_there_is_never_written_over(typed: Typing) -> None:
    (typed.world.folder / "policy.yaml").write_text("hers", "utf-8")
    said = typed("policy", "new", "--like", "kleur")
    assert said.code == 64 and said.said.startswith("policy.yaml bestaat al en blijft zoals het is")
    assert (typed.world.folder / "policy.yaml").read_text("utf-8") == "hers"


@pytest.mark.parametrize(
    "name", ["../mine.yaml", "mine.yml", "Mine.yaml", "kleur.yaml", "a/b.yaml", "practice.yaml", "-"]
)
def test_a_name_that_cannot_be_one_changes_nothing(typed: Typing, name: str) -> None:
    before = {path: path.read_bytes() for path in typed.world.folder.parent.rglob("*.yaml")}
    assert typed("policy", "new", "--like", "kleur", name).code == 64
    assert {path: path.read_bytes() for path in typed.world.folder.parent.rglob("*.yaml")} == before


def test_an_unknown_policy_names_those_there_are(typed: Typing) -> None:
    said = english(typed)("policy", "new", "--like", "pastel")
    known = "ballance, ken-jezelf, kleur, pluform, refleact"
    assert said.code == 64
    assert said.said == f"'pastel' is no policy that comes with the program; choose from: {known}\n"


def test_a_policy_can_be_made_where_practice_yaml_already_names_it(typed: Typing) -> None:
    typed.world.change("^policy: kleur$", "policy: policy.yaml")
    assert typed("policy", "check").code == 78
    assert typed("policy", "new", "--like", "kleur").code == 0
    assert typed("policy", "check").code == 1


# --- check


def test_a_sound_policy_is_in_order(typed: Typing) -> None:
    said = own(typed)("policy", "check")
    assert (said.code, said.out, said.said) == (
        0, "Mine, Statement of 3: 6 clauses.\n\nThere is nothing in this policy that cannot stay as it is.\n", "",
    )  # fmt: skip


def test_what_weighs_gives_exit_code_1_and_what_is_good_to_know_does_not(typed: Typing) -> None:
    light = broken(('updated: "2026-11-01"', 'updated: "2026"'))
    said = own(typed, light)("policy", "check")
    assert said.code == 0 and "\nGood to know (1):\n- Of the statement only the year is known (2026)." in said.out
    (typed.world.folder / "policy.yaml").write_text(broken((', updated: "2026-11-01"', "")), "utf-8")
    said = typed("policy", "check")
    assert said.code == 1 and "\nWhat cannot stay as it is (1):\n! The statement has no date or no version" in said.out


def test_the_policy_of_kleur_is_advised_upon_clause_by_clause(typed: Typing) -> None:
    said = typed("policy", "check")
    text = joined(said.out)
    assert said.code == 1 and said.said == ""
    assert "! K-05, K-08 en K-10: Deze mail heet verwijderd te zijn" in text
    assert "! K-12: Dit mag hoogstens 7 jaar na de afsluiting van de coaching blijven" in text
    assert "Op 366 van de 366 dagen van een jaar" in text
    assert text.endswith("maak er dan een van uzelf van; typ: pipeline policy new --like kleur ")


@pytest.mark.parametrize(("columns", "most"), [("80", 80), ("120", 100), ("30", 40)])
@pytest.mark.parametrize("policy", ["kleur", "ken-jezelf"])
def test_the_advice_fits_the_window_and_never_breaks_what_is_to_be_typed(
    typed: Typing, monkeypatch: pytest.MonkeyPatch, columns: str, most: int, policy: str
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    typed.world.change("^policy: kleur$", f"policy: {policy}")
    lines = typed("policy", "check").out.splitlines()
    assert max(len(line) for line in lines if "pipeline policy" not in line) <= most
    assert all(re.search(r"pipeline policy (confirm [A-Z]-|new --like)", line) for line in lines if "pipeline" in line)


def test_many_clauses_are_named_in_short(typed: Typing) -> None:
    typed.world.change("^policy: kleur$", "policy: pluform")
    text = joined(typed("policy", "check").out)
    assert "- P-1.2.3.3, P-1.2.6.1, P-1.2.6.2 en 4 andere: De verklaring noemt niet alle rechten" in text


def test_a_policy_that_cannot_be_read_says_where_and_what_to_type(typed: Typing) -> None:
    said = own(typed, broken(("promise: P5Y", "promise: five")))("policy", "check")
    assert said.code == 65 and "policy.yaml:32:" in said.said and "'five' is no term; write it as P5Y" in said.said


# --- explain


def test_a_clause_isexplained_with_its_promise_reading_rules_faults_and_standing(typed: Typing) -> None:
    said = english(typed)("policy", "explain", "K-12")
    assert said.code == 0
    text = joined(said.out)
    assert text.startswith("K-12 (KLEUR!) What is promised: Personal data are kept until five years after closing")
    assert "How it is read: K-12.general: five years after closing;" in text
    assert "(assumed; if it is right, type: pipeline policy confirm K-12.general); and not: everything seven" in text
    assert "until 5 years after the closing of the coaching, never longer than 7 years." in text
    assert "(kleur.general)" in text and "On 366 of the 366 days of a year both cannot be" in text
    assert text.endswith("How it stands: Kept by this program. It has not come up yet. ")


@pytest.mark.parametrize(
    ("clause", "said"),
    [
        ("K-00", "Kept by the shape of this program: everything this program keeps is of a kind"),
        ("K-07", "Somebody states that it is so; no program can see this."),
        ("K-08", "Kept by this program."),
        ("K-11c", "Kept: this program has no way to do otherwise."),
        ("K-14", "Not kept by this program yet, do it yourself until then: requests of people about their data."),
        ("K-15", "Partly kept; not in this version yet: who may see what."),
    ],
)
def test_how_a_clause_stands_is_said_with_its_reason(typed: Typing, clause: str, said: str) -> None:
    assert said in joined(english(typed)("policy", "explain", clause).out)


def test_it_tells_how_often_a_clause_was_kept_and_when_last_in_the_time_of_the_practice(typed: Typing) -> None:
    with typed.world.opened() as practice, practice.database.transaction():
        for day, grade in ((1, "commanded"), (2, "observed_absent")):
            at = datetime(2026, 7, day, 22, 30, tzinfo=UTC)
            ledger.record(practice.database, at, "mail.gone", clauses="K-12 K-21", rules="kleur.general", grade=grade)
    text = joined(english(typed)("policy", "explain", "k-12").out)
    assert "It was done 2 times, last on 3 July 2026 00:30. The proof of that last time: observed absent." in text
    assert "It was done" not in typed("policy", "explain", "K-03").out


@pytest.mark.parametrize(("clause", "close"), [("K12", "K-12"), ("k-11", "K-11"), ("K-99", "K-"), ("K-1O", "K-1")])
def test_an_unknown_clause_names_those_that_are_close(typed: Typing, clause: str, close: str) -> None:
    said = typed("policy", "explain", clause)
    assert said.code == 64 and re.match(rf"{clause} staat niet in dit beleid; bedoelt u .*{close}", said.said)


def test_a_clause_like_no_other_points_to_all_of_them(typed: Typing) -> None:
    said = typed("policy", "explain", "paragraaf")
    assert (said.code, said.said) == (
        64, "paragraaf staat niet in dit beleid. Alle clausules: pipeline policy explain\n"
    )  # fmt: skip


@pytest.mark.parametrize(("columns", "most"), [("80", 80), ("120", 100)])
def test_all_clauses_are_listed_one_on_a_line_with_how_they_stand(
    typed: Typing, monkeypatch: pytest.MonkeyPatch, columns: str, most: int
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = typed("policy", "explain").out.splitlines()
    policy = read_policy("kleur", typed.world.folder, "nl")
    assert [line.split()[0] for line in lines] == list(policy.clauses) and max(map(len, lines)) <= most
    assert any(re.match(r"K-20 +nog niet +Er is een protocol voor datalekken\.$", line) for line in lines)


def test_what_counts_as_advice_on_a_clause_is_shown_with_it_in_dutch(typed: Typing) -> None:
    text = joined(typed("policy", "explain", "K-05").out)
    assert "Privacy Shield geldt sinds 16 juli 2020 niet meer" in text
    assert "Deels nagekomen; in deze versie nog niet: back-ups." in text


# Every third one in the ordinary run, from the first; each in the long run.
@pytest.mark.parametrize("step", [3, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("name", shipped_policies())
def test_every_clause_of_every_policy_can_be_explained(typed: Typing, name: str, step: int) -> None:
    typed.world.change("^policy: kleur$", f"policy: {name}")
    with typed.world.opened() as practice:
        for clause in list(practice.policy.clauses)[::step]:
            lines = list(explained(practice, clause))
            assert lines[0].startswith(f"{clause} (") and len(lines) >= 7 and "Hoe het ervoor staat:" in lines


# --- confirm


def test_a_confirmed_reading_is_shown_and_written_in_the_ledger_without_the_clause_counting_as_kept(
    typed: Typing,
) -> None:
    said = english(typed)("policy", "confirm", "k-12.GENERAL")
    assert said.code == 0 and said.out.startswith("K-12.general is confirmed: five years after closing;")
    assert "confirm K-12.general" not in typed("policy", "check").out
    assert re.search(r"\nConfirmed by you:\n  K-12\.general, \d+ \w+ \d{4} \d\d:\d\d\n", typed("policy", "check").out)
    text = joined(typed("policy", "explain", "K-12").out)
    assert "(confirmed by you on " in text and "It has not come up yet." in text
    [[entry]] = typed.world.rows("SELECT entry FROM ledger WHERE entry LIKE '%reading.confirmed%'")
    kept = json.loads(str(entry))
    assert (kept["policy"], kept["reading"]) == ("kleur", "K-12.general") and len(kept["sha256"]) == 64
    assert ledger.verify([(int(str(n)), str(e), str(h)) for n, e, h in typed.world.rows("SELECT * FROM ledger")]) == []


def test_confirming_twice_is_confirming_once(typed: Typing) -> None:
    typed("policy", "confirm", "K-12.general")
    said = typed("policy", "confirm", "K-12.general")
    assert said.code == 0 and said.out.startswith("K-12.general was al bevestigd, op ")
    assert typed.world.rows("SELECT count(*) FROM confirmations") == [(1,)]


def test_a_reading_whose_text_has_changed_is_assumed_again(typed: Typing) -> None:
    text = broken(
        ("readings: []", "readings:\n  - {id: X-2.from, clauses: [X-2], chosen: {nl: A, en: from the last mail}}")
    )
    own(typed, text)("policy", "confirm", "X-2.from")
    assert typed("policy", "check").out.count("X-2.from") == 1
    (typed.world.folder / "policy.yaml").write_text(text.replace("the last mail", "the first mail"), "utf-8")
    assert "type: pipeline policy confirm X-2.from" in typed("policy", "check").out
    assert "assumed" in typed("policy", "explain", "X-2").out
    typed("policy", "confirm", "X-2.from")
    assert "pipeline policy confirm" not in typed("policy", "check").out


def test_an_unknown_reading_names_those_there_are(typed: Typing) -> None:
    said = english(typed)("policy", "confirm", "K-12")
    assert said.code == 64 and said.said.startswith("K-12 is no reading of this policy; choose from: K-02.sponsor, ")
    assert typed.world.rows("SELECT count(*) FROM confirmations") == [(0,)]


def test_where_nothing_can_be_read_in_two_ways_there_is_nothing_to_confirm(typed: Typing) -> None:
    said = own(typed)("policy", "confirm", "X-1.any")
    assert (said.code, said.said) == (64, "in this policy there is nothing that can be read in more than one way\n")
