"""A practice with its own policy, its mail on real servers, its people, and a clock that the story moves.

Takes the name of a policy; leaves what its people did and what became of it. After each thing that somebody does the
program works until nothing moves, by the story's clock. The story begins in the past of the computer's own clock, so
that no server can say that a mail came earlier than the story does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from email.message import EmailMessage
from functools import cached_property
from pathlib import Path

import pytest

from pipeline import attention
from pipeline.outgoing.billing import payments
from pipeline.practice import Practice
from pipeline.retention import closing, planning
from pipeline.worker import Worker
from tests.mailstack.stack import MailStack
from tests.stories.letters import Received
from tests.stories.people import PROVIDER, Person
from tests.world import World

BEGINNING = datetime(2020, 1, 8, 8, 0, tzinfo=UTC)
MOMENT = timedelta(minutes=10)
AHEAD, AFTER = timedelta(days=15), timedelta(days=1)
A_YEAR = timedelta(days=366)
PRIVATE = "Zondag eten bij oma?"
"""What is in the coach's mailbox and none of the program's business."""
BILLS = "invoicing: {when: at_acceptance, payment_days: 30}"
MAKER = """\
profile:
  processor: Kleurenmaker
  statement: https://kleurenmaker.example/privacy
  information: Uw naam en uw e-mailadres."""


@dataclass
class Story:
    """One coaching, as its people live it."""

    policy: str
    world: World
    server: MailStack
    practice: Practice
    now: datetime = BEGINNING
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start the program, and bring the people on."""
        self.worker = Worker(self.practice, lambda: self.now, self.told.append)
        self.worker.start()
        self.coach = Coach(self)
        self.client, self.sponsor = self._person("client", "Anna"), self._person("sponsor", "Pieter")

    def _person(self, who: str, name: str) -> Person:
        own, coach = (address(self.policy, one) for one in (who, "coach"))
        return Person(who, name, own, coach, self.server, self.world, self.works)

    @cached_property
    def reference(self) -> str:
        """The reference of the only dossier, by which it is called when it is gone."""
        return self.world.reference

    def works(self) -> None:
        """Let a moment pass, and the program do what there is to do; what it sent has then arrived."""
        self.now += MOMENT
        self.worker.look_now()
        self.worker.until_quiet()
        for recipient, count in self._sent():
            self.server.wait_for(str(recipient), int(str(count)))

    def _sent(self) -> list[tuple[object, ...]]:
        return self.world.rows(
            "SELECT recipient, count(*) FROM messages WHERE state = 'accepted' AND party <> 'coach' AND recipient <> ''"
            " GROUP BY recipient"
        )

    def an_hour_passes(self) -> None:
        """Let an hour pass: by then what the policy deletes after sending must be gone."""
        for _ in range(6):
            self.works()

    def days_pass(self, days: int) -> None:
        """Let days pass; the program is on every one of them."""
        for _ in range(days):
            self.now += timedelta(days=1)
            self.worker.one_pass()
        self.works()

    def years_pass_to(self, until: date) -> None:
        """Let the years pass; the coach agrees to each plan, states what she must, and says that paper is destroyed.

        The program is on around each day on which something ends, and once a year in between.
        """
        last = datetime.combine(until, time(9), UTC)
        while self.now < last:
            self.now = max(self.now + MOMENT, min(last, self.now + A_YEAR, *self._days()))
            self.works()
            while self.coach.waits & Coach.ROUTINE:
                self.coach.agrees(*Coach.ROUTINE)

    def _days(self) -> Iterator[datetime]:
        """Give the moments still to come at which the program has something to announce, to do, or to be late with."""
        yield self.now + A_YEAR
        ends = planning.endings(self.practice, self.practice.today(self.now))
        for day in {day for one in ends for day in (one.term.due, one.term.gone_by) if day}:
            at = datetime.combine(day, time(9), UTC)
            yield from (moment for moment in (at - AHEAD, at, at + AFTER) if moment > self.now)


