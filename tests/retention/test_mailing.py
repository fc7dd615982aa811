"""Each mail is put down to be deleted when the policy's rule for its kind says so, once, and never before."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.model import CopyState
from pipeline.policy.policy import Policy
from pipeline.retention.mail import mailing
from tests.policy.written import broken, read
from tests.retention.purging import ACCEPTED, RULE, RULES
from tests.retention.scene import START, Scene, on
from tests.world import COACH, NOWHERE, World, client_file

DAY = timedelta(days=1)


def policy(folder: Path, rules: str = RULES) -> Policy:
    """Give a policy with these mail rules."""
    return read(broken((RULE, rules)), folder)


@pytest.fixture
def sent(dossier: Scene, tmp_path: Path) -> Scene:
    """Give a practice whose mails were queued at START and accepted a day later."""
    dossier.practice.policy = policy(tmp_path)
    dossier.sent(START + DAY)
    return dossier


def due(scene: Scene, now: datetime) -> dict[str, str]:
    """Put down what is due; gives all that is put down, by its rule, with its day."""
    mailing.schedule(scene.practice, now)
    rows = scene.practice.database.rows("SELECT rule, due_at FROM purges")
    return {row["rule"].removeprefix("mine."): row["due_at"][:10] for row in rows}


def test_a_mail_that_goes_at_acceptance_goes_from_then_and_not_from_its_queue(sent: Scene) -> None:
    assert due(sent, START + DAY) == {"consent": "2026-11-03"}


def test_the_wait_of_a_note_is_counted_from_its_acceptance(sent: Scene) -> None:
    sent.run("UPDATE messages SET purpose = 'note', party = 'coach' WHERE kinds = 'consent'")
    assert due(sent, START + 2 * DAY - timedelta(seconds=1)) == {}
    assert due(sent, START + 2 * DAY) == {"note": "2026-11-04"}


@pytest.mark.parametrize("state", ["fulfilled", "declined", "expired", "superseded"])
def test_a_mail_is_answered_when_nothing_that_it_asked_is_awaited(sent: Scene, state: str) -> None:
    assert "quote" not in due(sent, on(12, 1))
    sent.settled(state, on(12, 1))
    assert due(sent, on(12, 1))["quote"] == "2026-12-01"


def test_a_mail_to_both_waits_for_all_that_it_asked_of_each(sent: Scene) -> None:
    sent.run("DELETE FROM messages WHERE kinds = 'consent'")
    sent.run("UPDATE messages SET party = 'client', kinds = 'quote,consent'")
    sent.run("UPDATE obligations SET party = 'client'")
    sent.practice.policy = policy(sent.practice.folder, RULES.replace("[consent]", "[report]"))
    sent.settled("fulfilled", on(11, 10))
    assert due(sent, on(11, 11)) == {}
    sent.run(
        "UPDATE obligations SET state = 'fulfilled', settled_at = ? WHERE kind = 'consent'", on(11, 12).isoformat()
    )
    assert due(sent, on(11, 12)) == {"quote": "2026-11-12"}


@pytest.mark.parametrize("state", ["held", "queued", "claimed", "data_sent", "in_doubt", "refused", "superseded"])
def test_a_mail_that_was_not_accepted_is_not_put_down(sent: Scene, state: str) -> None:
    sent.run("UPDATE messages SET state = ?", state)
    assert due(sent, on(12, 31)) == {}


def test_the_daily_note_which_is_about_no_dossier_goes_too(sent: Scene) -> None:
    sent.run(
        "INSERT INTO messages (token, party, kinds, recipient, message_id, sha256, state, next_at, queued_at,"
        " accepted_at, copy_state, purpose) VALUES ('d', 'coach', '', 'c', 'd', '', 'accepted', '', '', ?, 'none',"
        " 'daily')", START.isoformat(),
    )  # fmt: skip
    assert due(sent, START + DAY)["note"] == "2026-11-03"


def test_mail_that_came_in_counts_from_when_the_coach_had_filed_it(sent: Scene) -> None:
    number = sent.mail(on(11, 5))
    sent.asked("return", "settled", mail=number)
    sent.run("UPDATE attention SET settled_at = ?", on(11, 20).isoformat())
    assert "incoming" not in due(sent, on(11, 21))
    assert due(sent, on(11, 22))["incoming"] == "2026-11-22"


@pytest.mark.parametrize(
    ("filed", "state", "rule"),
    [(True, "filed", "incoming"), (True, "left", None), (False, "left", "unlinked"), (False, "set_aside", "unlinked"),
     (False, "waiting", None), (True, "stored", None)],
)  # fmt: skip
def test_which_rule_is_about_a_mail_that_came_in(sent: Scene, filed: bool, state: str, rule: str | None) -> None:
    sent.mail(on(11, 5), filed=filed, state=state)
    assert due(sent, on(12, 31)).keys() - {"consent"} == ({rule} if rule else set())


def test_what_is_put_down_is_put_down_once_and_told_once(sent: Scene) -> None:
    assert (mailing.schedule(sent.practice, START + DAY), mailing.schedule(sent.practice, START + 2 * DAY)) == (1, 0)
    events = sent.practice.database.rows("SELECT entry FROM ledger WHERE entry LIKE '%\"mail.due\"%'")
    assert len(events) == 1


def test_a_mail_that_goes_with_its_contents_stays_until_retention_says_so(sent: Scene, tmp_path: Path) -> None:
    rule = (
        "  - {id: mine.mail, clauses: [X-6], covers: [quote, consent, incoming], after: with_contents, within: P1D}\n"
    )
    sent.practice.policy = policy(tmp_path, rule)
    sent.settled("fulfilled", on(11, 10))
    assert due(sent, on(12, 31, 2030)) == {}


def test_no_copy_is_wanted_in_sent_of_what_goes_at_its_acceptance(tmp_path: Path) -> None:
    world = World(tmp_path, imap=f"{NOWHERE[:-1]}, user: {COACH}}}", sent_copy="append")
    world.small_templates()
    (world.folder / "mine.yaml").write_text(broken((RULE, RULES)), "utf-8")
    world.change(r"^policy: .*$", "policy: mine.yaml")
    world.drop(client_file(sponsor="peter@work.example"))
    world.work(lambda: ACCEPTED)
    assert world.rows("SELECT kinds, copy_state FROM messages ORDER BY kinds") == [
        ("consent", CopyState.NONE), ("quote", CopyState.WANTED),
    ]  # fmt: skip
