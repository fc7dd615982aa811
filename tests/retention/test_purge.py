"""What the policy says must go goes in every place within reach, nothing that looks like it, and only what was seen."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from pipeline.edges.mailbox import Removal
from pipeline.errors import NotReachable
from pipeline.model import HoldKind
from pipeline.policy.schema.base import Category
from pipeline.retention import holds
from tests.edges.mailboxes import PROVIDERS, Account, Accounts
from tests.faults.rules import Rule, deny
from tests.mailstack.fixtures import needs_servers
from tests.retention.purging import ACCEPTED, Desk, desk
from tests.world import World

pytestmark = [needs_servers, pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")]

NOW = ACCEPTED + timedelta(minutes=5)
GONE = ("gone", "observed_absent", None)
SHOWN = {
    Removal.REMOVED: GONE,
    Removal.IN_TRASH: ("kept", None, "copy_in_trash"),
    Removal.CANNOT: ("kept", None, "copy_cannot_go"),
}
on_every_server = pytest.mark.parametrize("mail", PROVIDERS, indirect=True)
on = pytest.mark.parametrize


@pytest.fixture
def account(accounts: Accounts) -> Iterator[Account]:
    with accounts.on("full") as made:
        yield made


@pytest.fixture
def mail(composed: World, tmp_path: Path, accounts: Accounts, request: pytest.FixtureRequest) -> Iterator[Desk]:
    with accounts.on(getattr(request, "param", "full")) as account, desk(composed, tmp_path, account) as made:
        yield made
        assert made.whole()


@on_every_server
def test_every_copy_goes_or_is_shown_to_stay_and_no_decoy_is_touched(mail: Desk) -> None:
    provider = mail.account.provider
    before = mail.put_decoys("consent")
    uid = {folder: max(held) for folder, held in before.items()}
    data = mail.put("consent", provider.sent, "Drafts", "Old")
    mail.keep(NOW)
    assert mail.purges() == {"consent": SHOWN[provider.removal]}
    after = mail.account.listing()
    assert {folder: {at: one for at, one in after[folder].items() if at <= uid[folder]} for folder in before} == before
    where = {
        Removal.REMOVED: [],
        Removal.IN_TRASH: [provider.trash],
        Removal.CANNOT: sorted([provider.sent, "Drafts", "Old"]),
    }
    assert mail.account.holds(data) == where[provider.removal]
    assert (mail.frozen("consent"), mail.frozen("quote")) == (False, True)
    (told,) = mail.entries("mail.deleted" if provider.removal is Removal.REMOVED else "mail.not_deleted")
    assert told["rules"] == "mine.consent" and told["clauses"] == "X-6"


def test_a_copy_in_the_trash_goes_too(mail: Desk) -> None:
    data = mail.put("consent", "Trash", "Junk")
    mail.keep(NOW)
    assert (mail.account.holds(data), mail.purges()["consent"]) == ([], GONE)


def test_the_copy_of_what_waits_for_its_answer_stays_until_the_answer_is_in(mail: Desk) -> None:
    data = mail.put("quote")
    mail.keep(NOW)
    assert mail.account.holds(data) == ["Sent"] and "quote" not in mail.purges()
    mail.settled("fulfilled", NOW)
    mail.keep(NOW + timedelta(minutes=1))
    assert mail.account.holds(data) == [] and mail.purges()["quote"] == GONE and not mail.frozen("quote")


@on("state", ["queued", "claimed", "data_sent", "in_doubt", "refused"])
def test_nothing_goes_while_a_mail_was_not_accepted(mail: Desk, state: str) -> None:
    data = mail.put("consent")
    mail.run("UPDATE messages SET state = ?, accepted_at = NULL", state)
    mail.keep(NOW + timedelta(days=30))
    assert (mail.account.holds(data), mail.purges(), mail.frozen("consent")) == (["Sent"], {}, True)


@on("state", ["queued", "claimed", "data_sent", "in_doubt"])
def test_what_was_put_down_still_waits_while_the_mail_is_in_doubt(mail: Desk, state: str) -> None:
    data = mail.put("consent")
    mail.account.line.refuse()
    with pytest.raises(NotReachable):
        mail.keep(NOW)
    mail.account.line.take_again()
    mail.run("UPDATE messages SET state = ? WHERE kinds = 'consent'", state)
    mail.keep(NOW + timedelta(days=1))
    assert (mail.account.holds(data), mail.purges(), mail.frozen("consent")) == (
        ["Sent"],
        {"consent": ("due", None, None)},
        True,
    )
    mail.run("UPDATE messages SET state = 'accepted'")
    mail.keep(NOW + timedelta(days=2))
    assert mail.account.holds(data) == []


def test_the_row_of_a_deleted_mail_keeps_what_a_late_bounce_is_matched_by(mail: Desk) -> None:
    token, message_id, _ = mail.one("consent")
    mail.put("consent")
    mail.keep(NOW)
    row = mail.practice.database.row("SELECT * FROM messages WHERE token = ?", token)
    assert row is not None and (row["message_id"], row["state"]) == (message_id, "accepted")


def test_a_copy_that_the_provider_files_later_goes_too_and_the_ledger_says_so(mail: Desk) -> None:
    mail.keep(NOW)
    assert mail.purges()["consent"] == GONE
    data = mail.put("consent")
    mail.keep(NOW + timedelta(minutes=5))
    assert mail.account.holds(data) == ["Sent"], "it is looked for again after ten minutes"
    mail.keep(NOW + timedelta(minutes=10))
    assert (mail.account.holds(data), mail.purges()["consent"]) == ([], GONE)
    assert [entry["copies"] for entry in mail.entries("mail.deleted")] == [0, 1]


def test_a_copy_that_comes_weeks_later_goes_when_something_else_is_looked_for(mail: Desk) -> None:
    mail.keep(NOW)
    for days in range(1, 100):
        mail.keep(NOW + timedelta(days=days))
    connections = mail.account.line.connections()
    mail.keep(NOW + timedelta(days=101))
    assert mail.account.line.connections() == connections, "after a month it is not looked for by itself"
    data = mail.put("consent")
    mail.settled("fulfilled", NOW + timedelta(days=101))
    mail.keep(NOW + timedelta(days=102))
    assert mail.account.holds(data) == []


def test_a_copy_that_was_delivered_to_sent_is_the_providers_and_one_in_the_inbox_came_back(mail: Desk) -> None:
    delivered = (
        b"Return-Path: <coach@practice.example>\r\nDelivered-To: coach@practice.example\r\n" + mail.one("consent")[2]
    )
    mail.account.put(delivered, "Sent")
    mail.keep(NOW)
    assert (mail.account.holds(delivered), mail.purges()["consent"]) == ([], GONE)
    mail.account.put(delivered, "INBOX")
    mail.settled("fulfilled", NOW)
    mail.put("quote")
    returned = b"Resent-From: <client@home.example>\r\n" + mail.one("quote")[2]
    mail.account.put(returned, "INBOX")
    mail.keep(NOW + timedelta(hours=1))
    assert mail.account.holds(returned) == ["INBOX"], "a client sent it back: that is mail of the client"
    assert mail.purges()["quote"] == ("gone", "commanded", None), "and so it was not seen to be nowhere"


def test_a_note_to_the_coach_goes_from_her_own_inbox(mail: Desk) -> None:
    token, _, data = mail.one("consent")
    mail.run("UPDATE messages SET party = 'coach', purpose = 'note' WHERE token = ?", token)
    note = b"Return-Path: <coach@practice.example>\r\nDelivered-To: coach@practice.example\r\n" + data
    mail.account.put(note, "INBOX")
    mail.keep(ACCEPTED + timedelta(days=1, seconds=-1))
    assert mail.account.holds(note) == ["INBOX"]
    mail.keep(ACCEPTED + timedelta(days=1))
    assert (mail.account.holds(note), mail.purges()["note"]) == ([], GONE)


@on("mail", ["full", "gmail", "without UIDPLUS", "sandbox"], indirect=True)
def test_mail_that_came_in_goes_by_its_bytes_wherever_it_was_moved(mail: Desk) -> None:
    trash = mail.account.provider.trash
    filed = mail.received(filed=True, folders=("INBOX", "Work", trash))
    strange = mail.received(filed=False, folders=("Elsewhere",))
    alike = filed.replace(b"Dear coach", b"Dear Coach")
    mail.account.put(alike, "INBOX", (b"\\Flagged",))
    mail.keep(ACCEPTED + timedelta(days=2))
    if mail.account.provider.removal is Removal.REMOVED:
        assert (mail.account.holds(filed), mail.purges()["incoming"]) == ([], GONE)
    else:
        assert (mail.account.holds(filed), mail.purges()["incoming"][0]) == ([trash], "kept")
    assert "unlinked" not in mail.purges() and "Elsewhere" in mail.account.holds(strange)
    assert ("INBOX" in mail.account.holds(alike), mail.practice.storage.path("mail/1.eml").exists()) == (True, True)


def test_a_mail_about_no_dossier_goes_after_its_period_and_one_that_waits_for_the_coach_does_not(mail: Desk) -> None:
    strange, waiting = mail.received(filed=False), mail.received(filed=False)
    mail.asked("unclear", mail=2)
    mail.keep(ACCEPTED + timedelta(days=30), asked=True)
    assert (mail.account.holds(strange), mail.account.holds(waiting)) == ([], ["INBOX"])
    assert mail.purges()["unlinked"] == GONE


def test_a_mail_whose_bytes_are_not_kept_any_more_is_shown_and_never_called_gone(mail: Desk) -> None:
    data = mail.received(filed=True)
    mail.practice.storage.remove("mail/1.eml")
    mail.keep(ACCEPTED + timedelta(days=2))
    assert (mail.account.holds(data), mail.purges()["incoming"][0]) == (["INBOX"], "kept")


def test_without_a_mailbox_it_is_only_declared(mail: Desk) -> None:
    mail.practice.file = mail.practice.file.model_copy(
        update={"mail": mail.practice.file.mail.model_copy(update={"imap": None})}
    )
    mail.keep(NOW)
    assert (mail.purges()["consent"], mail.frozen("consent")) == (("gone", "declared", None), False)


def test_a_folder_that_cannot_be_opened_makes_it_only_commanded_until_it_can(mail: Desk) -> None:
    mail.put("consent")
    mail.account.put(mail.one("quote")[2], "Locked")
    rule = deny(b'(SELECT|EXAMINE) "?Locked')
    mail.account.line.add(rule)
    mail.keep(NOW)
    assert (mail.purges()["consent"], mail.account.holds(mail.one("consent")[2])) == (("gone", "commanded", None), [])
    mail.account.line.behave()
    mail.keep(NOW + timedelta(minutes=10))
    assert mail.purges()["consent"] == GONE
    assert [entry["grade"] for entry in mail.entries("mail.deleted")] == ["commanded", "observed_absent"]


def test_a_copy_in_a_folder_that_cannot_be_opened_any_more_is_shown(mail: Desk) -> None:
    mail.put("quote", "Locked")
    mail.keep(NOW)
    mail.settled("fulfilled", NOW)
    mail.account.line.add(deny(b'(SELECT|EXAMINE) "?Locked'))
    mail.keep(NOW + timedelta(minutes=1))
    assert (mail.purges()["quote"], mail.questions()) == (("kept", None, "folder_closed"), ["folder_closed"])
    mail.keep(NOW + timedelta(days=2))
    assert len(mail.entries("mail.not_deleted")) == 1, "it is said once"
    mail.account.line.behave()
    mail.keep(NOW + timedelta(days=4))
    assert mail.purges()["quote"] == GONE


@on("mail", ["without UIDPLUS"], indirect=True)
def test_what_lies_in_the_trash_is_gone_once_the_coach_has_emptied_it(mail: Desk) -> None:
    mail.put("consent")
    mail.keep(NOW)
    assert mail.questions() == ["copy_in_trash"]
    with mail.account.person("Trash") as client:
        client.delete_messages(client.search("ALL"))
        client.expunge()
    mail.keep(NOW + timedelta(days=1))
    assert mail.purges()["consent"] == GONE


def test_a_server_that_says_it_did_is_not_believed(mail: Desk) -> None:
    data = mail.put("consent")
    expunged = Rule("to server", "reply", line=rb"^(\S+) UID EXPUNGE", text=rb"\1 OK done\r\n")
    left = Rule("to server", "reply", line=rb"^(\S+) UID FETCH 1 \(UID\)", text=rb"\1 OK none\r\n")
    mail.account.line.add(expunged, left)
    mail.keep(NOW)
    assert (expunged.acted, left.acted) == (1, 1)
    assert mail.purges()["consent"] == ("removing", None, None) and mail.account.holds(data) == ["Sent"]
    mail.keep(NOW + timedelta(hours=1))
    assert mail.purges()["consent"] == GONE and mail.account.holds(data) == []


def test_a_hold_and_a_restriction_suspend_and_when_lifted_it_goes_on(mail: Desk) -> None:
    data = mail.put("consent")
    for kind, category in ((HoldKind.HOLD, None), (HoldKind.RESTRICTED, Category.MAIL_OUT)):
        holds.place(mail.practice, mail.reference, kind, "a dispute", NOW, category=category)
        mail.keep(NOW)
        assert (mail.account.holds(data), mail.frozen("consent")) == (["Sent"], True)
        holds.lift(mail.practice, mail.reference, NOW)
    mail.keep(NOW)
    assert mail.account.holds(data) == []


def test_a_copy_that_the_server_does_not_give_today_is_looked_at_again(mail: Desk) -> None:
    data = mail.put("consent")
    mail.put("quote")
    rule = deny(rb"UID FETCH (1:2|1) \(UID BODY.*RETURN-PATH")
    mail.account.line.add(rule)
    mail.keep(NOW)
    assert rule.acted
    assert mail.account.holds(data) == ["Sent"]
    mail.account.line.behave()
    for minutes in (10, 30, 90):
        mail.keep(NOW + timedelta(minutes=minutes))
    assert (mail.account.holds(data), mail.purges()["consent"]) == ([], GONE)
