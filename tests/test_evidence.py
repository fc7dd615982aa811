"""The evidence: what kept a clause is written down with it, what is shown is never more, and none of it is personal."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest

from pipeline import attention
from pipeline.edges.ledger import record
from pipeline.evidence import Outcome, Proof, proofs, ran, totals
from pipeline.policy.keeping import Standing
from pipeline.policy.schema.base import Grade
from pipeline.sandbox import SandboxServer
from tests.incoming.road import ACCOUNTS, PASSWORD, YES, Road
from tests.world import COACH, World

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PEOPLE = {
    "name": "Zwaluwtje van der Meulenkamp", "formerly": "Zwaluwtje Oudekerk", "salutation": "Lieve Zwaluwtje",
    "phone": "06 98 76 54 32", "email": "zwaluwtje@thuishaven.example", "role": "Wegenbouwkundige",
    "organisation": "Asfaltbedrijf Grijsdorp", "payer": "Werkmaatschappij Rietland", "contact": "Hiltje Donkervoort",
    "payer_salutation": "Geachte mevrouw Donkervoort", "payer_email": "hiltje@rietland.example",
    "address": "Kasteellaan 77", "kvk": "87654321", "purchase_order": "INK-4711-ZW",
    "goal": "Slapen zonder piekeren", "line": "Wandelgesprek in het Mastbos", "unit": "boswandeling",
    "answer": "Hierbij terug, ik was ziek door mijn burn-out", "file": "offerte van Zwaluwtje",
    "withdrawal": "Ik trek mijn toestemming in, groet Zwaluwtje uit Grijsdorp",
}  # fmt: skip
"""Every field of a client file, and what a person writes herself: each found nowhere else."""
CLIENT_FILE = """\
client:
  name: "{name}"
  formerly: "{formerly}"
  salutation: "{salutation}"
  phone: "{phone}"
  email: {email}
  role: "{role}"
  organisation: "{organisation}"
sponsor:
  organisation: "{payer}"
  contact: "{contact}"
  salutation: "{payer_salutation}"
  email: {payer_email}
  address: "{address}"
  kvk: "{kvk}"
  purchase_order: "{purchase_order}"
goal: "{goal}"
lines:
  - {{description: "{line}", quantity: 3, unit: "{unit}", unit_price: 137.31, vat: 21}}
"""
CLIENT, SPONSOR = PEOPLE["email"], PEOPLE["payer_email"]


@dataclass(frozen=True)
class Story:
    """What a whole story left: the ledger, and everything else that is stored."""

    entries: list[dict[str, str]]
    table: str
    requests: str
    files: dict[str, bytes]
    proofs: list[Proof]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Tell it once: the papers go out, come back signed, are booked and countersigned, and a consent is taken back."""
    root = tmp_path_factory.mktemp("story")
    with SandboxServer(root / "server", ACCOUNTS | dict.fromkeys((CLIENT, SPONSOR), PASSWORD)) as server:
        account = "{{host: 127.0.0.1, port: {port}, security: plain-on-loopback, user: {user}}}"
        smtp, imap = (account.format(port=port, user=COACH) for port in (server.smtp_port, server.imap_port))
        road = Road(World(root, smtp=smtp, imap=imap), server)
        road.world.keep_password(f"{COACH}@127.0.0.1", PASSWORD)
        road.world.small_templates()
        road.world.drop(CLIENT_FILE.format(**PEOPLE), "zwaluwtje.yaml")
        road.work()
        _sign(road)
        road.post(road.answer(CLIENT, PEOPLE["withdrawal"]), CLIENT)
        road.work()
        with road.world.opened() as practice:
            found = proofs(practice, datetime.now(UTC))
        storage = road.world.folder / "storage"
        yield Story(
            [json.loads(str(row[0])) for row in road.world.rows("SELECT entry FROM ledger ORDER BY number")],
            json.dumps(road.world.rows("SELECT * FROM ledger"), ensure_ascii=False),
            json.dumps(road.world.rows("SELECT * FROM requests"), ensure_ascii=False),
            {path.name: path.read_bytes() for path in storage.rglob("*") if path.suffix in {".yaml", ".pdf", ".eml"}},
            found,
        )


def _sign(road: Road) -> None:
    for person, number in ((SPONSOR, 1), (CLIENT, 2)):
        _, data = road.signed(person, number, YES | {"report_receive": False})
        road.post(road.answer(person, PEOPLE["answer"], (f"{PEOPLE['file']}.pdf", data)), person)
    road.work()
    for one in road.waiting():
        road.decide(attention.accept, one.number)
    road.work()


def cited(story: Story, event: str) -> list[tuple[str, str]]:
    """Give, of each entry of this kind, the rules and the clauses it names."""
    return [(one.get("rules", ""), one.get("clauses", "")) for one in story.entries if one["event"] == event]


