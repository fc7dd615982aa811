"""What only a person can state is asked when it is due, and counts as long as was said, in the words it was said in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline import attention, attestations
from pipeline.attestations import Statement, last_answer, statements
from pipeline.edges.ledger import record
from pipeline.errors import UsageError
from pipeline.evidence import Outcome, Proof, proofs
from pipeline.practice import Practice
from tests.world import World

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)
COOKIES, DEVICES = "kleur.attest.cookies", "kleur.attest.devices"
ASKED = {COOKIES, DEVICES, "kleur.processor.tti", "kleur.processor.mail", "kleur.processor.backup"}


def days(number: float) -> datetime:
    return BEGAN + timedelta(days=number)


@contextmanager
def begun(world: World) -> Iterator[Practice]:
    """Open a practice that began to work on BEGAN."""
    with world.opened() as practice:
        with practice.database.transaction():
            record(practice.database, BEGAN, "statement.activated", version="1")
        yield practice


def ask(practice: Practice, now: datetime) -> int:
    return attestations.ask_when_due(practice, now, lambda _: None)


def asked(practice: Practice) -> dict[str, int]:
    """Give what waits for the coach: rule → number."""
    rows = practice.database.rows("SELECT number, reasons FROM attention WHERE what = 'attest' AND state = 'open'")
    return {json.loads(row["reasons"])[0][1]["rule"]: row["number"] for row in rows}


def entries(practice: Practice) -> list[dict[str, str]]:
    """Give what the ledger says of what was stated, without the time."""
    found = [json.loads(row[0]) for row in practice.database.rows("SELECT entry FROM ledger ORDER BY number")]
    return [{key: entry[key] for key in entry if key != "at"} for entry in found if "attest" in entry["event"]]


def proof(practice: Practice, clause: str, now: datetime) -> Proof:
    return next(one for one in proofs(practice, now) if one.clause == clause)


def statement(practice: Practice, rule: str) -> Statement:
    return next(one for one in statements(practice.policy) if one.rule == rule)


def test_a_practice_that_has_not_begun_is_asked_nothing(world: World) -> None:
    with world.opened() as practice:
        assert ask(practice, days(400)) == 0 and asked(practice) == {}


def test_two_weeks_after_it_began_it_is_asked_everything_once(world: World) -> None:
    with begun(world) as practice:
        assert ask(practice, days(13)) == 0
        assert ask(practice, days(14)) == len(ASKED) and set(asked(practice)) == ASKED
        assert ask(practice, days(14.1)) == ask(practice, days(100)) == 0


def test_the_coach_reads_what_she_states_in_her_language(world: World) -> None:
    with begun(world) as practice:
        ask(practice, days(14))
        told = [reason for one in attention.waiting(practice) for reason in one.reasons]
        assert (
            "“De website zet alleen functionele cookies.” Is dat zo, kies dan accept; is het niet zo, kies reject"
            in told
        )
        assert any("Er is een verwerkersovereenkomst met TTI (profielen), en die geldt nog." in one for one in told)
        assert any("De privacyverklaring van de mailaanbieder ligt klaar" in one for one in told)
        assert attention.titles(practice)[0].endswith("  -  iets wat alleen u kunt verklaren")


@pytest.mark.clause("K-17")
def test_what_she_accepts_is_attested_for_a_year_with_its_rule_its_clauses_and_its_grade(world: World) -> None:
    with begun(world) as practice:
        ask(practice, days(14))
        said = attention.accept(practice, asked(practice)[COOKIES], days(20))
        assert said == "door u verklaard; dat geldt tot 2027-01-25"
        assert entries(practice) == [
            {"event": "attested", "rules": COOKIES, "clauses": "K-17", "grade": "attested", "until": "2027-01-25"}
        ]
        now = proof(practice, "K-17", days(21))
        assert (now.outcome, now.times, now.until) == (Outcome.ATTESTED, 1, date(2027, 1, 25))
        assert proof(practice, "K-17", days(20 + 365 - 1)).outcome is Outcome.ATTESTED


@pytest.mark.clause("K-07", "K-13")
def test_a_year_later_it_counts_no_more_and_is_asked_again(world: World) -> None:
    with begun(world) as practice:
        ask(practice, days(14))
        for number in asked(practice).values():
            attention.accept(practice, number, days(20))
        assert ask(practice, days(20 + 364)) == 0
        lapsed = days(20 + 365)
        after = proof(practice, "K-07", lapsed)
        assert (after.outcome, after.stated, after.until) == (Outcome.NOT_ATTESTED, False, date(2027, 1, 25))
        assert ask(practice, lapsed) == len(ASKED) and set(asked(practice)) == ASKED
        attention.accept(practice, asked(practice)["kleur.processor.tti"], lapsed)
        assert proof(practice, "K-07", lapsed).outcome is proof(practice, "K-13", lapsed).outcome is Outcome.ATTESTED


def test_what_she_denies_keeps_no_clause_and_is_asked_again_in_a_month(world: World) -> None:
    with begun(world) as practice:
        ask(practice, days(14))
        assert attention.reject(practice, asked(practice)[COOKIES], days(20)).startswith(
            "opgeschreven dat het niet zo is"
        )
        assert entries(practice) == [{"event": "attest.refused", "rules": COOKIES}]
        assert proof(practice, "K-17", days(21)).outcome is Outcome.NOT_ATTESTED
        assert ask(practice, days(20 + 30)) == 0
        assert ask(practice, days(20 + 31)) == 1 and COOKIES in asked(practice)


def test_a_denial_outweighs_what_was_stated_before(world: World) -> None:
    with begun(world) as practice, practice.database.transaction():
        one = statement(practice, COOKIES)
        attestations.attest(practice, one, days(1))
        attestations.deny(practice, one, days(2))
        answer = last_answer(practice, one)
        assert answer is not None and not answer.stands(days(3).date())
        assert proof(practice, "K-17", days(3)).outcome is Outcome.NOT_ATTESTED


@pytest.mark.clause("K-16")
def test_a_clause_with_two_statements_is_attested_when_both_are_and_until_the_first_ends(world: World) -> None:
    with begun(world) as practice, practice.database.transaction():
        attestations.attest(practice, statement(practice, "kleur.processor.mail"), days(1))
        assert proof(practice, "K-16", days(2)).outcome is Outcome.NOT_ATTESTED
        attestations.attest(practice, statement(practice, "kleur.processor.backup"), days(9))
        both = proof(practice, "K-16", days(10))
        assert (both.outcome, both.until) == (Outcome.ATTESTED, date(2027, 1, 6))


def test_another_text_is_another_statement(world: World) -> None:
    policy = (world.folder / "practice.yaml").parent / "mine.yaml"
    with begun(world) as practice:
        ask(practice, days(14))
        number = asked(practice)[COOKIES]
        attention.accept(practice, asked(practice)[DEVICES], days(15))
        from pipeline.policy.policy import policy_file

        text = policy_file("kleur", world.folder, "nl")[0].decode()
        policy.write_text(
            text.replace("alleen functionele cookies", "geen cookies").replace("sterke", "zeer sterke"), "utf-8"
        )
        world.change("^policy: kleur", "policy: mine.yaml")
        assert practice.reread()
        assert last_answer(practice, statement(practice, DEVICES)) is None
        with pytest.raises(UsageError, match="does not ask for this any more"):
            attention.accept(practice, number, days(16))
        assert attention.reject(practice, number, days(16)) == "afgehandeld"
        assert [entry["event"] for entry in entries(practice)] == ["attested"]
        assert ask(practice, days(16)) == 2 and {COOKIES, DEVICES} <= set(asked(practice))


def test_a_statement_cannot_be_asked_again_as_a_paper_can_nor_belong_to_a_dossier(world: World) -> None:
    with begun(world) as practice:
        ask(practice, days(14))
        number = asked(practice)[COOKIES]
        with pytest.raises(UsageError, match="choose accept or reject"):
            attention.ask_again(practice, number, days(15))
        with pytest.raises(UsageError, match="choose accept or reject"):
            attention.assign(practice, number, "K7Q4-MX2P", days(15))
        assert asked(practice)[COOKIES] == number


def test_the_service_asks_by_itself(world: World) -> None:
    world.work(lambda: BEGAN)
    world.work(lambda: days(13))
    assert world.rows("SELECT 1 FROM attention") == []
    world.work(lambda: days(14))
    assert world.rows("SELECT count(*) FROM attention WHERE what = 'attest'") == [(len(ASKED),)]