@dataclass
class Coach:
    """The coach of a story: what she drops, says and agrees to, each as her commands do it, at the story's moment."""

    ROUTINE = frozenset({"plan", "attest", "paper"})
    """What she agrees to whenever she is asked: that it goes, that it is so, that it was destroyed."""

    story: Story

    @property
    def address(self) -> str:
        """Her own address."""
        return address(self.story.policy, "coach")

    @property
    def waits(self) -> set[str]:
        """What kinds of things wait for her."""
        return {one.what for one in attention.waiting(self.story.practice)}

    @property
    def reasons(self) -> str:
        """What is told her of all that waits, in her own language."""
        return "\n".join(reason for one in attention.waiting(self.story.practice) for reason in one.reasons)

    def drops(self, content: str | bytes, name: str, within: str = "clients") -> str:
        """Drop a file; gives the note that is put beside it, or nothing when it was taken in."""
        self.story.world.drop(content, name, within)
        self.story.works()
        return self.story.world.note(name, within) or ""

    def takes_back(self, name: str, within: str) -> None:
        """Take a file that was refused out of its folder."""
        (self.story.world.folder / "drop" / within / name).unlink()
        self.story.works()

    def agrees(self, *to: str) -> None:
        """Agree to what waits for her of these kinds (`pipeline attention accept`); something must."""
        self._decides(attention.accept, to)

    def refuses(self, *to: str) -> None:
        """Refuse what waits for her of these kinds (`pipeline attention reject`); something must."""
        self._decides(attention.reject, to)

    def _decides(self, decide: Callable[[Practice, int, datetime], str], to: tuple[str, ...]) -> None:
        asked = [one for one in attention.waiting(self.story.practice) if one.what in to]
        assert asked, f"nothing of {to} waits, only {self.waits}"
        for one in asked:
            decide(self.story.practice, one.number, self.story.now)
        self.story.works()

    def is_paid(self) -> str:
        """Say that the invoice was paid (`pipeline paid`); gives its number."""
        number = payments.paid(self.story.practice, self.story.reference, self.story.now)
        self.story.works()
        return number

    def closes(self) -> date:
        """Say that the coaching is over (`pipeline close`)."""
        day = closing.close(self.story.practice, self.story.reference, self.story.now)
        self.story.works()
        return day

    def mailbox(self) -> dict[str, list[str]]:
        """Give what lies in each folder of her mailbox in which anything lies, by what it carries."""
        with self.story.server.imap(self.address) as client:
            names = [str(name) for flags, _, name in client.list_folders() if b"\\Noselect" not in flags]
        there = {name: self.story.server.messages(self.address, name) for name in names}
        return {name: [Received(raw).carries for raw in mails] for name, mails in there.items() if mails}


def address(policy: str, who: str) -> str:
    """Give the address of somebody in the story of a policy: no two stories share a mailbox."""
    domain = {"coach": "practice.example", "sponsor": "work.example"}.get(who, "home.example")
    return f"kanarie{who}.{policy}@{domain}"


@contextmanager
def told(
    policy: str, root: Path, server: MailStack, *, sent_copy: str = "append", small: bool = True
) -> Iterator[Story]:
    """Give a practice of that policy on the server, its program started and its clock at the beginning.

    `sent_copy` is as practice.yaml has it, with more lines about mail; `small` takes templates of a few lines for the
    quote and the consent declaration.
    """
    coach = address(policy, "coach")
    for who in ("coach", "client", "sponsor"):
        server.add_address(address(policy, who))
    private = EmailMessage()
    private["From"], private["To"], private["Subject"] = "oma@home.example", coach, PRIVATE
    private.set_content("Om zes uur.\n")
    server.deliver(coach, private.as_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", server.cafile)
        world = _practice(policy, root, server, sent_copy)
        if small:
            world.small_templates()
        with world.opened() as practice:
            yield Story(policy, world, server, practice)


def _practice(policy: str, root: Path, server: MailStack, sent_copy: str) -> World:
    """Make the practice's folder: its policy, its account, who makes its profiles, and how it bills."""
    coach = address(policy, "coach")
    account = f"{{host: localhost, port: %d, security: tls, user: {coach}}}"
    smtp, imap = (account % port for port in (server.submissions_port, server.imaps_port))
    world = World(root, smtp=smtp, imap=imap, sent_copy=sent_copy)
    world.change("^policy: kleur", f"policy: {policy}")
    world.change("^  sender: .*", f"  sender: {coach}\n  provider: {PROVIDER}")
    world.change("^  email: .*", f"  email: {coach}")
    world.change("^daily_note: no", "\n".join(["daily_note: no", BILLS, *([] if policy == "kleur" else [MAKER])]))
    world.keep_password(f"{coach}@localhost", server.password(coach))
    return world
