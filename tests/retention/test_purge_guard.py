"""Nothing surprising is done: what is odd about clock, amount or mailbox waits, and goes on at the coach's yes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline import attention
from pipeline.errors import NotReachable
from pipeline.model import message_file
from tests.edges.mailboxes import Accounts, letter
from tests.faults.rules import Action, Direction, Rule
from tests.mailstack.fixtures import needs_servers
from tests.retention.purging import ACCEPTED, Desk, desk
from tests.world import CLIENT, World

pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]
NOW = ACCEPTED + timedelta(minutes=5)
DAY = timedelta(days=1)
GONE = ("gone", "observed_absent", None)
on = pytest.mark.parametrize


@pytest.fixture
def mail(composed: World, tmp_path: Path, accounts: Accounts, request: pytest.FixtureRequest) -> Iterator[Desk]:
    with accounts.on(getattr(request, "param", "full")) as account, desk(composed, tmp_path, account) as made:
        yield made
        assert made.whole()


def notes(mail: Desk, count: int, accepted: datetime = ACCEPTED, *, filed: str = "filed", first: int = 0
          ) -> list[bytes]:  # fmt: skip
    """Have so many notes of ours accepted and filed, by us or by the provider; gives their bytes."""
    made = []
    for number in range(first, first + count):
        token = f"note{number:016}"
        message_id = f"<{token}@practice.example>"
        mail.run(
            "INSERT INTO messages (token, dossier, revision, party, kinds, recipient, message_id, sha256, state,"
            " next_at, queued_at, accepted_at, copy_state, purpose, round) VALUES (?, ?, 1, 'client', 'consent', ?, ?,"
            " '', 'accepted', '', ?, ?, ?, 'note', ?)",
            token, mail.reference, CLIENT, message_id, accepted.isoformat(), accepted.isoformat(), filed, number,
        )  # fmt: skip
        made.append(letter(token, message_id))
        mail.account.put(made[-1])
        mail.practice.storage.write(message_file(token), made[-1])
    return made


def lying(mail: Desk) -> int:
    """Give how many mails lie in Sent."""
    return len(mail.account.listing().get("Sent", {}))


def yes(mail: Desk, now: datetime) -> None:
    """Let the coach agree with the plan that waits for her."""
    (one,) = [one for one in attention.waiting(mail.practice) if one.what == "plan"]
    attention.accept(mail.practice, one.number, now)


def test_a_plan_much_larger_than_usual_waits_and_goes_on_at_her_yes(mail: Desk) -> None:
    notes(mail, 25)
    mail.keep(NOW)
    assert mail.keep(NOW + DAY) == 0 and mail.questions() == ["plan_large", "plan_called"]
    assert lying(mail) == 25
    yes(mail, NOW + DAY)
    assert mail.keep(NOW + DAY + timedelta(minutes=1)) == 25 and lying(mail) == 0


def test_twenty_in_a_day_are_nothing_unusual(mail: Desk) -> None:
    notes(mail, 20)
    mail.keep(NOW)
    assert mail.keep(NOW + DAY) == 20 and mail.questions() == []


def emptied(mail: Desk, but: int = 0) -> None:
    """Let a person take the mails from Sent, all but so many."""
    with mail.account.person("Sent") as client:
        client.delete_messages(client.search("ALL")[but:])
        client.expunge()


@on("filed", ["filed", "none"], ids=["that we filed", "that the provider filed"])
def test_a_mailbox_that_is_suddenly_empty_waits_and_goes_on_at_her_yes(mail: Desk, filed: str) -> None:
    notes(mail, 6, filed=filed)
    mail.keep(NOW)
    emptied(mail)
    assert mail.keep(NOW + DAY) == 0
    assert "mailbox_empty" in mail.questions() and mail.purges()["note"] == ("due", None, None)
    assert mail.practice.storage.path(message_file(f"note{0:016}")).exists()
    yes(mail, NOW + DAY)
    assert mail.keep(NOW + DAY + timedelta(minutes=1)) == 6 and mail.purges()["note"] == GONE


def test_a_mailbox_that_she_tidied_and_one_that_we_emptied_are_nothing_unusual(mail: Desk) -> None:
    notes(mail, 6, filed="none")
    mail.keep(NOW)
    emptied(mail, but=1)
    assert mail.keep(NOW + DAY) == 6 and lying(mail) == 0
    notes(mail, 6, NOW + DAY, filed="none", first=6)
    emptied(mail)  # nobody ever saw these there
    assert mail.keep(NOW + 3 * DAY) == 6 and mail.questions() == []


def test_a_clock_that_is_behind_what_the_provider_wrote_waits_and_goes_on_at_her_yes(mail: Desk) -> None:
    notes(mail, 1, ACCEPTED - 10 * DAY)
    for _ in range(3):  # they are dated by the server, later than any day of these tests
        mail.account.put(b"Subject: hello\r\n\r\nA letter\r\n", "INBOX")
    assert mail.keep(NOW) == 0 and "clock_behind" in mail.questions() and lying(mail) == 1
    yes(mail, NOW)
    assert mail.keep(NOW + timedelta(minutes=5)) > 0 and lying(mail) == 0


def test_a_clock_that_jumped_ahead_waits_and_goes_on_at_her_yes(mail: Desk) -> None:
    notes(mail, 1)
    mail.keep(NOW)
    assert mail.keep(NOW + 400 * DAY) == 0 and "clock_ahead" in mail.questions() and lying(mail) == 1
    yes(mail, NOW + 400 * DAY)
    assert mail.keep(NOW + 400 * DAY + timedelta(minutes=5)) == 1 and lying(mail) == 0


def test_what_goes_at_its_acceptance_asks_no_clock(mail: Desk) -> None:
    data = mail.put("consent")
    mail.keep(ACCEPTED - 5 * DAY)
    mail.keep(ACCEPTED + 400 * DAY)
    assert mail.account.holds(data) == [] and mail.questions() == []


def test_after_the_computer_slept_for_weeks_all_that_came_due_goes_at_once(mail: Desk) -> None:
    notes(mail, 3)
    consent = mail.put("consent")
    mail.keep(NOW - timedelta(hours=1))
    assert mail.keep(NOW + 30 * DAY) == 4 and lying(mail) == 0
    assert mail.account.holds(consent) == [] and mail.questions() == []


def cut(mail: Desk, way: Direction, action: Action, place: int) -> bool:
    """Purge over a line that is cut before its line `place` in that direction; tells whether it was cut at all."""
    rule = Rule(way, action, line=rb"\n", skip=place)
    rules = list(mail.account.provider.rules)
    mail.account.line.behave()
    mail.account.line.add(rule, *rules)
    try:
        mail.keep(NOW)
    except NotReachable:
        assert rule.acted
    mail.account.line.behave()
    mail.account.line.add(*rules)
    return rule.acted > 0


def unsound(mail: Desk, way: Direction, action: Action, step: int) -> tuple[list[int], int]:
    """Give the places of a cut after which the purge does not finish or tells no truth, and how many were tried."""
    before = mail.put_decoys("consent")
    provider, wrong = mail.account.provider, []
    told = 0
    for place in range(0, 2000, step):
        data = mail.put("consent", provider.sent, provider.trash, "Drafts")
        mail.practice.storage.write(message_file(mail.one("consent")[0]), data)
        mail.run("DELETE FROM purges")
        was_cut = cut(mail, way, action, place)
        early = len(mail.entries("mail.deleted")) > told and mail.account.holds(data)
        for days in (1, 2):
            mail.keep(NOW + days * DAY)
        now_told, told = len(mail.entries("mail.deleted")) - told, len(mail.entries("mail.deleted"))
        right = (mail.purges()["consent"], mail.account.holds(data), now_told, mail.frozen("consent"))
        if early or right != (GONE, [], 1, False) or mail.account.listing() != before:
            wrong.append(place)
        if not was_cut:
            return wrong, place // step
    raise AssertionError("it was cut for ever")


@on(("mail", "way", "step"), [("full", "to server", 29), ("gmail", "to client", 383)], indirect=["mail"])
def test_after_a_cut_at_any_line_the_purge_finishes_and_the_ledger_is_right(
    mail: Desk, way: Direction, step: int
) -> None:
    wrong, tried = unsound(mail, way, "close", step)
    assert (wrong, tried > 0) == ([], True)


@pytest.mark.long
@pytest.mark.timeout(1800)
@on(
    "mail",
    ["full", "without MOVE", "exchange", "gmail", "gmail to the trash", "gmail by itself", "sandbox"],
    indirect=True,
)
@on("way", ["to server", "to client"])
@on("action", ["close", "reset"])
def test_after_a_cut_at_every_line_the_purge_finishes_and_the_ledger_is_right(
    mail: Desk, way: Direction, action: Action
) -> None:
    wrong, tried = unsound(mail, way, action, 1)
    assert (wrong, tried >= 30) == ([], True)
