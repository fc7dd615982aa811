"""The sponsor receives the very bytes that the client approved, at the address she was told of, and nothing else."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from pipeline import approvals
from pipeline.approvals import Answer
from pipeline.model import Kind
from pipeline.outgoing import recorded
from pipeline.outgoing.course import dispatch, reports, sharing
from pipeline.outgoing.opening import compose, documents, intake
from pipeline.outgoing.sending import outbox
from tests.faults.scripted import ScriptedSmtp
from tests.outgoing.coaching import consent, files_of, mails
from tests.outgoing.prepared import Shelf, after, by_hand, lines
from tests.outgoing.reporting import BETTER, answer, coaching, drop, offered, received, said, shared, told, waiting
from tests.world import SPONSOR, World, client_file

OTHER = "lotte@work.example"


@pytest.fixture
def world(shelf: Shelf, tmp_path: Path, server: ScriptedSmtp) -> World:
    """Give a coaching of which the client has the first version of the report."""
    return with_report(coaching(shelf, tmp_path, server))


def with_report(world: World) -> World:
    drop(world)
    world.work(after(hours=1))
    return world


def away(server: ScriptedSmtp) -> None:
    """Let the mail server put everything off."""
    server.at("rcpt", "450 4.2.0 later")


@pytest.mark.parametrize("answer", Answer)
def test_only_a_yes_sends_the_report_on_and_the_bytes_are_those_that_she_read(
    world: World, server: ScriptedSmtp, answer: Answer
) -> None:
    said(world, answer, after(hours=2)())
    world.work(after(hours=2))
    assert shared(server) == (offered(server) if answer is Answer.YES else [])


def test_an_approval_that_is_said_twice_sends_one_mail(world: World, server: ScriptedSmtp) -> None:
    for hours, way in ((2, "coach"), (3, "reply 1"), (3, "reply 1"), (4, "form 1")):
        said(world, Answer.YES, after(hours=hours)(), way)
        world.work(after(hours=hours))
    assert len(shared(server)) == 1


def test_what_was_approved_does_not_go_any_more_when_a_newer_version_came_before_it_left(
    world: World, server: ScriptedSmtp
) -> None:
    away(server)
    said(world, Answer.YES, after(hours=2)())
    world.work(after(hours=2))
    drop(world, BETTER)
    server.behave()
    world.work(after(hours=20))
    assert (shared(server), len(offered(server))) == ([], 2)
    said(world, Answer.YES, after(hours=21)())
    world.work(after(hours=21))
    assert shared(server) == offered(server)[1:]


def test_what_was_approved_and_refused_before_it_left_stays_until_she_says_yes_again(
    world: World, server: ScriptedSmtp
) -> None:
    away(server)
    said(world, Answer.YES, after(hours=2)())
    world.work(after(hours=2))
    said(world, Answer.NO, after(hours=3)())
    server.behave()
    world.work(after(hours=20))
    assert shared(server) == [] and not [line for line in lines(world, after(hours=20)) if "sponsor" in line.what
                                         and line.what.startswith("report")]  # fmt: skip
    said(world, Answer.YES, after(hours=21)())
    world.work(after(hours=21))
    assert shared(server) == offered(server)


def new_sponsor(world: World, hours: float, address: str = OTHER) -> None:
    world.drop(f"{client_file(sponsor=address)}kenmerk: {world.reference}\n")
    world.work(after(hours=hours))


def test_a_yes_for_one_address_sends_nothing_to_another_and_the_coach_is_told_to_ask_again(
    world: World, server: ScriptedSmtp
) -> None:
    away(server)
    said(world, Answer.YES, after(hours=2)())
    new_sponsor(world, 3)
    server.behave()
    world.work(after(hours=20))
    assert (shared(server), received(server, OTHER).count([f"{world.reference}-4-v1.pdf"])) == ([], 0)
    ((what, why),) = waiting(world)
    assert what == "sharing" and "Leg het opnieuw in drop/reports" in why
    drop(world)
    world.work(after(hours=21))
    assert waiting(world) == []
    said(world, Answer.YES, after(hours=22)())
    world.work(after(hours=22))
    assert [f"{world.reference}-4-v2.pdf"] in received(server, OTHER)
    assert received(server, SPONSOR) == []


def test_an_address_that_is_put_back_lets_go_what_was_approved_for_it(world: World, server: ScriptedSmtp) -> None:
    new_sponsor(world, 2)
    said(world, Answer.YES, after(hours=3)())
    world.work(after(hours=3))
    assert [what for what, _ in waiting(world)] == ["sharing"]
    new_sponsor(world, 4, SPONSOR)
    world.work(after(hours=4))
    assert (waiting(world), [f"{world.reference}-4-v1.pdf"] in received(server, SPONSOR)) == ([], True)


@pytest.mark.parametrize(
    ("policy", "consents", "may"),
    [
        ("kleur", ("coaching",), True),
        ("ballance", ("coaching",), True),
        ("pluform", (), True),
        ("refleact", ("coaching", "share"), True),
        ("ken-jezelf", ("coaching", "dossier"), False),
    ],
)
def test_with_her_approval_the_sponsor_gets_the_report_where_the_policy_lets_him(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp, policy: str, consents: tuple[str, ...], *, may: bool
) -> None:
    world = with_report(coaching(shelf, tmp_path, server, policy=policy, consents=consents))
    assert (len(offered(server)), received(server, SPONSOR)) == (1, []), "to her first, and only to her"
    said(world, Answer.YES, after(hours=2)())
    world.work(after(hours=2))
    assert len(received(server, SPONSOR)) == int(may)
    assert [what for what, _ in waiting(world)] == ([] if may else ["sharing"])


def test_what_the_policy_keeps_in_says_what_to_ask_and_goes_by_itself_once_that_is_there(
    shelf: Shelf, tmp_path: Path, server: ScriptedSmtp
) -> None:
    world = coaching(shelf, tmp_path, server, policy="refleact")
    consent(world, "share", given=False)
    with_report(world)
    said(world, Answer.YES, after(hours=2)())
    world.work(after(hours=2))
    ((_, why),) = waiting(world)
    assert "R-De.1" in why and "Vraag de cliënt daarom" in why
    world.work(after(hours=3))
    assert len(waiting(world)) == 1, "said once"
    consent(world, "share", at=after(hours=4)())
    world.work(after(hours=4))
    assert (len(received(server, SPONSOR)), waiting(world)) == (1, [])


def test_what_never_arrived_at_the_client_does_not_go_on_whatever_she_is_said_to_have_said(
    world: World, server: ScriptedSmtp
) -> None:
    by_hand(world, "UPDATE messages SET bounced = '550 no such mailbox' WHERE purpose = 'report'")
    said(world, Answer.YES, after(hours=2)())
    world.work(after(hours=2))
    assert shared(server) == []
    ((what, why),) = waiting(world)
    assert what == "sharing" and "bij de cliënt zelf niet aangekomen" in why
    drop(world)
    world.work(after(hours=3))
    answer(world, 3, accept=True)
    world.work(after(hours=3))
    assert (shared(server), waiting(world)) == ([], [])
    said(world, Answer.YES, after(hours=4)())
    world.work(after(hours=4))
    assert shared(server) == offered(server)[1:]


def test_a_stop_between_the_frozen_mail_and_its_row_loses_nothing_and_sends_one(
    world: World, server: ScriptedSmtp
) -> None:
    away(server)
    said(world, Answer.YES, after(hours=2)())
    world.work(after(hours=2))
    by_hand(world, "DELETE FROM messages WHERE purpose = 'report' AND party = 'sponsor'")  # as a stop leaves it
    server.behave()
    world.work(after(hours=20))
    assert shared(server) == offered(server)


def test_what_may_have_arrived_at_the_sponsor_is_not_sent_again_by_any_word(world: World, server: ScriptedSmtp) -> None:
    server.at("dot", drop="reset", accept=True, times=1)
    said(world, Answer.YES, after(hours=2)())
    world.work(after(hours=2))
    for hours, word in ((3, Answer.NO), (4, Answer.YES)):
        said(world, word, after(hours=hours)())
        world.work(after(hours=hours))
    assert shared(server) == offered(server)
    assert world.rows("SELECT state FROM messages WHERE purpose = 'report' AND party = 'sponsor'") == [("in_doubt",)]


class Deliberation(RuleBasedStateMachine):
    """A report and what is said of it, in any order; the sponsor holds what was approved, at that moment, for him."""

    shelf: Shelf

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.server = ScriptedSmtp(tls="none")
        self.server.__enter__()
        self.world = coaching(self.shelf, self.root, self.server)
        self.practice_context = self.world.opened()
        self.practice = self.practice_context.__enter__()
        self.dossier, self.hour, self.version = self.world.reference, 1, 0
        self.open: set[tuple[bytes, str]] = set()
        self.seen = self.went = self.withdrawals = 0
        self.log: list[str] = []
        self._drop(1)
        self._passes()

    def teardown(self) -> None:
        self.practice_context.__exit__(None, None, None)
        self.server.__exit__(None, None, None)
        shutil.rmtree(self.root)

    def _newest(self) -> tuple[bytes, str] | None:
        """Give the bytes that she can have a word on now, and whom she was told of."""
        document = approvals.about(self.practice, self.dossier, Kind.REPORT, self.version)
        if document is None:
            return None
        address = approvals.recipient_told(self.practice, self.dossier, Kind.REPORT, self.version)
        return self.practice.storage.read(f"dossiers/{self.dossier}/{document['file']}"), address

    def _passes(self, *steps: str) -> None:
        practice, now = self.practice, after(hours=self.hour)
        every = {
            "take": lambda: reports.take_in(practice, now(), self.log.append),
            "compose": lambda: dispatch.compose(practice, now(), self.log.append),
            "share": lambda: sharing.share(practice, now(), self.log.append),
            "send": lambda: outbox.send(practice, now, self.log.append),
        }
        for name in steps or every:
            every[name]()
        self.hour += 6

    @rule(change=st.integers(1, 3))
    def dropped(self, change: int) -> None:
        self._drop(change)

    def _drop(self, change: int) -> None:
        before = recorded.newest(self.practice, self.dossier, Kind.REPORT)
        drop(self.world, f"Verslag {change}.\n")
        self._passes("take")
        newest = recorded.newest(self.practice, self.dossier, Kind.REPORT)
        assert newest is not None
        if before is None or newest.version != before.version:
            self.version, self.open = newest.version, set()

    @rule(answer=st.sampled_from([*Answer, Answer.YES]), steps=st.sampled_from([(), (), ("share",)]))
    def answered_and_worked(self, answer: Answer, steps: tuple[str, ...]) -> None:
        self.answered(answer)
        self._passes(*steps)

    @rule(answer=st.sampled_from([*Answer, Answer.YES]))
    def answered(self, answer: Answer) -> None:
        newest = self._newest()
        counts = told(self.practice, self.dossier, answer, after(hours=self.hour)())
        assert counts == (newest is not None)
        if newest is not None:
            self.open = {newest} if answer is Answer.YES else set()

    @rule()
    def withdrawn(self) -> None:
        self.withdrawals += 1
        with self.practice.database.transaction():
            self.practice.database.run(
                "INSERT INTO mails (seal, file, state, dossier, next_at, stored_at) VALUES (?, '', 'filed', ?, ?, ?)",
                f"withdrawal {self.withdrawals}", self.dossier, *[after(hours=self.hour)().isoformat()] * 2,
            )  # fmt: skip
            mail = self.practice.database.value("SELECT max(number) FROM mails")
            approvals.withdraw(self.practice, self.dossier, mail, after(hours=self.hour)())
        self.open = set()

    @rule()
    def bounced(self) -> None:
        with self.practice.database.transaction():
            self.practice.database.run(
                "UPDATE messages SET bounced = '550' WHERE party = 'client' AND purpose = 'report' AND round = ?"
                " AND state = 'accepted'", self.version,
            )  # fmt: skip

    @rule(to=st.sampled_from([SPONSOR, OTHER]))
    def somebody_else_pays(self, to: str) -> None:
        self.world.drop(f"{client_file(sponsor=to)}kenmerk: {self.dossier}\n")
        for step in (intake.take_in, documents.write, compose.compose):
            step(self.practice, after(hours=self.hour)(), self.log.append)

    @rule(steps=st.sampled_from([(), ("compose",), ("share",), ("send",), ("compose", "send"), ("share", "send")]))
    def worked(self, steps: tuple[str, ...]) -> None:
        self._passes(*steps)

    @rule(put_off=st.booleans())
    def server_is(self, put_off: bool) -> None:
        self.server.behave()
        if put_off:
            away(self.server)

    @rule()
    def restarted(self) -> None:
        outbox.recover(self.practice, after(hours=self.hour)(), self.log.append)
        self._passes()

    @invariant()
    def the_sponsor_holds_what_was_approved_when_it_went(self) -> None:
        for to, mail in mails(self.server)[self.seen :]:
            self.seen += 1
            reports_in = [data for name, data in files_of(mail).items() if "-4-v" in name]
            if to in {SPONSOR, OTHER} and reports_in:
                assert {(data, to) for data in reports_in} <= self.open, "sent without a yes that stands"
                self.went += 1


def deliberate(shelf: Shelf, examples: int, steps: int) -> int:
    """Run so many of these stories; gives how often a report reached a sponsor in them."""
    went = 0

    class OnThisShelf(Deliberation):
        def __init__(self) -> None:
            self.shelf = shelf
            super().__init__()

        def teardown(self) -> None:
            nonlocal went
            went += self.went
            super().teardown()

    run_state_machine_as_test(
        OnThisShelf,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    return went


def test_whatever_is_dropped_said_taken_back_and_retried_the_sponsor_holds_only_what_she_let_go(shelf: Shelf) -> None:
    deliberate(shelf, examples=2, steps=6)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_in_many_stories_the_sponsor_holds_only_what_she_let_go_and_often_does(shelf: Shelf) -> None:
    assert deliberate(shelf, examples=40, steps=25) > 5