def of(story: Story, clause: str) -> Proof:
    return next(one for one in story.proofs if one.clause == clause)


def test_each_answer_is_written_down_with_the_clauses_of_its_question(story: Story) -> None:
    given = cited(story, "consent.given")
    assert sorted(given) == [("coaching", "K-03 K-04"), ("profile_share", "K-09"), ("profile_take", "K-06")]
    assert sorted(cited(story, "consent.refused")) == [("keep_in_touch", "K-12"), ("report_receive", "K-10")]


def test_what_is_taken_back_also_names_the_gates_that_it_closes(story: Story) -> None:
    withdrawn = dict(cited(story, "consent.withdrawn"))
    assert withdrawn["profile_take kleur.profile.take"] == "K-06"
    assert withdrawn["profile_share kleur.profile.share"] == "K-09"
    assert withdrawn["coaching"] == "K-03 K-04"


@pytest.mark.clause("K-04")
def test_a_declaration_that_came_back_and_was_filed_names_the_clause_that_promises_it(story: Story) -> None:
    booked = {one["document"][-4:]: one.get("clauses") for one in story.entries if one["event"] == "return.booked"}
    assert booked == {"1 v1": None, "2 v1": "K-03 K-04"}
    assert of(story, "K-04").times >= 2 and of(story, "K-04").outcome is Outcome.KEPT


@pytest.mark.clause("K-03")
def test_making_the_declaration_names_the_gate_that_wants_it_with_the_quote(story: Story) -> None:
    assert cited(story, "document.written") == [("", ""), ("kleur.quote.bundle", "K-03")]
    assert of(story, "K-03").rules == ("consents.coaching", "quote.bundle")


def test_nothing_is_cited_where_no_clause_is_served(story: Story) -> None:
    named = {one["event"] for one in story.entries if one.get("clauses")}
    assert named.isdisjoint({"mail.stored", "document.countersigned", "return.read", "attention.settled"})
    assert {"document.countersigned", "mail.stored"} <= {one["event"] for one in story.entries}


def variants(value: str) -> set[str]:
    """Give a value as programs keep it: as typed, in one case, without spaces around or between, its longer words."""
    folded = {
        value,
        value.casefold(),
        value.strip().lower(),
        " ".join(value.casefold().split()),
        value.replace(" ", ""),
    }
    return folded | {value.upper(), value.lower().replace(" ", ""), value.rpartition("@")[0] or value}


def digests(data: bytes) -> set[str]:
    """Give the beginnings of the hashes of some bytes that anybody can compute, as they are usually written."""
    found = set()
    for algorithm in ("md5", "sha1", "sha256", "sha512", "sha3_256", "blake2b", "blake2s"):
        made = hashlib.new(algorithm, data).digest()
        found |= {
            made.hex()[:16],
            base64.b64encode(made).decode()[:16].lower(),
            base64.b32encode(made).decode()[:16].lower(),
        }
    return found | {hashlib.blake2b(data, digest_size=size).hexdigest()[:16] for size in (8, 16, 20, 32)}


def test_no_value_of_a_person_stands_in_the_ledger_as_it_is_or_hashed(story: Story) -> None:
    table = story.table.casefold()
    words = {
        word for value in PEOPLE.values() for word in value.replace("@", " ").replace(".", " ").split() if len(word) > 5
    }
    plain = {one.casefold() for value in PEOPLE.values() for one in variants(value)} | {
        word.casefold() for word in words
    }
    plain -= {"example", "toestemming", "offerte", "zonder", "mevrouw", "geachte", "gesprek", "hierbij"}
    assert [one for one in sorted(plain) if one in table] == []
    hashed = {digest for value in PEOPLE.values() for one in variants(value) for digest in digests(one.encode())}
    assert len(hashed) > 1000
    assert [one for one in sorted(hashed) if one in table] == []


def test_no_file_can_be_guessed_from_what_the_ledger_keeps_of_it(story: Story) -> None:
    table = story.table.casefold()
    assert len(story.files) > 8 and any(name.endswith("-client-v1.yaml") for name in story.files)
    for name, data in story.files.items():
        assert [one for one in digests(data) if one in table] == [], name
    assert (
        hashlib.sha256(CLIENT_FILE.format(**PEOPLE).encode()).hexdigest() in story.requests
    )  # beside it, it does stand


def test_the_story_was_about_these_very_people(story: Story) -> None:
    for field in ("name", "phone", "email", "role", "payer", "contact", "address", "kvk", "goal", "line"):
        assert PEOPLE[field] in story.requests, field
    events = {one["event"] for one in story.entries}
    assert {"dossier.opened", "message.accepted", "return.booked", "consent.withdrawn", "mail.stored"} <= events


# What is shown of it


def entry(event: str = "erasure.verified", at: datetime = NOON, **more: str) -> dict[str, str]:
    return {"event": event, "at": at.isoformat(), "clauses": "K-12", "rules": "kleur.general"} | more


