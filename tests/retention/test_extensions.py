"""A term is longer only where its rule says so, by what it says, with a reason; taken back it is as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli import main
from pipeline.errors import UsageError
from pipeline.policy.period import Period
from pipeline.policy.plan import Held, Plan, Version
from pipeline.policy.schema.base import Category
from pipeline.policy.schema.retention import Event, RetentionRule
from pipeline.policy.terms import Life, term
from pipeline.retention import extending
from pipeline.worker import utc_now
from tests.policy.promises import POLICIES
from tests.policy.test_terms import DATES, LIVES, any_rule, rule
from tests.retention.scene import Scene, copied, on, scene
from tests.world import World

NOW = on(6, 30, 2027)
BOOKS, WHY = "ken-jezelf.books", "de verbouwing wordt over tien jaar afgeschreven"
CLOSED = Life(date(2024, 1, 1), events={Event.CLOSED: date(2024, 2, 29)})


# Counting: pure.


def longer(life: Life, *rules: RetentionRule) -> Life:
    return replace(life, extended=frozenset(one.id for one in rules))


@pytest.mark.parametrize(
    ("said", "due"),
    [
        ({"promise": "P7Y", "extension": {"by": "P5Y", "needs": "reason"}}, "2036-02-28"),
        ({"promise": "P1Y", "extension": {"by": "P6M", "needs": "reason"}}, "2025-08-28"),
        ({"promise": "P7Y", "extension": {"by": "P5Y", "needs": "reason"}, "ceiling": "P9Y"}, "2033-02-28"),
        ({"promise": "P7Y", "extension": {"by": "P5Y", "needs": "reason"}, "floor": "P20Y"}, "2044-02-29"),
        ({"promise": "P7Y", "extension": {"needs": "dispute"}}, "2031-02-28"),
        ({"promise": "P7Y"}, "2031-02-28"),
    ],
)
def test_a_promise_is_longer_by_what_its_rule_names_and_no_ceiling_moves(said: dict[str, object], due: str) -> None:
    one = rule(**said)
    assert str(term([one], Category.CONTACT, longer(CLOSED, one)).due) == due


@given(st.lists(any_rule(), min_size=1, max_size=3, unique_by=lambda one: one.id), LIVES, st.integers(0, 9))
def test_what_no_rule_allows_changes_no_term(rules: list[RetentionRule], life: Life, years: int) -> None:
    assert term(rules, Category.CONTACT, longer(life, *rules)) == term(rules, Category.CONTACT, life)
    free = [one.model_copy(update={"extension": None}) for one in rules]
    assert term(free, Category.CONTACT, longer(life, *free)) == term(free, Category.CONTACT, life)


@given(DATES, st.integers(0, 12), st.integers(0, 8), st.integers(0, 20))
def test_longer_is_never_sooner_and_never_later_than_promise_and_extension_together(
    closed: date, promise: int, by: int, ceiling: int
) -> None:
    limit = {"ceiling": f"P{promise + ceiling}Y"} if ceiling else {}
    one = rule(promise=f"P{promise}Y", extension={"by": f"P{by}Y", "needs": "reason"}, **limit)
    life = Life(closed, events={Event.CLOSED: closed})
    before, after = term([one], Category.CONTACT, life).due, term([one], Category.CONTACT, longer(life, one)).due
    assert before is not None and after is not None
    assert before <= after <= Period(years=by).after(Period(years=promise).after(closed))
    assert not ceiling or after <= Period(years=promise + ceiling).after(closed)


def test_a_stricter_version_of_the_statement_lets_nothing_be_longer() -> None:
    then = rule(promise="P7Y", extension={"by": "P5Y", "needs": "reason"})
    now = then.model_copy(update={"extension": None})
    plan = Plan([Version(date.min, (then,)), Version(date(2026, 1, 1), (now,))])
    assert str(plan.term(Held("AAAA-2222", Category.CONTACT, "client", longer(CLOSED, then))).due) == "2031-02-28"


# Carrying it out.


@pytest.fixture
def books(dossier: Scene) -> Scene:
    """A dossier with an invoice, under a policy by which the books can stay five years longer."""
    dossier.practice.policy = POLICIES["ken-jezelf"]
    dossier.invoice("2027-0001", "2027-03-31", rest="{}")
    return dossier


def extend(scene: Scene, name: str = BOOKS, because: str = WHY) -> None:
    extending.extend(scene.practice, scene.reference, name, because, NOW)


def due(scene: Scene, part: str = "rest 2027-0001") -> str:
    return str(scene.endings()[part].term.due)


def written(scene: Scene) -> list[dict[str, str]]:
    found = [json.loads(row[0]) for row in scene.practice.database.rows("SELECT entry FROM ledger ORDER BY number")]
    return [one for one in found if one["event"].startswith("term.")]


@pytest.mark.clause("J-4.2")
def test_the_books_stay_five_years_longer_with_a_written_reason_and_nothing_else_does(books: Scene) -> None:
    others = {part: str(one.term.due) for part, one in books.endings().items() if "2027-0001" not in part}
    assert due(books) == "2034-03-31"
    extend(books)
    assert due(books) == due(books, "statutory 2027-0001") == "2039-03-31"
    assert {part: str(one.term.due) for part, one in books.endings().items() if "2027-0001" not in part} == others
    assert (written(books)[0]["rules"], written(books)[0]["clauses"]) == (BOOKS, "J-4.2 J-7d.5")


@pytest.mark.clause("J-4.2")
def test_taken_back_the_term_is_as_it_was_promised(books: Scene) -> None:
    before = books.endings()
    extend(books, "books")
    assert extending.lift(books.practice, books.reference, NOW) == 1
    assert books.endings() == before
    assert extending.lift(books.practice, books.reference, NOW) == 0
    assert [one["event"] for one in written(books)] == ["term.extended", "term.as_promised"]


def test_the_reason_stands_in_no_entry_of_the_ledger(books: Scene) -> None:
    extend(books)
    assert books.practice.database.value("SELECT reason FROM extensions") == WHY
    assert not any(WHY in str(one) for one in written(books))


REFUSED = [
    ("ken-jezelf.customer", WHY, r"mag niet langer worden.*ken-jezelf\.books"),
    ("ken-jezelf.invoice", WHY, "pipeline hold"),
    ("ken-jezelf.contact", WHY, "pipeline hold"),
    ("ken-jezelf.dossier", WHY, "pipeline hold"),
    (BOOKS, "  ", "vraagt een reden"),
    ("law.fiscal", WHY, "mag niet langer worden"),
    ("nothing", WHY, "er is geen termijn nothing"),
]


@pytest.mark.clause("J-4.2", "J-4.4", "J-4.5", "J-4.6")
def test_what_the_rule_does_not_allow_is_refused(books: Scene) -> None:
    for name, because, said in REFUSED:
        with pytest.raises(UsageError, match=said):
            extend(books, name, because)
    assert written(books) == [] and due(books) == "2034-03-31"


def test_it_cannot_be_longer_twice_nor_where_there_is_nothing(books: Scene) -> None:
    extend(books)
    with pytest.raises(UsageError, match="al langer"):
        extend(books)
    assert due(books) == "2039-03-31"
    extending.lift(books.practice, books.reference, NOW)
    books.run("DELETE FROM invoices")
    with pytest.raises(UsageError, match=r"niets waar ken-jezelf\.books over gaat"):
        extend(books)


def test_what_would_change_nothing_is_refused(books: Scene) -> None:
    policy = POLICIES["ken-jezelf"]
    capped = [one.model_copy(update={"ceiling": one.promise}) if one.id == BOOKS else one for one in policy.retention]
    books.practice.policy = policy.model_copy(update={"retention": capped})
    with pytest.raises(UsageError, match="verandert er niets"):
        extend(books)


@pytest.fixture
def world(composed: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Give a practice to type commands about, with an invoice in its books."""
    made = copied(composed, tmp_path)
    made.change("^policy: kleur", "policy: ken-jezelf")
    monkeypatch.setenv("PIPELINE_PRACTICE", str(made.folder))
    with scene(made) as opened:
        opened.invoice("2027-0001", (utc_now() - timedelta(days=30)).date().isoformat(), rest="{}")
    return made


def test_the_command_shows_what_goes_when_because_of_it(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    reference = str(world.rows("SELECT reference FROM dossiers")[0][0])
    year = (utc_now() - timedelta(days=30)).year
    assert main(["extend", reference.lower(), "--rule", "books", "--because", WHY]) == 0
    said = capsys.readouterr().out
    assert "blijft langer waar ken-jezelf.books over gaat" in said and f" {year + 12} gaat weg" in said
    assert main(["extend", reference, "--lift"]) == 0
    said = capsys.readouterr().out
    assert "1 teruggenomen" in said and f" {year + 7} gaat weg" in said
    assert main(["extend", reference, "--rule", "books"]) == 64
    assert "vraagt een reden" in capsys.readouterr().err
    assert main(["extend", reference]) == 2
