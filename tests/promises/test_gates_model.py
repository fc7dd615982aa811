"""P4 over all orders: consent, refusal, withdrawal, approval, restriction, bounce, absence, crash and retry.

One practice, its real database and a real conversation with a server; what a person or the road in would write comes
between any two moments of a send. Whenever a mark was written, the gates were open at that moment by what stood then,
which is worked out here a second time; and what may leave does leave.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes
from functools import partial
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from pipeline import tokens
from pipeline.edges.ledger import verify
from pipeline.errors import NotReachable
from pipeline.outgoing.opening import intake, reminders
from pipeline.outgoing.sending import outbox
from pipeline.policy.policy import policy_file
from pipeline.practice import Practice
from pipeline.worker import Worker
from tests.faults.scripted import ScriptedSmtp
from tests.faults.session import Accepted
from tests.outgoing.prepared import START, at, plain
from tests.world import SPONSOR, World, client_file

GATES = """gates:
  - {id: mine.quote, clauses: [K-09], before: disclose, covers: [quote], to: [sponsor],
     require: ["consent:profile_share"], bound_to: [recipient]}
  - {id: mine.form, clauses: [K-10], before: send, covers: [consent], to: [client], require: [approval]}
"""
HERS, OTHERS = "sanne@home.example", "somebody@elsewhere.example"
CALLS_OF_A_SEND = 9
SAMPLE = 3  # of the thirteen that can come second, beside her consent; the long run has all


class Killed(BaseException):
    """The program was killed here."""


@dataclass(frozen=True)
class Stands:
    """What stands at one moment, as the people see it: it is not read from the database."""

    consent: bool | None = None
    approved: bool | None = None
    restricted: bool = False
    newer: bool = False
    quiet: frozenset[str] = frozenset()

    def open_for(self, party: str, purpose: str) -> bool:
        """Tell whether a mail of the first version may leave to this party."""
        said = self.consent if party == "sponsor" else self.approved
        heard = purpose == "reminder" and party in self.quiet
        return bool(said) and not (self.restricted or self.newer or heard)


@dataclass
class Shelf:
    """The practice of all examples, as it is before anything has happened, and a way to bring that back."""

    world: World
    practice: Practice
    server: ScriptedSmtp
    reference: str
    seals: dict[str, str]
    fresh: sqlite3.Connection
    already: int = 0

    @property
    def went(self) -> list[Accepted]:
        """What the server has taken since the beginning of this example."""
        return self.server.accepted[self.already :]

    @property
    def file(self) -> Path:
        """The database."""
        return self.world.folder / "storage" / "state.db"

    def bring_back(self) -> None:
        """Let nothing have happened."""
        for path in self.world.drop_folder.iterdir():
            path.unlink()
        self.server.behave()
        self.already = len(self.server.accepted)
        with closing(sqlite3.connect(self.file)) as database:
            self.fresh.backup(database)


@dataclass
class Acts:
    """What people and the road in do, written as rows by another connection, each with its place in the ledger."""

    shelf: Shelf
    now: datetime = START
    stood: list[tuple[int, Stands]] = field(default_factory=lambda: [(0, Stands())])

    @property
    def stands(self) -> Stands:
        """What stands now."""
        return self.stood[-1][1]

    def _write(self, stands: Stands, sql: str, *values: object) -> None:
        self.now += timedelta(seconds=1)
        with closing(sqlite3.connect(self.shelf.file)) as database, database:
            database.execute(sql, values)
            ((number,),) = database.execute("SELECT coalesce(max(number), 0) FROM ledger").fetchall()
        self.stood.append((number, stands))

    def consent(self, *, given: bool, way: str = "fields") -> None:
        """Let the client answer, or take back, the consent to share with the sponsor."""
        stamp, reference = self.now.isoformat(), self.shelf.reference
        with closing(sqlite3.connect(self.shelf.file)) as database, database:
            mail = database.execute(
                "INSERT INTO mails (seal, file, state, next_at, stored_at)"
                " VALUES (hex(randomblob(9)), 'x', 'filed', ?, ?)",
                (stamp, stamp),
            ).lastrowid
        self._write(
            replace(self.stands, consent=given),
            "INSERT INTO consents (dossier, purpose, given, document, text_seal, way, mail, came_at, at)"
            " VALUES (?, 'profile_share', ?, ?, 'S', ?, ?, ?, ?)",
            reference, int(given), f"{reference}-2 v1", way, mail, stamp, stamp,
        )  # fmt: skip

    def approve(self, *, given: bool, document: str, recipient: str) -> None:
        """Let the client say yes or no to a document for a recipient: these very ones, or others."""
        hers = document == self.shelf.seals["consent"] and recipient == HERS
        stands = replace(self.stands, approved=given) if hers else self.stands
        self._write(
            stands,
            "INSERT INTO approvals (dossier, document, recipient, purpose, given, at, way)"
            " VALUES (?, ?, ?, 'send', ?, ?, 'x')",
            self.shelf.reference, document, recipient, int(given), self.now.isoformat(),
        )  # fmt: skip

    def restrict(self) -> None:
        """Let the dossier be restricted."""
        self._write(
            replace(self.stands, restricted=True),
            "INSERT INTO holds (dossier, kind, reason, placed_at) VALUES (?, 'restricted', 'asked', ?)",
            self.shelf.reference, self.now.isoformat(),
        )  # fmt: skip

    def lift(self) -> None:
        """Let the restriction end."""
        self._write(
            replace(self.stands, restricted=False), "UPDATE holds SET lifted_at = ? WHERE lifted_at IS NULL",
            self.now.isoformat(),
        )  # fmt: skip

    def hear(self, party: str, how: str) -> None:
        """Let an absence message or a bounce come from this party, which is known only of mail that went."""
        known = {row[0] for row in self.shelf.world.rows("SELECT party FROM obligations")}
        quiet = self.stands.quiet | ({party} & known)
        self._write(replace(self.stands, quiet=quiet), "UPDATE obligations SET quiet = ? WHERE party = ?", how, party)


INTERRUPTIONS: dict[str, Callable[[Acts], None]] = {
    "withdrawal": lambda acts: acts.consent(given=False, way="withdrawal"),
    "refusal": lambda acts: acts.approve(given=False, document=acts.shelf.seals["consent"], recipient=HERS),
    "restriction": Acts.restrict,
    "absence": lambda acts: acts.hear("sponsor", "absence"),
}


APPROVALS = {
    "yes": (True, "consent", HERS),
    "no": (False, "consent", HERS),
    "yes to other bytes": (True, "changed", HERS),
    "yes to another document": (True, "quote", HERS),
    "yes for somebody else": (True, "consent", OTHERS),
}
"""What she can say to a document: her word, about which, for whom."""


class Order(RuleBasedStateMachine):
    """Any order of what can happen to two mails, one to a sponsor and one to a client, and to their reminders."""

    shelf: ClassVar[Shelf]

    def __init__(self) -> None:
        """Begin with two mails that wait."""
        super().__init__()
        self.shelf.bring_back()
        self.acts = Acts(self.shelf)
        self.practice = self.shelf.practice

    @rule(given=st.booleans())
    def answer(self, *, given: bool) -> None:
        """The client gives or refuses her consent."""
        self.acts.consent(given=given)

    @rule(what=st.sampled_from(sorted(APPROVALS)))
    def approve(self, what: str) -> None:
        """She says yes or no to some bytes for somebody."""
        given, document, recipient = APPROVALS[what]
        self.acts.approve(given=given, document=self.shelf.seals[document], recipient=recipient)

    @rule()
    def restrict_or_lift(self) -> None:
        """Her dossier is restricted, or is no longer."""
        (self.acts.lift if self.acts.stands.restricted else self.acts.restrict)()

    @rule(party=st.sampled_from(["client", "sponsor"]), how=st.sampled_from(["absence", "bounce"]))
    def hear(self, party: str, how: str) -> None:
        """An absence message or a bounce comes."""
        self.acts.hear(party, how)

    @rule()
    def newer(self) -> None:
        """A newer version of the client file is taken in."""
        self.shelf.world.drop(client_file(sponsor=SPONSOR, more="goal: Rust\n"))
        intake.take_in(self.practice, self.acts.now, lambda _: None)
        ((number,),) = self.shelf.world.rows("SELECT max(number) FROM ledger")
        self.acts.stood.append((int(str(number)), replace(self.acts.stands, newer=True)))

    @rule()
    def release(self) -> None:
        """The coach lets what was kept in try again."""
        outbox.release(self.practice, self.shelf.reference, self.acts.now)

    @rule(days=st.sampled_from([0, 1, 8]))
    def send(self, days: int) -> None:
        """Time passes, and the program does its work undisturbed: what may leave leaves."""
        self.acts.now += timedelta(days=days, hours=5)
        reminders.remind(self.practice, self.acts.now, lambda _: None)
        due = self.shelf.world.rows("SELECT token, party, purpose FROM messages WHERE state = 'queued'")
        self._work(lambda: self.acts.now)
        accepted = {row[0] for row in self.shelf.world.rows("SELECT token FROM messages WHERE state = 'accepted'")}
        for token, party, purpose in due:
            may = self.acts.stands.open_for(str(party), str(purpose))
            assert purpose == "reminder" or (token in accepted) == may, (party, self.acts.stands)

    @rule(
        at_call=st.integers(1, CALLS_OF_A_SEND), what=st.sampled_from(sorted(INTERRUPTIONS)),
        killed=st.sampled_from([0, *range(2, CALLS_OF_A_SEND + 1)]),
        trouble=st.sampled_from(["", "", "rcpt", "dot", "lost"]),
    )  # fmt: skip
    def disturbed(self, at_call: int, what: str, killed: int, trouble: str) -> None:
        """Something comes between two moments of a send, which may be killed, or meet a server in trouble."""
        self.acts.now += timedelta(hours=5)
        if trouble == "lost":
            self.shelf.server.at("dot", drop="reset", accept=True, times=1)
        elif trouble:
            self.shelf.server.at(trouble, "451 4.3.0 later", times=1)  # type: ignore[arg-type]  # one of the stages
        calls = iter(range(1, 1000))

        def clock() -> datetime:
            call = next(calls)
            if call == at_call:
                INTERRUPTIONS[what](self.acts)
            if call == killed:
                raise Killed
            return self.acts.now

        try:
            self._work(clock)
        except Killed:
            outbox.recover(self.practice, self.acts.now, lambda _: None)
        self.shelf.server.behave()

    def _work(self, clock: Callable[[], datetime]) -> None:
        with suppress(NotReachable):
            outbox.send(self.practice, clock, lambda _: None)

    def teardown(self) -> None:
        """Let all that may leave do so, and look at every mark that was written and every mail that the server has."""
        self.release()
        self.send(0)
        rows = self.shelf.world.rows("SELECT number, entry, hash FROM ledger ORDER BY number")
        mails = {row[0]: row[1:] for row in self.shelf.world.rows("SELECT token, party, purpose FROM messages")}
        marks = [(int(str(number)), json.loads(str(entry))) for number, entry, _ in rows]
        marked = [(number, entry) for number, entry in marks if entry["event"] == "message.data_sent"]
        for number, entry in marked:
            stood = [stands for place, stands in self.acts.stood if place < number][-1]
            party, purpose = mails[entry["token"]]
            assert stood.open_for(str(party), str(purpose)), (party, purpose, stood)
            assert entry["rules"] == ("mine.quote" if party == "sponsor" else "mine.form")
        went = [str(message_from_bytes(mail.raw)["X-Pipeline-Token"]) for mail in self.shelf.went]
        assert len(set(went)) == len(went), "a mail went twice"
        assert set(went) <= {entry["token"] for _, entry in marked}
        assert not verify([(int(str(number)), str(entry), str(link)) for number, entry, link in rows])


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    """Give one practice with a policy of its own, whose two mails are composed and have not been tried."""
    os.environ["SSL_CERT_FILE"] = os.devnull
    with ScriptedSmtp(tls="none") as server:
        world = World(tmp_path_factory.mktemp("gates"), smtp=plain(server))
        world.small_templates()
        own = policy_file("kleur", world.folder, "nl")[0].decode()
        (world.folder / "mine.yaml").write_text(own.replace("gates:\n", GATES, 1), "utf-8")
        world.change("^policy: kleur", "policy: mine.yaml")
        world.drop(client_file(sponsor=SPONSOR))
        server.at("connect", "421 4.3.2 closed")
        world.work(at(START))
        with world.opened() as practice:
            Worker(practice, at(START), lambda _: None).start()
            rows = world.rows("SELECT kind, sha256 FROM documents")
            seals = {str(kind): tokens.seal(practice.key, str(sha256)) for kind, sha256 in rows}
            ((reference,),) = world.rows("SELECT reference FROM dossiers")
            fresh = sqlite3.connect(":memory:")
            with closing(sqlite3.connect(world.folder / "storage" / "state.db")) as database:
                database.execute("UPDATE messages SET next_at = ?, attempts = 0", (START.isoformat(),))
                database.commit()
                database.backup(fresh)
            yield Shelf(world, practice, server, str(reference), {**seals, "changed": "CHANGED"}, fresh)


def run(shelf: Shelf, examples: int, steps: int) -> None:
    """Try so many orders."""
    Order.shelf = shelf
    run_state_machine_as_test(
        Order,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate, Phase.shrink],
        ),
    )  # fmt: skip


EVENTS: dict[str, Callable[[Order], None]] = {
    "consent": lambda order: order.answer(given=True),
    "refusal": lambda order: order.answer(given=False),
    **{f"says {what}": partial(Order.approve, what=what) for what in APPROVALS if what != "yes to another document"},
    "restriction": lambda order: order.restrict_or_lift(),
    "newer version": lambda order: order.newer(),
    "killed before the mark": lambda order: order.disturbed(1, "absence", 4, ""),
    "killed after it": lambda order: order.disturbed(1, "absence", 5, ""),
    "withdrawal before the mark": lambda order: order.disturbed(4, "withdrawal", 0, ""),
    "refusal before the mark": lambda order: order.disturbed(4, "refusal", 0, "rcpt"),
    "no answer": lambda order: order.disturbed(9, "restriction", 0, "lost"),
}  # fmt: skip


def happen(shelf: Shelf, *names: str) -> None:
    """Let these things happen, and look at what left."""
    order = begin(shelf)
    for name in names:
        EVENTS[name](order)
    order.teardown()


@pytest.mark.parametrize("first", EVENTS)
def test_after_one_thing_and_another_only_what_may_leave_has_left(shelf: Shelf, first: str) -> None:
    for second in ("consent", *random.Random(first).sample([*EVENTS][1:], SAMPLE)):
        happen(shelf, first, second)


@pytest.mark.long
@pytest.mark.parametrize("first", EVENTS)
def test_after_any_two_things_in_any_order_only_what_may_leave_has_left(shelf: Shelf, first: str) -> None:
    for second in EVENTS:
        happen(shelf, first, second)


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", EVENTS)
def test_after_any_three_things_in_any_order_only_what_may_leave_has_left(shelf: Shelf, first: str) -> None:
    for second, third in itertools.product(EVENTS, repeat=2):
        happen(shelf, first, second, third)


def test_in_no_order_does_a_mail_leave_while_a_gate_is_closed_and_what_may_leave_does(shelf: Shelf) -> None:
    run(shelf, 30, 7)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_in_none_of_thousands_of_orders_does_a_mail_leave_while_a_gate_is_closed(shelf: Shelf) -> None:
    run(shelf, 4000, 7)


def test_a_withdrawal_between_the_claim_and_the_mark_stops_the_mail(shelf: Shelf) -> None:
    for call in range(1, 5):
        order = begin(shelf)
        order.acts.consent(given=True)
        order.disturbed(at_call=call, what="withdrawal", killed=0, trouble="")
        assert sent(order) == [] and state(order, "sponsor") == "refused"
        order.teardown()
    order = begin(shelf)
    order.acts.consent(given=True)
    order.disturbed(at_call=5, what="withdrawal", killed=0, trouble="")
    assert sent(order) == [SPONSOR]  # the final dot was gone: nothing takes a mail back


def test_a_restricted_mail_waits_and_goes_by_itself_when_that_is_over(shelf: Shelf) -> None:
    order = begin(shelf)
    order.acts.consent(given=True)
    order.acts.restrict()
    for _ in range(3):
        order.send(1)
        assert (sent(order), state(order, "sponsor")) == ([], "queued")
    said = [entry for entry in events(order) if entry["event"] == "gate.denied" and entry.get("why") == "restricted"]
    assert len(said) == len({entry["token"] for entry in said}) == 2  # said once of each, however long it lasts
    order.acts.lift()
    order.send(1)
    assert sent(order) == [SPONSOR]
    order.teardown()


def test_a_mail_that_was_kept_in_goes_when_the_yes_has_come_and_the_coach_lets_it(shelf: Shelf) -> None:
    order = begin(shelf)
    order.send(0)
    assert (sent(order), state(order, "sponsor")) == ([], "refused")
    denied = [entry for entry in events(order) if entry["event"] == "gate.denied"]
    assert {entry["rules"]: entry["clauses"] for entry in denied} == {"mine.quote": "K-09", "mine.form": "K-10"}
    order.acts.consent(given=True)
    order.send(1)
    assert sent(order) == []
    order.release()
    order.send(0)
    assert sent(order) == [SPONSOR]
    order.teardown()


def begin(shelf: Shelf) -> Order:
    """Begin one order by hand."""
    Order.shelf = shelf
    return Order()


def sent(order: Order) -> list[str]:
    """Give to whom mail went."""
    return [mail.recipients[0] for mail in order.shelf.went]


def state(order: Order, party: str) -> object:
    """Give the state of the first mail to a party."""
    ((found,),) = order.shelf.world.rows(
        "SELECT state FROM messages WHERE party = ? AND purpose = 'documents' AND revision = 1", party
    )
    return found


def events(order: Order) -> list[dict[str, str]]:
    """Give the entries of the ledger."""
    return [json.loads(str(row[0])) for row in order.shelf.world.rows("SELECT entry FROM ledger ORDER BY number")]