def test_a_clause_is_counted_with_the_day_and_the_grade_of_the_last_time() -> None:
    later = NOON + timedelta(days=3)
    found = ran([
        entry(grade="unrecoverable_inside"), entry(at=later, grade="commanded", clauses="K-12 K-10"),
        entry("x", clauses=""),
    ])  # fmt: skip
    assert (found["K-12"].times, found["K-12"].last, found["K-12"].grade) == (2, later.isoformat(), Grade.COMMANDED)
    assert found["K-10"].times == 1 and set(found) == {"K-12", "K-10"}


@pytest.mark.parametrize("grades", [("commanded", "unrecoverable_inside"), ("unrecoverable_inside", "commanded")])
def test_parts_that_went_at_once_are_as_sure_as_the_least_sure_of_them_in_whatever_order(
    grades: tuple[str, str],
) -> None:
    parts = [entry(grade=one, part=f"part {number}") for number, one in enumerate(grades)]
    assert ran(parts)["K-12"].grade is Grade.COMMANDED
    later = entry(at=NOON + timedelta(days=3), grade="observed_absent", part="another")
    assert ran([*parts, later])["K-12"].grade is Grade.OBSERVED_ABSENT


@pytest.mark.parametrize("event", ["erasure.planned", "erasure.taken_back", "mail.due", "message.data_sent"])
def test_what_is_only_planned_or_not_known_to_be_done_does_not_count(event: str) -> None:
    assert ran([entry(event)])["K-12"].times == 0


def test_a_grade_that_is_none_is_not_taken_for_one() -> None:
    assert ran([entry(grade="certain")])["K-12"].grade is None


def shown(world: World, *entries: dict[str, str], clause: str = "K-12", now: datetime = NOON) -> Proof:
    """Give what the table shows of a clause after these entries."""
    with world.opened() as practice:
        with practice.database.transaction():
            for one in entries:
                facts = {key: value for key, value in one.items() if key not in {"event", "at"}}
                record(practice.database, datetime.fromisoformat(one["at"]), one["event"], **facts)
        return next(one for one in proofs(practice, now) if one.clause == clause)


@pytest.mark.clause("K-12")
def test_a_clause_that_was_kept_shows_how_often_when_and_how_well(world: World) -> None:
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)  # half past midnight in Utrecht
    found = shown(world, entry(), entry(at=late, grade="observed_absent"))
    assert (found.outcome, found.times, found.last, found.grade) == (
        Outcome.KEPT, 2, date(2026, 11, 22), Grade.OBSERVED_ABSENT,
    )  # fmt: skip
    assert found.rules == ("consents.keep_in_touch", "general", "profile")


def test_a_clause_that_never_came_up_is_declared_and_no_more(world: World) -> None:
    found = shown(world)
    assert (found.outcome, found.times, found.last, found.grade) == (Outcome.KEPT, 0, None, Grade.DECLARED)


def test_an_entry_without_a_grade_proves_nothing_beyond_its_being_there(world: World) -> None:
    assert shown(world, entry(grade="commanded"), entry()).grade is Grade.DECLARED


def test_a_clause_that_could_not_be_kept_the_last_time_is_not_kept_until_it_is(world: World) -> None:
    failed = shown(world, entry(grade="commanded"), entry("mail.not_deleted", NOON + timedelta(days=1)))
    assert (failed.outcome, failed.grade, failed.failures) == (Outcome.NOT_KEPT, None, 1)
    assert failed.failed == date(2026, 11, 23)
    mended = shown(world, entry(at=NOON + timedelta(days=2), grade="observed_absent"))
    assert (mended.outcome, mended.grade, mended.failures) == (Outcome.KEPT, Grade.OBSERVED_ABSENT, 1)


def test_what_this_version_does_not_do_is_never_shown_as_kept_whatever_the_ledger_says(world: World) -> None:
    for clause in ("K-14", "K-18", "K-20"):
        found = shown(world, entry(clauses=clause, grade="key_destroyed"), clause=clause)
        assert (found.standing, found.outcome) == (Standing.NOT_KEPT_YET, Outcome.NOT_KEPT_YET), clause
        assert found.later


@pytest.mark.parametrize("policy", ["ballance", "ken-jezelf", "kleur", "pluform", "refleact"])
def test_every_clause_of_every_policy_has_its_row_and_is_counted_once(world: World, policy: str) -> None:
    world.change("^policy: kleur", f"policy: {policy}")
    with world.opened() as practice:
        found = proofs(practice, NOON)
        assert [one.clause for one in found] == list(practice.policy.clauses)
    assert sum(totals(found).values()) == len(found)
    assert all(one.because or one.rules for one in found)
    assert Outcome.ATTESTED not in totals(found)  # nobody has stated anything
    assert all(one.grade in {None, Grade.DECLARED} and one.times == 0 for one in found)
